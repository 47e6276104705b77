"""A ramp added to the keys."""

from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.memory import Seen
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes


@component("positions", "linspace")
class Linspace(Positions):
    r"""Add a ramp that grows with the position, times a learned vector, to every key.

    Formula:  k_j + a_j scale, a_j = offset + edge (p_j - first) / (span - 1). Of a document that
              begins in the window, first is 0, where it begins.
    Shapes:   keys [batch, kv_heads, keys, head_width]; scale [head_width] or
              [kv_heads, 1, head_width], 1 at the start; queries are left as they are.
    Options:
        edge: height of the ramp at the end of the span, in units of the key.
        offset: height at its beginning; alike for all keys, it cancels in the softmax.
        per_head: whether each key-value head learns a scale of its own.
        span: what the ramp spans; window: the model's window, from the first query on; visible:
            the window and the remembered keys that a row sees, from the first of them on.
    Errors:   none.
    Source:   BakaLLM part 4, `BakaPositions` (github.com/Maykeye/BakaLLM).
    """

    def __init__(
        self,
        sizes: Sizes,
        *,
        edge: float = 0.1,
        offset: float = 0.0,
        per_head: bool = False,
        span: Literal["window", "visible"] = "window",
    ) -> None:
        super().__init__(sizes)
        self.edge = edge
        self.offset = offset
        self.span = span
        heads = (sizes.kv_heads, 1) if per_head else ()
        self.scale = nn.Parameter(torch.ones(*heads, sizes.head_width))

    @override
    def on_queries_and_keys(self, seen: Seen) -> tuple[Tensor, Tensor]:
        # bfloat16 cannot tell 257 from 256.
        keys, precision = seen.keys, precise(seen.keys)
        first, spaces = self._spanned(seen)
        steps = (seen.key_positions - first)[:, None, :, None].to(precision)
        ramp = self.offset + self.edge * steps / spaces[:, None, None, None].to(precision)
        moved = keys.to(precision) + ramp * self.scale.to(precision)
        return seen.queries, moved.to(keys.dtype)

    def _spanned(self, seen: Seen) -> tuple[Tensor, Tensor]:
        """Return where the ramp of each key begins, and over how many spaces it rises, at least 1.

        [batch or 1, keys or 1] and [batch or 1]. Of documents that begin in the window nothing but
        their beginning counts: where one begins is the future of all before it.
        """
        begin = seen.query_positions[:, :1]
        if self.span == "window":
            spaces = torch.full_like(begin[:, 0], max(self.sizes.window - 1, 1))
            return self._apart(seen, begin), spaces
        there = seen.visible.any(dim=1)
        remembered = there & seen.keys_going_on()
        first = torch.where(remembered, seen.key_positions, begin).amin(dim=1, keepdim=True)
        return self._apart(seen, first), (there.sum(dim=1) - 1).clamp(min=1)

    def _apart(self, seen: Seen, first: Tensor) -> Tensor:
        return first if seen.goes_on is None else first * seen.keys_going_on()
