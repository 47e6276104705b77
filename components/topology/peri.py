"""Norms before and behind both, mixer and MLP."""

from torch import Tensor
from typing_extensions import override

from components.registry import component
from components.topology import Branch, Norm, Topology


@component("topology", "peri")
class Peri(Topology):
    """Norm what mixer and MLP read and what they add to the stream, which itself stays as it is.

    Formula:  h = x + norm2(mixer(norm1(x)));  out = h + norm4(mlp(norm3(h))).
    Shapes:   x, h and out [batch, length, width].
    Options:
    Errors:   none.
    Source:   Kim et al. 2025 (arXiv 2502.02737); Gemma 2, transformers `Gemma2DecoderLayer`.
    """

    def __init__(self, norm: Norm) -> None:
        super().__init__(norm)
        self.before_mixer = norm()
        self.behind_mixer = norm()
        self.before_mlp = norm()
        self.behind_mlp = norm()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        x = x + self.behind_mixer(mixer(self.before_mixer(x)))
        return x + self.behind_mlp(mlp(self.before_mlp(x)))  # type: ignore[no-any-return]  # nn.Module.__call__
