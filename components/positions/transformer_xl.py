"""The relative positions of Transformer-XL."""

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

BASE = 10000.0


@component("positions", "transformer_xl")
class TransformerXl(Positions):
    r"""Give every distance a key of its own, and let keys and distances score by themselves.

    Formula:  s_ij = ((q_i + u_h) k_j + (q_i + v_h) (W R(p_i - p_j))_h) / sqrt(head_width),
              R(D) = [sin(D t_0), sin(D t_1), .., cos(D t_0), ..], t_i = 10000^(-2i/width).
              Sines of a difference are written as products, so that each query and each key needs
              only its own position. That is exact for any positions, and costs
              2 heads queries keys width FLOPs: width / head_width times as many as q k.
    Shapes:   the bias [batch, heads, queries, keys]; W [heads head_width, width], drawn like other
              projections; u and v [heads, head_width], 0 at the start; an even width.
    Options:
        share_biases: whether all layers have one u and one v, as the authors' code has them where
            it does not untie them.
    Errors:   ValueError where the width is odd.
    Source:   Dai et al. 2019 (arXiv 1901.02860), section 3.3.
    """

    def __init__(self, sizes: Sizes, *, share_biases: bool = False) -> None:
        super().__init__(sizes)
        if sizes.width % 2:
            raise ValueError(f"transformer_xl needs an even model.width, not {sizes.width}")
        self.of_distances = nn.Linear(sizes.width, sizes.heads * sizes.head_width, bias=False)
        self.for_keys = nn.Parameter(torch.zeros(sizes.heads, sizes.head_width))
        self.for_distances = nn.Parameter(torch.zeros(sizes.heads, sizes.head_width))
        self.share_biases = share_biases
        pairs = range(0, sizes.width, 2)
        self.exact = Exact([BASE ** (-pair / sizes.width) for pair in pairs])

    @override
    def share_with(self, first: Positions) -> None:
        if self.share_biases and isinstance(first, TransformerXl):
            self.for_keys, self.for_distances = first.for_keys, first.for_distances

    @override
    def on_scores(self, seen: Seen) -> Tensor:
        added = self._by_keys(seen) + self._by_distances(seen)
        return added / math.sqrt(self.sizes.head_width)

    def _by_keys(self, seen: Seen) -> Tensor:
        """Return u_h k_j, [batch, heads, 1, keys]."""
        grouped = self.for_keys.unflatten(0, (self.sizes.kv_heads, -1))
        by_group: Tensor = grouped @ seen.keys.transpose(-1, -2)
        return by_group.flatten(1, 2)[:, :, None]

    def _by_distances(self, seen: Seen) -> Tensor:
        """Return (q_i + v_h) (W R(p_i - p_j))_h, [batch, heads, queries, keys].

        With (q_i + v_h) W_h = [a, b]: a sin(x - y) + b cos(x - y) is
        sin y (b sin x - a cos x) + cos y (a sin x + b cos x).
        """
        queries = seen.queries + self.for_distances[:, None]
        wanted = queries @ self.of_distances.weight.unflatten(0, (self.sizes.heads, -1))
        precision = precise(wanted)
        a, b = wanted.to(precision).chunk(2, dim=-1)
        # Only differences matter: small angles suit devices that have no float64.
        origin = seen.query_positions[:, :1]
        sin, cos = self._waves(seen.query_positions - origin, precision)
        turned = torch.cat([b * sin - a * cos, a * sin + b * cos], dim=-1).to(wanted.dtype)
        of_keys = torch.cat(self._waves(seen.key_positions - origin, wanted.dtype), dim=-1)
        scores: Tensor = turned @ of_keys.transpose(-1, -2)
        return scores

    def _waves(self, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return sines and cosines, [batch or 1, 1, length, width / 2]."""
        angles = positions[:, None, :, None] * self.exact.on(positions.device)
        return angles.sin().to(dtype), angles.cos().to(dtype)
