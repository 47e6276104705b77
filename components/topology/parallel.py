"""Mixer and MLP side by side, each behind a norm of its own."""

from torch import Tensor
from typing_extensions import override

from components.registry import component
from components.topology import Branch, Norm, Topology


@component("topology", "parallel")
class Parallel(Topology):
    """Add mixer and MLP to the stream at once; each reads the stream through its own norm.

    Formula:  out = x + mixer(norm1(x)) + mlp(norm2(x)).
    Shapes:   x and out [batch, length, width].
    Options:
    Errors:   none.
    Source:   Black et al. 2022 (GPT-NeoX-20B), section 2.1; transformers `GPTNeoXLayer` with
              `use_parallel_residual`.
    """

    def __init__(self, norm: Norm) -> None:
        super().__init__(norm)
        self.before_mixer = norm()
        self.before_mlp = norm()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        return x + mixer(self.before_mixer(x)) + mlp(self.before_mlp(x))
