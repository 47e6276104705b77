"""The cache of Transformer-XL: keys and values of earlier windows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from typing_extensions import override

from components.cached import Cached
from components.memory import Memory, Seen, Window
from components.registry import component
from components.remembered import acting, beside, last_document, own_among, tokens_behind
from components.sizes import Sizes
from components.truncation import crossed_behind


@dataclass(frozen=True)
class Cache:
    """What is kept between two windows.

    Fields:
        layers: what is cached of each layer; None for a layer without keys; empty before the first
            window.
        tokens: [batch or 1], int64; tokens of a row since it was reset, or of its last document
            where documents are kept apart. Of the cached ones only so many are its own.
        windows: [batch or 1], int64; windows since then.
        crossed: windows that a gradient crosses since what is kept was detached.
    """

    layers: tuple[Cached | None, ...]
    tokens: Tensor
    windows: Tensor
    crossed: int

    @property
    def length(self) -> int:
        """The number of cached keys of a row, those that it may not see included."""
        return next((each.length for each in self.layers if each is not None), 0)


@component("memory", "xl")
class Xl(Memory[Cache]):
    r"""Show every layer its own keys and values of the last windows, not yet encoded.

    Formula:  query i sees the m cached keys and the keys j <= i of its window. With t windows of n
              tokens gone by, positions of queries; cached keys; keys of the window are
              both: m+i; 0..m-1; m+i. absolute: t n+i; t n-m..; t n+i. based: base+i; base-m..;
              base+i. query_zero: i; 0..m-1; m+i. query: m+i; 0..m-1; i. neither: i; 0..m-1; i.
              flip_flop: f+i; g..g+m-1; f+i, with f, g = 0, step in even windows, step, 0 in odd.
              A layer whose cache does not act has its own keys at the queries' places under every
              rule, so that query and query_zero are there what both is for encoders of distances.
    Shapes:   keys and values [batch, kv_heads, m + n, head_width]; m = windows n, fewer at first.
    Options:
        windows: windows that are remembered; 0 for none.
        positions: the rule, see the formula. For encoders that know only distances both, absolute
            and based are the same function.
        base: position of a window's first token under based.
        step: distance of the two places under flip_flop, in tokens.
        backpropagate_windows: windows that a gradient may cross; the cache is detached once in that
            many windows and one.
        cache: whose keys a layer is shown: same, its own; below, those of the layer below, and none
            for the first (a mistake of BakaLLM until December 2023).
        layers: which layers have a cache, repeating.
    Errors:   ValueError unless windows, backpropagate_windows >= 0; for layers without a member.
    Source:   Dai et al. 2019 (arXiv 1901.02860), section 3.2; the rules: BakaLLM part 1, 003_xl.
    """

    carries = True
    acts_on_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        windows: int = 1,
        positions: Literal[
            "both", "absolute", "based", "query_zero", "query", "neither", "flip_flop"
        ] = "both",
        base: int = 2000,
        step: int = 5000,
        backpropagate_windows: int = 0,
        cache: Literal["same", "below"] = "same",
        layers: tuple[bool, ...] = (True,),
    ) -> None:
        super().__init__(sizes)
        if windows < 0:
            raise ValueError(f"windows: {windows} is below 0")
        if backpropagate_windows < 0:
            raise ValueError(f"backpropagate_windows: {backpropagate_windows} is below 0")
        self.windows = windows
        self.carries = self.acts_on_keys = windows > 0
        self.rule = positions
        self.base = base
        self.step = step
        self.backpropagate_windows = backpropagate_windows
        self.below = 1 if cache == "below" else 0
        self.acting = acting(sizes, layers)

    @override
    def shows_before(self, layer: int) -> bool:
        return self.windows > 0 and self.acting[layer]

    @override
    def start(self, batch: int, device: torch.device) -> Cache:
        none = torch.zeros(1, dtype=torch.int64, device=device)
        return Cache((), none, none, 0)

    @override
    def add_tokens(self, window: Window, state: Cache) -> Window:
        queries, _, _ = self._places(state, window.goes_on())
        return replace(window, positions=queries + window.positions)

    @override
    def recall(self, layer: int, own: Seen, state: Cache) -> Seen:
        source = layer - self.below
        acts = self.acting[layer] and source >= 0
        cached = state.layers[source] if acts and state.layers else None
        if cached is None or not state.length:
            return own
        index = torch.arange(state.length, device=own.keys.device)
        queries, before, after = self._places(state, own.goes_on)
        places = own.query_positions - queries
        # Another memory may have moved the window, and put keys of its own in front.
        moved, others = places[:, :1], own.key_positions[:, : -places.shape[1]]
        return replace(
            cached.before(own),
            key_positions=beside(before + moved + index, others, places + after),
            visible=beside(own_among(state.length, state.tokens, own.goes_on), own.visible),
        )

    @override
    def write(self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Cache) -> Cache:
        kept = self.windows * x.shape[1]
        old = state.layers or (None,) * len(seen)
        layers = tuple(
            None if own is None else Cached.of(own).behind(cached).last(kept)
            for cached, own in zip(old, seen, strict=True)
        )
        crossed = crossed_behind(state.crossed, self.backpropagate_windows)
        if crossed == 0:
            layers = tuple(each and each.detached() for each in layers)
        _, goes_on = last_document(window)
        windows = state.windows * goes_on + 1
        return Cache(layers, tokens_behind(window, state.tokens), windows, crossed)

    @override
    def reset(self, rows: Tensor, state: Cache) -> Cache:
        if not rows.any():
            return state
        if rows.all():
            return self.start(len(rows), state.tokens.device)
        kept = ~rows.to(state.tokens.device)
        return replace(state, tokens=state.tokens * kept, windows=state.windows * kept)

    def _places(self, state: Cache, goes_on: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return where the window's first query, first cached key and first own key stand.

        Each [batch or 1, 1], or [batch, length] where documents begin in the window: these count
        from their own beginning. Places of cached keys that a row may not see have no meaning.
        """
        queries, cached, own = self._rule(state.tokens[:, None], state.windows[:, None], state)
        if goes_on is None:
            return queries, cached, own
        zero = torch.zeros_like(state.tokens[:, None])
        fresh, _, first = self._rule(zero, zero, state)
        return torch.where(goes_on, queries, fresh), cached, torch.where(goes_on, own, first)

    def _rule(self, tokens: Tensor, windows: Tensor, state: Cache) -> tuple[Tensor, Tensor, Tensor]:
        """Return the places of a row behind so many tokens and windows."""
        m = tokens.clamp(max=state.length)
        zero = torch.zeros_like(m)
        odd = windows % 2
        f, g = self.step * odd, self.step * (1 - odd)
        queries, cached, own = {
            "both": (m, zero, m),
            "absolute": (tokens, tokens - m, tokens),
            "based": (zero + self.base, self.base - m, zero + self.base),
            "query_zero": (zero, zero, m),
            "query": (m, zero, zero),
            "neither": (zero, zero, zero),
            "flip_flop": (f, g, f),
        }[self.rule]
        return queries, cached - (state.length - m), own
