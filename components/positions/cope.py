"""Positions that count what a query takes into account."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("positions", "cope")
class Cope(Positions):
    r"""Count from the query back to a key only the keys that the query finds worth counting.

    Formula:  s_ij + q_i e[p_ij], p_ij = min(sum of sigmoid(s_il) over the visible keys l = j .. i,
              size - 1). Between two whole numbers the vector e is interpolated. The order of the
              keys alone counts, not their positions.
    Shapes:   scores s and counts p [batch, heads, queries, keys]; e [size, head_width], one for all
              heads, 0 at the start. The scores are kept: no fused kernel is used.
    Options:
        size: counts that there are; larger ones are taken for the largest.
    Errors:   ValueError unless size > 0.
    Source:   Golovneva et al. 2024 (arXiv 2405.18719), appendix B.
    """

    needs_scores = True

    def __init__(self, sizes: Sizes, *, size: int = 64) -> None:
        super().__init__(sizes)
        if size < 1:
            raise ValueError(f"size: {size} is below 1")
        self.size = size
        self.table = nn.Parameter(torch.zeros(size, sizes.head_width))

    @override
    def from_scores(self, seen: Seen, scores: Tensor) -> Tensor:
        counts = self._counts(scores)
        by_count = (seen.queries @ self.table.to(seen.queries.dtype).T).to(counts.dtype)
        below, above = counts.floor(), counts.ceil()
        share = counts - below
        at_below, at_above = (by_count.gather(-1, each.long()) for each in (below, above))
        return at_below * (1 - share) + at_above * share

    def _counts(self, scores: Tensor) -> Tensor:
        """Return how much each query counts from itself back to each key, at least in float32.

        A key that it does not see has the score -inf and so counts 0.
        """
        gates = scores.to(precise(scores)).sigmoid()
        counts = gates.flip(-1).cumsum(dim=-1).flip(-1).clamp(max=self.size - 1)
        # Scores that are no numbers are found in the loss; as an index they would end the process.
        return counts.nan_to_num()
