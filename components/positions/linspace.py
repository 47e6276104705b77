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

    Formula:  k_j + a_j scale, a_j = offset + edge (p_j - first) / (span - 1).
    Shapes:   keys [batch, kv_heads, keys, head_width]; scale [head_width] or
              [kv_heads, 1, head_width], 1 at the start; queries are left as they are.
    Options:
        edge: height of the ramp at the end of the span, in units of the key.
        offset: height at its beginning; alike for all keys, it cancels in the softmax.
        per_head: whether each key-value head learns a scale of its own.
        span: what the ramp spans; window: the model's window, from the first query on; visible: all
            keys there are, those of a memory included, from the first key on.
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
        keys, spanned = seen.keys, seen.key_positions
        count = spanned.shape[1]
        if self.span == "window":
            spanned, count = seen.query_positions, self.sizes.window
        first = spanned.amin(dim=1, keepdim=True)
        # bfloat16 cannot tell 257 from 256.
        precision = precise(keys)
        steps = (seen.key_positions - first)[:, None, :, None].to(precision)
        ramp = self.offset + self.edge / max(count - 1, 1) * steps
        moved = keys.to(precision) + ramp * self.scale.to(precision)
        return seen.queries, moved.to(keys.dtype)
