"""The cache of Transformer-XL, and behind it a second one of keys that were compressed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.cached import Cached
from components.compression import Compression
from components.memory import Memory, Seen, Window
from components.registry import component
from components.remembered import acting, before_window, beside, own_among, tokens_behind
from components.sizes import Sizes


@dataclass(frozen=True)
class Caches:
    """What is kept between two windows.

    Fields:
        layers: keys of the last windows of each layer; None where the memory does not act; empty
            before the first window.
        compressed: keys that were compressed, likewise.
        tokens: [batch or 1], int64; tokens of a row since it was reset, or of its last document
            where documents are kept apart. Of the keys only so many are its own.
        groups: [batch or 1], int64; of the compressed keys only so many are its own.
    """

    layers: tuple[Cached | None, ...]
    compressed: tuple[Cached | None, ...]
    tokens: Tensor
    groups: Tensor

    @property
    def length(self) -> int:
        """How many keys of a row are kept as they were, its own or not."""
        return next((each.length for each in self.layers if each is not None), 0)


@component("memory", "compressive")
class Compressive(Memory[Caches]):
    r"""Show every layer its keys and values of the last windows, and before them compressed ones.

    Formula:  query i sees the M compressed keys, the m cached ones and the keys j <= i of its
              window. Keys that leave the cache are compressed in groups of `rate`, the last of a
              window smaller where rate does not divide it: conv, k' = sum_r W_r k_r over all heads,
              V_r for values; mean or max of each channel. Positions: queries p+m+i, cached keys
              p .. p+m-1, compressed ones 0 .. M-1, p = M; under tokens s-1, 2s-1 .. sM-1, p = sM,
              with s = rate. Beside the loss, under conv:
              weight sum over layers of mean |attention(q, old) - attention(q, compressed old)|^2,
              old the oldest cached keys, as many as the window has; no gradient of it reaches
              anything but W and V, and no other reaches these.
    Shapes:   keys and values [batch, kv_heads, M + m + n, head_width]; m = windows n, M = size,
              fewer at first; W and V [kv_heads head_width, kv_heads head_width, rate] of each
              layer, drawn as projections are.
    Options:
        windows: windows that are remembered as they were.
        size: compressed keys that are remembered; 0 for none, which is xl.
        rate: tokens that a compressed key stands for.
        compress: how they become one.
        positions: how far apart compressed keys stand: slots, one from another as other keys do;
            tokens, as far as the last tokens of their groups.
        weight: of what is minimised beside the loss.
        layers: which layers it acts in, repeating.
    Errors:   ValueError unless windows, rate >= 1, size >= 0, weight > 0; for layers without a
              member. A group that is not all of one document is shown to none: documents that
              share windows stay apart, but what they remember is not compressed as if each was
              alone.
    Source:   Rae et al. 2019 (arXiv 1911.05507), where it is hidden states that are compressed.
    """

    carries = True
    acts_on_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        windows: int = 1,
        size: int = 128,
        rate: int = 4,
        compress: Literal["conv", "mean", "max"] = "conv",
        positions: Literal["slots", "tokens"] = "slots",
        weight: float = 1.0,
        layers: tuple[bool, ...] = (True,),
    ) -> None:
        super().__init__(sizes)
        for option, value, least in (("windows", windows, 1), ("size", size, 0), ("rate", rate, 1)):
            if value < least:
                raise ValueError(f"{option}: {value} is below {least}")
        if weight <= 0:
            raise ValueError(f"weight: {weight} is not above 0")
        self.windows = windows
        self.size = size
        self.rate = rate
        self.step = rate if positions == "tokens" else 1
        self.weight = weight
        self.acting = acting(sizes, layers)
        self.learned = self.one_width = compress == "conv" and size > 0
        channels = sizes.kv_heads * sizes.head_width
        own = (layer for layer, acts in enumerate(self.acting) if acts and size)
        self.compressions = nn.ModuleDict(
            {str(layer): Compression(channels, rate, compress) for layer in own}
        )

    @override
    def shows_before(self, layer: int) -> bool:
        return self.acting[layer]

    @override
    def start(self, batch: int, device: torch.device) -> Caches:
        none = torch.zeros(1, dtype=torch.int64, device=device)
        return Caches((), (), none, none)

    @override
    def add_tokens(self, window: Window, state: Caches) -> Window:
        behind = state.tokens.clamp(max=state.length) + self.step * state.groups
        return replace(window, positions=window.positions + before_window(behind, window.goes_on()))

    @override
    def recall(self, layer: int, own: Seen, state: Caches) -> Seen:
        cached = state.layers[layer] if state.layers else None
        if cached is None:
            return own
        compressed = state.compressed[layer] or cached.first(0)
        count = compressed.length
        begin = own.query_positions[:, :1] - cached.length
        index = torch.arange(cached.length, device=own.keys.device)
        slots = torch.arange(count, device=own.keys.device) - count
        return replace(
            compressed.before(cached.before(own)),
            key_positions=beside(
                begin + self.step * (slots + 1) - 1, begin + index, own.key_positions
            ),
            visible=beside(
                own_among(count, state.groups, own.goes_on).expand(-1, own.visible.shape[1], -1),
                own_among(cached.length, state.tokens, own.goes_on),
                own.visible,
            ),
        )

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Caches
    ) -> Caches:
        nothing = (None,) * len(seen)
        old = zip(seen, state.layers or nothing, state.compressed or nothing, strict=True)
        each = [
            self._kept(layer, Cached.of(own).detached().behind(cached), x.shape[1], compressed)
            if own is not None and self.acting[layer]
            else (None, None)
            for layer, (own, cached, compressed) in enumerate(old)
        ]
        tokens = tokens_behind(window, state.tokens)
        return Caches(
            tuple(cached for cached, _ in each),
            tuple(compressed for _, compressed in each),
            tokens,
            self._own_groups(state, x.shape[1], tokens),
        )

    @override
    def auxiliary(self, seen: Sequence[Seen | None], state: Caches) -> Tensor | None:
        losses = [
            self._compression(layer).loss(*what)
            for layer, own in enumerate(seen)
            if own is not None and (what := self._oldest(layer, own, state)) is not None
        ]
        return self.weight * torch.stack(losses).sum() if losses else None

    @override
    def reset(self, rows: Tensor, state: Caches) -> Caches:
        kept = ~rows.to(state.tokens.device)
        return replace(state, tokens=state.tokens * kept, groups=state.groups * kept)

    def _compression(self, layer: int) -> Compression:
        return self.compressions[str(layer)]  # type: ignore[return-value]  # nn.ModuleDict forgets it

    def _leaving(self, cached: int, length: int) -> int:
        """Return how many of so many cached keys leave behind a window of that length."""
        return max(cached + length - self.windows * length, 0)

    def _kept(
        self, layer: int, joined: Cached, length: int, compressed: Cached | None
    ) -> tuple[Cached, Cached | None]:
        """Return what is kept of a layer's keys, and of its compressed ones.

        Args:
            layer: which one.
            joined: the cached keys and those of the window.
            length: of the window.
            compressed: the earlier ones.
        """
        leaving = self._leaving(joined.length - length, length)
        if leaving and self.size:
            with torch.no_grad():
                made = self._compression(layer)(joined.first(leaving))
            compressed = made.behind(compressed).last(self.size)
        return joined.last(joined.length - leaving), compressed

    def _own_groups(self, state: Caches, length: int, tokens: Tensor) -> Tensor:
        """Return how many of the compressed keys are a row's own behind a window, [batch or 1].

        Args:
            state: before it.
            length: of the window.
            tokens: [batch or 1], of its last document behind the window.
        """
        new = -(-self._leaving(state.length, length) // self.rate)
        strange = (state.length + length - tokens).clamp(min=0)  # among the oldest cached tokens
        some = (new - (strange + self.rate - 1) // self.rate).clamp(min=0)
        return torch.where(strange > 0, some, state.groups + new).clamp(max=self.size)

    def _oldest(self, layer: int, own: Seen, state: Caches) -> tuple[Tensor, Cached, Tensor] | None:
        """Return queries, as many of the oldest cached keys, and which of these they may see.

        None where there are no such, or nothing is learned from them.
        """
        cached = state.layers[layer] if state.layers else None
        if cached is None or not self.learned:
            return None
        oldest = cached.first(own.queries.shape[2])
        visible = own_among(cached.length, state.tokens, own.goes_on)[..., : oldest.length]
        return own.queries.detach(), oldest, visible
