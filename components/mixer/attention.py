"""Softmax attention with any number of query and key-value heads."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from typing_extensions import override

from components.cap import capped, checked
from components.carried import Carried, at_least
from components.convolution import CausalConvolution
from components.initialise import OutputLinear
from components.memory import Recall, Seen, Window
from components.mixer import Mixed, Mixer
from components.positions import Positions
from components.precision import precise
from components.registry import component
from components.sizes import Sizes

EPSILON = 1e-6
"""Added to the mean square of queries and keys."""

Cap: TypeAlias = Callable[[Tensor], Tensor]


@component("mixer", "attention")
class Attention(Mixer):
    r"""Attend to every visible key; query head h reads key-value head floor(h kv_heads / heads).

    Formula:  softmax(cap(q k^T / sqrt(head_width) + bias)) v, then a projection back to the width;
              cap(s) = c tanh(s / c); bias is that of the positions. Norms of queries and keys come
              before their positions.
    Shapes:   x [batch, length, width]; scores [batch, heads, queries, keys]. Head counts and the
              head width are fields of `model`.
    Options:
        bias: whether the four projections have one.
        qk_norm: what queries and keys are divided by the root mean square of, and multiplied by a
            learned gain for: head, each head's channels (Qwen3); all, those of all heads (OLMo 2).
        softcap: c, the largest score there can be; null for no cap.
        convolution: tokens that a depthwise causal convolution sees, which is added to queries,
            keys and values before all else, with weight 0 at the start; null for none.
        gated: whether what every head found is multiplied by a learned gate in (0, 1), a channel
            at a time, before it is projected.
    Errors:   ValueError unless softcap > 0, convolution >= 1.
    Source:   Vaswani et al. 2017 (arXiv 1706.03762); one key-value head: Shazeer 2019
              (arXiv 1911.02150); groups: Ainslie et al. 2023 (arXiv 2305.13245); cap: Gemma 2;
              gate: arXiv 2505.06708; convolution: So et al. 2021, Primer (arXiv 2109.08668).
    """

    has_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        bias: bool = False,
        qk_norm: Literal["none", "head", "all"] = "none",
        softcap: float | None = None,
        convolution: int | None = None,
        gated: bool = False,
    ) -> None:
        super().__init__(sizes)
        inner = sizes.heads * sizes.head_width
        shared = sizes.kv_heads * sizes.head_width
        self.query = nn.Linear(sizes.width, inner, bias=bias)
        self.key = nn.Linear(sizes.width, shared, bias=bias)
        self.value = nn.Linear(sizes.width, shared, bias=bias)
        self.out = OutputLinear(inner, sizes.width, bias=bias)
        self.gate = nn.Linear(sizes.width, inner, bias=bias) if gated else None
        self.widths = (inner, shared, shared)
        self.convolution: CausalConvolution | None = None
        if convolution is not None:
            kernel = at_least("convolution", convolution, 1)
            self.convolution = CausalConvolution(sum(self.widths), kernel, bias=False)
            self.carries = kernel > 1
        self.over_heads = qk_norm == "all"
        self.query_norm = _norm(qk_norm, sizes.heads, sizes.head_width)
        self.key_norm = _norm(qk_norm, sizes.kv_heads, sizes.head_width)
        most = checked(softcap)
        self.cap: Cap | None = None if most is None else partial(capped, most)

    @override
    def forward(
        self, x: Tensor, window: Window, positions: Positions, recall: Recall, state: Any
    ) -> Mixed:
        (queries, keys, values), state = self._projected(x, window, state)
        own = Seen(
            queries=self._normed(queries, self.query_norm),
            keys=self._normed(keys, self.key_norm),
            values=self._heads(values),
            query_positions=window.positions,
            key_positions=window.positions,
            visible=window.visible(),
            beside=positions.beside_keys(x),
            goes_on=window.goes_on(),
        )
        attended = recall.on_output(attend(recall.seen(own), positions, self.cap), own)
        found = attended.transpose(1, 2).flatten(2)
        if self.gate is not None:
            found = found * self.gate(x).sigmoid()
        return Mixed(self.out(found), own, state)

    @override
    def start(self, batch: int, device: torch.device) -> Carried | None:
        if self.convolution is None:
            return None
        return Carried((self.convolution.start(batch, device),))

    @override
    def reset(self, rows: Tensor, state: Carried | None) -> Carried | None:
        return None if state is None else state.forgotten(rows)

    def _projected(
        self, x: Tensor, window: Window, state: Carried | None
    ) -> tuple[Sequence[Tensor], Carried | None]:
        """Return queries, keys and values, all heads of each side by side, and the next state."""
        parts = [each(x) for each in (self.query, self.key, self.value)]
        if self.convolution is None or state is None:
            return parts, None
        joined = torch.cat(parts, dim=-1)
        added, tail = self.convolution(joined, state.tensors[0], window.documents)
        after = state.followed_by(tail, backpropagate_windows=0)
        return (joined + added).split(self.widths, dim=-1), after

    def _heads(self, x: Tensor) -> Tensor:
        """[batch, length, heads * head_width] -> [batch, heads, length, head_width]."""
        heads: Tensor = x.unflatten(-1, (-1, self.sizes.head_width))
        return heads.transpose(1, 2)

    def _normed(self, x: Tensor, norm: nn.Module) -> Tensor:
        """Return queries or keys in heads, normed before or behind the division."""
        return self._heads(norm(x)) if self.over_heads else norm(self._heads(x))


def _norm(qk_norm: str, heads: int, head_width: int) -> nn.Module:
    if qk_norm == "none":
        return nn.Identity()
    return nn.RMSNorm(head_width * (heads if qk_norm == "all" else 1), eps=EPSILON)


def attend(seen: Seen, positions: Positions, cap: Cap | None = None) -> Tensor:
    """Softmax attention over the visible keys, [batch, heads, queries, head_width].

    Args:
        seen: what the layer sees, not yet encoded.
        positions: the layer's encoder.
        cap: what is done to the scores once all is added to them.
    """
    queries, keys = positions.on_queries_and_keys(seen)
    bias = positions.on_scores(seen)
    if cap is None and not positions.needs_scores:
        return _fused(queries, keys, seen, bias)
    hidden = ~seen.visible[:, None]
    scores = _scores(queries, keys)
    if bias is not None:
        scores = scores + bias
    scores = scores.masked_fill(hidden, float("-inf"))
    if positions.needs_scores:
        scores = scores + positions.from_scores(seen, scores)
    if cap is not None:
        scores = cap(scores).masked_fill(hidden, float("-inf"))
    return weighted(softmax(scores, seen.sink), seen.values)


def softmax(scores: Tensor, sink: Tensor | None) -> Tensor:
    """Return the weights [batch, heads, queries, keys], in float32 or better.

    Args:
        scores: the same shape; -inf where a key is not visible.
        sink: [heads], one more logit in the denominator; or None.
    """
    scores = scores.to(precise(scores))
    if sink is None:
        return scores.softmax(dim=-1)
    column = sink.to(scores.dtype)[:, None, None].expand(*scores.shape[:-1], 1)
    return torch.cat([scores, column], dim=-1).softmax(dim=-1)[..., :-1]


def weighted(weights: Tensor, values: Tensor) -> Tensor:
    """Return the values [batch, kv_heads, keys, width], summed for each query of each head."""
    groups = weights.shape[1] // values.shape[1]
    summed: Tensor = weights.to(values.dtype) @ values.repeat_interleave(groups, dim=1)
    return summed


def _scores(queries: Tensor, keys: Tensor) -> Tensor:
    keys = keys.repeat_interleave(queries.shape[1] // keys.shape[1], dim=1)
    scores: Tensor = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
    return scores


def _fused(queries: Tensor, keys: Tensor, seen: Seen, bias: Tensor | None) -> Tensor:
    """Attend by a kernel that keeps no scores.

    The mask is explicit: `is_causal` aligns to the upper left and so is wrong with cached keys.
    """
    mask, values = seen.visible[:, None], seen.values
    if bias is not None or seen.sink is not None:
        zero = torch.zeros((), dtype=queries.dtype, device=queries.device)
        added = zero if bias is None else bias.to(queries.dtype)
        mask = torch.where(mask, added, float("-inf"))
    if seen.sink is not None:
        column = seen.sink.to(queries.dtype)[:, None, None].expand(len(mask), -1, mask.shape[2], 1)
        mask = torch.cat([mask.expand(-1, len(seen.sink), -1, -1), column], dim=-1)
        keys, values = (nn.functional.pad(each, (0, 0, 0, 1)) for each in (keys, values))
    grouped = queries.shape[1] != keys.shape[1]
    return scaled_dot_product_attention(queries, keys, values, mask, enable_gqa=grouped)
