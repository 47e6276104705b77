"""Mixer and MLP side by side behind one norm."""

from torch import Tensor
from typing_extensions import override

from components.registry import component
from components.topology import Branch, Norm, Topology


@component("topology", "parallel_shared")
class ParallelShared(Topology):
    """Add mixer and MLP to the stream at once; both read the same normed stream.

    Formula:  out = x + mixer(norm(x)) + mlp(norm(x)).
    Shapes:   x and out [batch, length, width].
    Options:
    Errors:   none.
    Source:   Wang & Komatsuzaki 2021 (GPT-J); Chowdhery et al. 2022 (arXiv 2204.02311), section 2.
    """

    def __init__(self, norm: Norm) -> None:
        super().__init__(norm)
        self.before_both = norm()

    @override
    def forward(self, x: Tensor, mixer: Branch, mlp: Branch) -> Tensor:
        normed = self.before_both(x)
        return x + mixer(normed) + mlp(normed)
