"""Rotary positions without the slowest pairs."""

from typing import Literal

from components.exact import Exact
from components.positions.rotary import Rotary
from components.registry import component
from components.sizes import Sizes


@component("positions", "proportional")
class Proportional(Rotary):
    r"""Turn the fastest pairs of channels as rotary does, and leave the slow ones as they are.

    Formula:  (a, b) -> (a cos p t_i - b sin p t_i, b cos p t_i + a sin p t_i), with
              t_i = base^(-2i/head_width) for i < fraction head_width / 2, rounded down, and 0
              for the others. A fraction of rotary spreads all speeds over fewer pairs; here the
              slow ones are missing.
    Shapes:   queries and keys [batch, heads, length, head_width].
    Options:
        base: the slowest pair of a fraction of 1 would turn by 1/base of a radian, about, from
            token to token.
        fraction: share of the pairs that is turned.
        layout: which channels are a pair: half, i and i + head_width/2, or interleaved, 2i and
            2i + 1.
    Errors:   ValueError unless base > 1 and 0 <= fraction <= 1.
    Source:   Barbero et al. 2024 (arXiv 2410.06205), p-RoPE.
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        base: float = 10000.0,
        fraction: float = 0.75,
        layout: Literal["half", "interleaved"] = "half",
    ) -> None:
        super().__init__(sizes, base=base, layout=layout)
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction: {fraction} is not between 0 and 1")
        kept = int(fraction * sizes.head_width // 2)
        slow = len(self.frequencies) - kept
        self.frequencies = self.frequencies[:kept] + (0.0,) * slow
        self.exact = Exact(self.frequencies)
