"""The relative positions of T5: a learned bias for each range of distances."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.exact import Exact
from components.memory import Seen
from components.positions import Positions
from components.registry import component
from components.sizes import Sizes

SPREAD = 0.02


@component("positions", "t5")
class T5(Positions):
    r"""Add a learned number to each score: one for each head and each range of distances.

    Formula:  s_ij + table[bucket(D), h], D = max(0, p_i - p_j); with e = floor(buckets / 2),
              bucket(D) = D for D < e, else the lesser of buckets - 1 and
              e + floor((buckets - e) ln(D / e) / ln(max_distance / e)).
              The score keeps its 1/sqrt(head_width), which T5 has not.
    Shapes:   the bias [batch or 1, heads, queries, keys]; table [buckets, heads].
    Options:
        buckets: ranges of distances; the nearer half of them are single distances.
        max_distance: tokens from which on all distances share the last range.
        shared_across_layers: whether all layers have one table, as in T5.
        initial: what the table begins with: normal, N(0, 0.02^2), or zero, no positions.
    Errors:   ValueError unless buckets > 1 and max_distance > buckets / 2.
    Source:   Raffel et al. 2019 (arXiv 1910.10683), section 2.1; ranges: the authors' code, of one
              direction.
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        buckets: int = 32,
        max_distance: int = 128,
        shared_across_layers: bool = True,
        initial: Literal["normal", "zero"] = "normal",
    ) -> None:
        super().__init__(sizes)
        if buckets <= 1:
            raise ValueError(f"buckets: {buckets} is not above 1")
        if max_distance <= buckets // 2:
            raise ValueError(f"max_distance: {max_distance} is not above {buckets // 2}")
        self.shared_across_layers = shared_across_layers
        self.spread = SPREAD if initial == "normal" else 0.0
        self.starts = _starts(buckets, max_distance)
        self.exact = Exact(self.starts)
        self.table = nn.Parameter(torch.zeros(buckets, sizes.heads))

    def draw(self, _name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the table."""
        tensor.normal_(0.0, self.spread, generator=generator)

    @override
    def on_scores(self, seen: Seen) -> Tensor:
        distance = seen.query_positions[:, :, None] - seen.key_positions[:, None]
        starts = self.exact.on(distance.device).to(torch.int64)
        bucket = torch.bucketize(distance, starts, right=True)
        return nn.functional.embedding(bucket, self.table).permute(0, 3, 1, 2)


def _starts(buckets: int, max_distance: int) -> tuple[int, ...]:
    """Return the first distance of every bucket but the first, which has 0 and below."""
    single = buckets // 2
    farther = range(1, buckets - single)
    reached = [_first(step, buckets - single, single, max_distance) for step in farther]
    return (*range(1, single + 1), *reached)


def _first(step: int, steps: int, single: int, max_distance: int) -> int:
    """Return the least D with steps ln(D / single) / ln(max_distance / single) >= step.

    In whole numbers, since logarithms are not exact where D reaches it just so.
    """
    least = math.prod([max_distance] * step + [single] * (steps - step))
    distance = math.floor(single * math.pow(max_distance / single, step / steps)) - 1
    while distance**steps < least:
        distance += 1
    return distance
