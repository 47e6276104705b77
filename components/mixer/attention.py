"""Softmax attention with any number of query and key-value heads."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from typing_extensions import override

from components.initialise import OutputLinear
from components.memory import Recall, Seen, Window
from components.mixer import Mixer
from components.positions import Positions
from components.registry import component
from components.sizes import Sizes


@component("mixer", "attention")
class Attention(Mixer):
    r"""Attend to every visible key; query head h reads key-value head floor(h kv_heads / heads).

    Formula:  softmax(q k^T / sqrt(head_width) + bias) v, then a projection back to the width.
    Shapes:   x [batch, length, width]; scores [batch, heads, queries, keys]. Head counts and the
              head width are fields of `model`.
    Options:
        bias: whether the four projections have one.
    Errors:   none.
    Source:   Vaswani et al. 2017 (arXiv 1706.03762); one key-value head: Shazeer 2019
              (arXiv 1911.02150); groups: Ainslie et al. 2023 (arXiv 2305.13245).
    """

    def __init__(self, sizes: Sizes, *, bias: bool = False) -> None:
        super().__init__(sizes)
        inner = sizes.heads * sizes.head_width
        shared = sizes.kv_heads * sizes.head_width
        self.query = nn.Linear(sizes.width, inner, bias=bias)
        self.key = nn.Linear(sizes.width, shared, bias=bias)
        self.value = nn.Linear(sizes.width, shared, bias=bias)
        self.out = OutputLinear(inner, sizes.width, bias=bias)

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall
    ) -> tuple[Tensor, Seen | None]:
        length = x.shape[1]
        own = Seen(
            queries=self._heads(self.query(x)),
            keys=self._heads(self.key(x)),
            values=self._heads(self.value(x)),
            query_positions=window.positions,
            key_positions=window.positions,
            visible=torch.ones(length, length, dtype=torch.bool, device=x.device).tril()[None],
        )
        seen = recall(own)
        queries, keys = positions.on_queries_and_keys(
            seen.queries, seen.keys, seen.query_positions, seen.key_positions
        )
        mixed = attend(queries, keys, seen.values, seen.visible, positions.on_scores(seen))
        return self.out(mixed.transpose(1, 2).flatten(2)), own

    def _heads(self, x: Tensor) -> Tensor:
        """[batch, length, heads * head_width] -> [batch, heads, length, head_width]."""
        heads: Tensor = x.unflatten(-1, (-1, self.sizes.head_width))
        return heads.transpose(1, 2)


def attend(
    queries: Tensor, keys: Tensor, values: Tensor, visible: Tensor, bias: Tensor | None
) -> Tensor:
    """Softmax attention over the visible keys.

    Args:
        queries: [batch, heads, queries, head_width], encoded.
        keys: [batch, kv_heads, keys, head_width], encoded.
        values: [batch, kv_heads, keys, head_width].
        visible: [batch or 1, queries, keys]; an explicit mask, since `is_causal` aligns to the
            upper left and so is wrong with cached keys.
        bias: [batch or 1, heads or 1, queries, keys], added to the scores; or None.

    Returns:
        [batch, heads, queries, head_width].
    """
    mask = visible[:, None]
    if bias is not None:
        mask = bias.to(queries.dtype).masked_fill(~mask, float("-inf"))
    grouped = queries.shape[1] != keys.shape[1]
    return scaled_dot_product_attention(queries, keys, values, mask, enable_gqa=grouped)
