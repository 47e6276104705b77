"""A window that slides with the query: keys of the last tokens, whatever the windows are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from typing_extensions import override

from components.cached import Cached
from components.memory import Memory, Seen, Window
from components.registry import component
from components.remembered import (
    acting,
    before_window,
    beside,
    last_document,
    own_among,
    tokens_behind,
)
from components.sizes import Sizes
from components.truncation import crossed_behind


@dataclass(frozen=True)
class Kept:
    """What is kept of one layer.

    Fields:
        first: keys of a row's sinks; any keys where it has fewer tokens.
        last: keys of its last tokens.
    """

    first: Cached
    last: Cached


@dataclass(frozen=True)
class Recent:
    """What is kept between two windows.

    Fields:
        layers: what is kept of each layer; None where the memory does not act; empty before the
            first window.
        tokens: [batch or 1], int64; tokens of a row since it was reset, or of its last document
            where documents are kept apart.
        crossed: windows that a gradient crosses since what is kept was detached.
    """

    layers: tuple[Kept | None, ...]
    tokens: Tensor
    crossed: int

    @property
    def length(self) -> int:
        """How many of a row's last keys are kept, those that it may not see included."""
        return next((each.last.length for each in self.layers if each is not None), 0)


@component("memory", "sliding")
class Sliding(Memory[Recent]):
    r"""Let every query see the keys of its last `size` tokens, in this window and those before.

    Formula:  query i sees key j where 0 <= i - j < size, or j < sinks and j <= i; i and j count the
              tokens of the document, whatever the windows, and are the positions. Under renumber
              a window's first token stands at min(t, sinks + size - 1) where t tokens went by, the
              keys of the last tokens right before it, those of sinks at 0 .. sinks - 1: what was
              dropped leaves no gap.
              Layers in which it does not act see their window, and positions are the same there.
    Shapes:   keys and values [batch, kv_heads, sinks + size - 1 + n, head_width], fewer at first.
    Options:
        size: tokens that a query sees, its own with them.
        sinks: first tokens that stay visible.
        renumber: whether positions are counted among what is kept. Without sinks that is the same
            function for encoders that know only distances.
        backpropagate_windows: windows that a gradient may cross; what is kept is detached once in
            that many windows and one. Null for all: then windows are only a way to compute one long
            window, but under renumber with sinks.
        layers: which layers it acts in, repeating.
    Errors:   ValueError unless size >= 1, sinks, backpropagate_windows >= 0; for layers without a
              member.
    Source:   Beltagy et al. 2020, Longformer, made causal; sinks and renumber: Xiao et al. 2023
              (arXiv 2309.17453); layers: Yang et al. 2025 (arXiv 2501.18795).
    """

    carries = True
    acts_on_keys = True
    separates_documents = True

    def __init__(
        self,
        sizes: Sizes,
        *,
        size: int = 128,
        sinks: int = 0,
        renumber: bool = False,
        backpropagate_windows: int | None = None,
        layers: tuple[bool, ...] = (True,),
    ) -> None:
        super().__init__(sizes)
        if size < 1:
            raise ValueError(f"size: {size} is below 1")
        if sinks < 0:
            raise ValueError(f"sinks: {sinks} is below 0")
        if backpropagate_windows is not None and backpropagate_windows < 0:
            raise ValueError(f"backpropagate_windows: {backpropagate_windows} is below 0")
        self.size = size
        self.sinks = sinks
        self.renumber = renumber
        self.backpropagate_windows = backpropagate_windows
        self.acting = acting(sizes, layers)

    @override
    def shows_before(self, layer: int) -> bool:
        return self.acting[layer]

    @override
    def start(self, batch: int, device: torch.device) -> Recent:
        return Recent((), torch.zeros(1, dtype=torch.int64, device=device), 0)

    @override
    def add_tokens(self, window: Window, state: Recent) -> Window:
        begin = before_window(self._begin(state), window.goes_on())
        return replace(window, positions=window.positions + begin)

    @override
    def recall(self, layer: int, own: Seen, state: Recent) -> Seen:
        if not self.acting[layer]:
            return own
        own = replace(own, visible=self._nearby(own, state.tokens))
        kept = state.layers[layer] if state.layers else None
        if kept is None:
            return own
        index = torch.arange(kept.last.length, device=own.keys.device)
        sink = torch.arange(kept.first.length, device=own.keys.device)
        begin = own.query_positions[:, :1]
        return replace(
            self._shown(kept.first, state).before(kept.last.before(own)),
            key_positions=beside(
                begin - self._begin(state)[:, None] + sink,
                begin - state.length + index,
                own.key_positions,
            ),
            visible=beside(*self._remembered(own, state), own.visible),
        )

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Recent
    ) -> Recent:
        old = state.layers or (None,) * len(seen)
        places, behind = self._places_of_sinks(window, state), tokens_behind(window, state.tokens)
        layers = tuple(
            self._kept(Cached.of(own), kept, (places, behind)) if acts and own is not None else None
            for acts, own, kept in zip(self.acting, seen, old, strict=True)
        )
        crossed = crossed_behind(state.crossed, self.backpropagate_windows)
        if crossed == 0:
            layers = tuple(
                each and Kept(each.first.detached(), each.last.detached()) for each in layers
            )
        return Recent(layers, behind, crossed)

    @override
    def reset(self, rows: Tensor, state: Recent) -> Recent:
        return replace(state, tokens=state.tokens * ~rows.to(state.tokens.device))

    def _begin(self, state: Recent) -> Tensor:
        """Return where the first token of a window stands that goes on, [batch or 1]."""
        if not self.renumber:
            return state.tokens
        return state.tokens.clamp(max=state.length + self.sinks)

    def _nearby(self, own: Seen, tokens: Tensor) -> Tensor:
        """Return what each query sees of the window, and of keys that another memory added."""
        length = own.queries.shape[2]
        index = torch.arange(length, device=own.keys.device)
        near = (index[:, None] - index < self.size)[None]
        theirs, ours = own.visible[..., :-length], own.visible[..., -length:]
        if self.sinks:
            places = index if own.goes_on is None else ours.sum(dim=-1) - 1
            places = places + before_window(tokens, own.goes_on)
            near = near | (places < self.sinks)[:, None]
        return beside(theirs, ours & near)

    def _remembered(self, own: Seen, state: Recent) -> tuple[Tensor, Tensor]:
        """Return which sinks and which of the last keys each query sees, each a mask."""
        length, tokens = state.length, state.tokens[:, None]
        query = torch.arange(own.queries.shape[2], device=own.keys.device)[:, None]
        index = torch.arange(length, device=own.keys.device)
        sink = torch.arange(self.sinks, device=own.keys.device)
        of_sinks = (tokens - length + index < self.sinks)[:, None]
        near = query + length - index < self.size
        last = (near | of_sinks) & own_among(length, state.tokens, own.goes_on)
        first = (sink < tokens - length)[:, None]  # one still among the last keys is shown there
        if own.goes_on is not None:
            first = first & own.goes_on[:, :, None]
        return first.expand(-1, len(query), -1), last

    def _shown(self, first: Cached, state: Recent) -> Cached:
        """Return the sinks; what one carries that is still among the last keys counts there."""
        if first.beside is None:
            return first
        sink = torch.arange(self.sinks, device=first.keys.device)
        gone = (sink < state.tokens[:, None] - state.length)[:, None, :, None]
        return replace(first, beside=first.beside * gone)

    def _places_of_sinks(self, window: Window, state: Recent) -> Tensor:
        """Return where sinks are in the old ones and the window, [batch or 1, sinks]."""
        own, goes_on = last_document(window)
        length = own.shape[1]
        sink = torch.arange(self.sinks, device=own.device)
        begin = torch.where(goes_on, -state.tokens, length - own.sum(dim=1))
        places = sink + begin[:, None]
        if not state.layers:
            return places.clamp(max=length - 1)
        return torch.where(places < 0, sink, self.sinks + places.clamp(max=length - 1))

    def _kept(self, own: Cached, old: Kept | None, where: tuple[Tensor, Tensor]) -> Kept:
        """Keep the sinks and the last keys of those that there were and the window's `own`.

        Args:
            own: the window's.
            old: before it.
            where: where sinks are, and how many tokens of its last document a row has behind it.
        """
        places, behind = where
        first = own if old is None else own.behind(old.first)
        last = own if old is None else own.behind(old.last)
        return Kept(_taken(first, places), self._shortened(last, behind))

    def _shortened(self, every: Cached, behind: Tensor) -> Cached:
        """Return the last keys; what those that fall out carry is left to the oldest that stays.

        A position encoder may sum what keys carry (the gates of a forgetting one): what lies
        between a sink and the kept keys counts for the sinks, which alone stand before both.
        """
        keep = self.size - 1
        if every.beside is None or not self.sinks:
            return every.last(keep)
        kept = every.last(max(keep, 1))
        out = every.length - kept.length
        place = torch.arange(out, device=behind.device) - every.length + behind[:, None]
        between = (place >= self.sinks)[:, None, :, None]
        left = (every.beside[:, :, :out] * between).sum(dim=2, keepdim=True)
        oldest, others = kept.beside[:, :, :1], kept.beside[:, :, 1:]  # type: ignore[index]  # every has it
        return replace(kept, beside=torch.cat([oldest + left, others], dim=2))


def _taken(cached: Cached, places: Tensor) -> Cached:
    """Return the keys at `places` [batch or 1, any] of each row."""

    def at(tensor: Tensor) -> Tensor:
        index = places[:, None, :, None].expand(*tensor.shape[:2], -1, tensor.shape[3])
        return tensor.gather(2, index)

    beside_keys = None if cached.beside is None else at(cached.beside)
    return Cached(at(cached.keys), at(cached.values), beside_keys)
