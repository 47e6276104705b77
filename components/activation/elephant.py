"""The elephant function: 1 near 0, 0 elsewhere, steep in between."""

from torch import Tensor, nn
from typing_extensions import override

from components.precision import precise
from components.registry import component

LARGEST = 1e36
"""Of the power, in float32. Beyond it the function is 0 for every purpose, and so is its slope."""


@component("activation", "elephant")
class Elephant(nn.Module):
    """Answer to values near 0 alone: 1 at 0, 1/2 at a distance of `a`, 0 far away.

    Made for the gate of `mlp/gated`. Near 0 it is 1 and flat, so that such an MLP begins almost
    linear.

    Formula:  1 / (1 + |x / a|^d), in float32 or better.
    Shapes:   any.
    Options:
        a: distance from 0 at which the function is 1/2, in units of x.
        d: power of the distance; the larger, the steeper the flanks.
    Errors:   ValueError unless a > 0 and d >= 1.
    Source:   Lan & Mahmood 2023 (arXiv 2310.01365); BakaLLM, as gate, with a = 1 and d = 8.
    """

    def __init__(self, *, a: float = 1.0, d: float = 8.0) -> None:
        super().__init__()
        if a <= 0:
            raise ValueError(f"a: {a} is not above 0")
        if d < 1:
            raise ValueError(f"d: {d} is below 1")
        self.a = a
        self.d = d
        self.furthest = LARGEST ** (1 / d)

    @override
    def forward(self, x: Tensor) -> Tensor:
        # A power of 8 leaves float16 at 4, and a power that is infinite has a gradient that is NaN.
        exact = x.to(precise(x))
        distance = (exact / self.a).abs().clamp(max=self.furthest)
        return (1 / (1 + distance**self.d)).to(x.dtype)
