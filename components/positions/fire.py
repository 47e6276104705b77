"""Functional interpolation for relative positions."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes

EPSILON = 1e-6
"""Added to what distances are divided by."""


@component("positions", "fire")
class Fire(Positions):
    r"""Add a learned function of the distance, as a share of all there is before the query.

    Formula:  s_ij + MLP(f(|p_i - p_j|) / f(max(T, p_i))), f(x) = ln(1 + |c| x); the MLP has one
              hidden layer, ReLU and biases. Where p_i > T the function is one of the absolute
              position too: rules by which a memory counts a query's place differently then differ.
    Shapes:   the bias [batch or 1, heads, queries, keys]; the hidden layer holds width numbers for
              each pair of query and key.
    Options:
        width: of the hidden layer.
        threshold: T at the start, in tokens; it is learned as a multiple of that.
        bend: c at the start, in units of 1 over a token; the larger, the more near distances count.
    Errors:   ValueError unless width > 0, threshold > 0 and bend > 0.
    Source:   Li et al. 2023 (arXiv 2310.04418), equations 8 and 9.
    """

    def __init__(
        self, sizes: Sizes, *, width: int = 32, threshold: float = 512.0, bend: float = 0.1
    ) -> None:
        super().__init__(sizes)
        for name, value in (("width", width), ("threshold", threshold), ("bend", bend)):
            if value <= 0:
                raise ValueError(f"{name}: {value} is not above 0")
        self.threshold = threshold
        self.multiple = nn.Parameter(torch.ones(()))
        self.bend = nn.Parameter(torch.tensor(bend))
        self.hidden = nn.Linear(1, width)
        self.out = nn.Linear(width, sizes.heads)

    @override
    def on_scores(self, seen: Seen) -> Tensor:
        share = self._share(seen)[..., None]
        # No nn.Linear for the first layer: bfloat16, or a matrix product under autocast, has 8 bits
        # for the share, too few to tell one far distance from the next.
        precision = share.dtype
        gain, bias = self.hidden.weight[:, 0].to(precision), self.hidden.bias.to(precision)
        hidden = (share * gain + bias).relu()
        out = nn.functional.linear(
            hidden, self.out.weight.to(precision), self.out.bias.to(precision)
        )
        return out.permute(0, 3, 1, 2)

    def _share(self, seen: Seen) -> Tensor:
        """Return the distances as shares of the farthest, [batch or 1, queries, keys]."""
        precision = precise(seen.queries)
        distance = (seen.query_positions[:, :, None] - seen.key_positions[:, None]).abs()
        bend = self.bend.to(precision).abs()
        threshold = (self.multiple.to(precision) * self.threshold).abs()
        farthest = torch.maximum(seen.query_positions.to(precision), threshold)
        share: Tensor = (bend * distance).log1p() / (bend * farthest).log1p()[..., None].add(
            EPSILON
        )
        return share
