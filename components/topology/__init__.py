"""A topology says how a layer joins its norms, its mixer and its MLP around the residual stream."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor, nn
from typing_extensions import override

Branch: TypeAlias = Callable[[Tensor], Tensor]
Norm: TypeAlias = Callable[[], nn.Module]


class Topology(nn.Module):
    """How one layer is wired. It owns the layer's norms.

    Args:
        norm: makes a fresh norm over the width.
    """

    final_norm = True
    """Whether the decoder norms the stream once more before the head."""

    def __init__(self, norm: Norm) -> None:
        super().__init__()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        """Return the stream [batch, length, width] after the layer.

        Args:
            x: the residual stream [batch, length, width].
            mixer: [batch, length, width] -> the same; call it once.
            mlp: the same shapes; call it once.
        """
        raise NotImplementedError

    def leave_out_mlp(self) -> None:
        """Drop the norms and gates of an MLP that adds nothing, which would never learn.

        They are the modules whose names end with `_mlp`.
        """
        for name in [name for name, _ in self.named_children() if name.endswith("_mlp")]:
            setattr(self, name, nn.Identity())
