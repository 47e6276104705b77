"""A topology says how a layer joins its norms, its mixer and its MLP around the residual stream."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor, nn
from typing_extensions import override

from components.memory import Seen

Mix: TypeAlias = Callable[[Tensor], tuple[Tensor, Seen | None]]
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
    def forward(
        self, x: Tensor, mix: Mix, mlp: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Seen | None]:
        """Return the stream [batch, length, width] after the layer, and the layer's own keys.

        Args:
            x: the residual stream [batch, length, width].
            mix: the mixer, already given the window, its positions and its memory.
            mlp: the MLP.
        """
        raise NotImplementedError
