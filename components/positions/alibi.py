"""Attention with linear biases."""

import math

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.exact import Exact
from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("positions", "alibi")
class Alibi(Positions):
    r"""Lower each score by the distance between query and key, times a slope of the head.

    Formula:  s_ij - slope_h |p_i - p_j|; slope_h = 2^(-8h/H), h = 1 .. H, where H is a power of
              two; else those of the power below, then every other one of twice that power.
    Shapes:   the bias [batch or 1, heads, queries, keys].
    Options:
        learned: whether the slopes are learned, as logarithms, from these values on.
        heads_with_bias: H, the heads that have a slope; the rest see all distances alike; null
            means all.
    Errors:   ValueError unless 0 <= heads_with_bias <= heads.
    Source:   Press et al. 2021 (arXiv 2108.12409), section 3, and the authors' code for head counts
              that are no power of two.
    """

    def __init__(
        self, sizes: Sizes, *, learned: bool = False, heads_with_bias: int | None = None
    ) -> None:
        super().__init__(sizes)
        count = sizes.heads if heads_with_bias is None else heads_with_bias
        if not 0 <= count <= sizes.heads:
            raise ValueError(f"heads_with_bias: {count} is not between 0 and {sizes.heads}")
        self.slopes = slopes(count)
        self.exact = Exact(self.slopes)
        self.without = sizes.heads - count
        logarithms = torch.tensor([math.log(slope) for slope in self.slopes])
        self.log_slopes = nn.Parameter(logarithms) if learned and count else None

    @override
    def on_scores(self, seen: Seen) -> Tensor | None:
        if not self.slopes:
            return None
        distance = (seen.query_positions[:, :, None] - seen.key_positions[:, None]).abs()
        bias = -self._slopes(seen.queries)[:, None, None] * distance[:, None]
        return nn.functional.pad(bias, (0, 0, 0, 0, 0, self.without))

    def _slopes(self, queries: Tensor) -> Tensor:
        """Return the slopes [heads with bias], at least in float32: distances are large numbers."""
        precision = precise(queries)
        if self.log_slopes is not None:
            return self.log_slopes.to(precision).exp()
        return self.exact.on(queries.device).to(precision)


def slopes(heads: int) -> tuple[float, ...]:
    """Return the slope of each of `heads` heads, in scores per token of distance."""
    if not heads:
        return ()
    power = 2 ** int(math.log2(heads))
    first = [2 ** (-8 * head / power) for head in range(1, power + 1)]
    between = [2 ** (-4 * head / power) for head in range(1, 2 * power + 1, 2)]
    return tuple(first + between[: heads - power])
