"""Rotary positions under which far keys shrink."""

import math
from dataclasses import replace

from torch import Tensor
from typing_extensions import override

from components.exact import Exact
from components.memory import Seen
from components.positions import Positions
from components.positions.rotary import Rotary
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("positions", "xpos")
class Xpos(Positions):
    r"""Turn pairs of channels as rotary does, and lower scores by a power of the distance.

    Formula:  q -> rotary(q) z^((p - o) / scale_base), k -> rotary(k) z^((o - p) / scale_base);
              z_i = (2i / head_width + gamma) / (1 + gamma) for channels 2i and 2i + 1, which are a
              pair of rotary's. o, the first query's position, cancels in every score; without it
              the powers of late positions are beyond float32.
    Shapes:   queries and keys [batch, heads, length, head_width], an even head width.
    Options:
        scale_base: tokens of distance over which a pair shrinks by its own factor z.
        gamma: how little all pairs shrink; the fastest by gamma / (1 + gamma) at most. A very large
            one is rotary.
    Errors:   ValueError unless scale_base > 0 and gamma > 0; where the head width is odd.
    Source:   Sun et al. 2022 (arXiv 2212.10554), algorithm 1.
    """

    def __init__(self, sizes: Sizes, *, scale_base: float = 512.0, gamma: float = 0.4) -> None:
        super().__init__(sizes)
        if scale_base <= 0:
            raise ValueError(f"scale_base: {scale_base} is not above 0")
        if gamma <= 0:
            raise ValueError(f"gamma: {gamma} is not above 0")
        if sizes.head_width % 2:
            raise ValueError(f"xpos needs an even model.head_width, not {sizes.head_width}")
        self.rotary = Rotary(sizes, layout="interleaved")
        pairs = range(0, sizes.head_width, 2)
        self.factors = tuple((pair / sizes.head_width + gamma) / (1 + gamma) for pair in pairs)
        self.exact = Exact([math.log(factor) / scale_base for factor in self.factors])

    @override
    def on_queries_and_keys(self, seen: Seen) -> tuple[Tensor, Tensor]:
        kept = seen.queries.dtype
        # Turned, shrunk, and only then rounded to the model's type.
        precision = precise(seen.queries)
        exact = replace(seen, queries=seen.queries.to(precision), keys=seen.keys.to(precision))
        queries, keys = self.rotary.on_queries_and_keys(exact)
        origin = seen.query_positions[:, :1]
        queries = queries * self._powers(seen.query_positions - origin).to(precision)
        keys = keys * self._powers(origin - seen.key_positions).to(precision)
        return queries.to(kept), keys.to(kept)

    def _powers(self, exponents: Tensor) -> Tensor:
        """Return z^(exponent / scale_base) for every channel, [batch or 1, 1, length, channels]."""
        powers = (exponents[:, None, :, None] * self.exact.on(exponents.device)).exp()
        return powers.repeat_interleave(2, dim=-1)
