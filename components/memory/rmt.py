"""The recurrent memory transformer: tokens that a window hands to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import rms_norm
from typing_extensions import override

from components.memory import Memory, Seen, Window
from components.memory.registers import surrounded
from components.registry import component
from components.sizes import Sizes
from components.truncation import crossed_behind

EPSILON = 1e-6
"""Added to the mean square of what is handed on."""


@dataclass(frozen=True)
class Handed:
    """What is kept between two windows.

    Fields:
        tokens: [batch, tokens, width], the memory that the next window reads; None where nothing
            is handed on.
        first: [batch], bool; rows whose next window is their first.
        crossed: windows that a gradient crosses since what is kept was detached.
    """

    tokens: Tensor | None
    first: Tensor
    crossed: int


@component("memory", "rmt")
class Rmt(Memory[Handed]):
    r"""Read a memory of tokens in front of a window, and write the next one behind it.

    Formula:  window t is [m_t; x_1 .. x_n; m_t], numbered from 0 on; the outputs of x predict, and
              m_(t+1) are the outputs at the last places, behind the final norm. m_0 is learned.
    Shapes:   m [batch, tokens, width]; every window is longer by tokens, or by twice as many where
              it is both read and written.
    Options:
        tokens: tokens of the memory; 0 for none.
        read: whether the memory stands in front of the window.
        write: whether it stands behind the window. Where nothing is handed on, all windows read
            m_0, as registers.
        backpropagate_windows: windows that a gradient may cross; the memory is detached once in
            that many windows and one.
        first_read: whether m_0 is read; if not, the other tokens of a row's first window do not see
            it where they attend. A cache of xl keeps it all the same.
        normalise: whether each token that is handed on is divided by the root mean square of its
            channels.
        write_from: what is handed on. memory: outputs of the memory behind the window; learned: of
            learned tokens in its place; read: of the memory in front, which sees no token of its
            window, and what is before it through a cache of xl alone.
        spread: standard deviation of initial values; 0.02 is that of embeddings, 1 that of the
            diary's.
    Errors:   ValueError unless tokens, backpropagate_windows, spread >= 0.
    Source:   Bulatov et al. 2022 (arXiv 2207.06881), section 3.2; write_from: BakaLLM, rmt and 008.
    """

    order = 2

    def __init__(
        self,
        sizes: Sizes,
        *,
        tokens: int = 16,
        read: bool = True,
        write: bool = True,
        backpropagate_windows: int = 2,
        first_read: bool = True,
        normalise: bool = False,
        write_from: Literal["memory", "learned", "read"] = "memory",
        spread: float = 0.02,
    ) -> None:
        super().__init__(sizes)
        for option, value in (
            ("tokens", tokens),
            ("backpropagate_windows", backpropagate_windows),
            ("spread", spread),
        ):
            if value < 0:
                raise ValueError(f"{option}: {value} is below 0")
        self.count = tokens
        self.before = tokens if read else 0
        self.behind = tokens if write else 0
        self.added = self.before + self.behind
        self.from_read = write_from == "read"
        self.hands_on = (self.before if self.from_read else self.behind) > 0
        self.hidden = self.hands_on and not first_read
        self.normalise = normalise
        self.backpropagate_windows = backpropagate_windows
        self.spread = spread
        self.carries = self.hands_on and read
        self.one_width = self.hands_on
        self.separates_documents = self.added == 0
        learned = self.behind > 0 and write_from == "learned"
        unread = learned and (self.hidden or not read)  # m_0 is nowhere seen
        self.initial = self._learned(there=self.added > 0 and not unread)
        self.writing = self._learned(there=learned)

    def draw(self, _name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the tokens that are learned."""
        tensor.normal_(0.0, self.spread, generator=generator)

    @override
    def start(self, batch: int, device: torch.device) -> Handed:
        tokens = self._first(device).expand(batch, -1, -1) if self.hands_on else None
        return Handed(tokens, torch.ones(batch, dtype=torch.bool, device=device), 0)

    @override
    def add_tokens(self, window: Window, state: Handed) -> Window:
        if not self.added:
            return window
        memory = self._first(window.x.device) if state.tokens is None else state.tokens
        behind = memory if self.writing is None else self.writing[None]
        return surrounded(window, memory[:, : self.before], behind[:, : self.behind])

    @override
    def recall(self, layer: int, own: Seen, state: Handed) -> Seen:
        if not self.hidden:
            return own
        place = torch.arange(own.keys.shape[2], device=own.keys.device)
        theirs = (place >= self.before)[:, None] & (place < self.before)
        return replace(own, visible=own.visible & ~(theirs & state.first[:, None, None]))

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Handed
    ) -> Handed:
        if not self.hands_on:
            return state
        tokens = x[:, : self.before] if self.from_read else x[:, -self.behind :]
        if self.normalise:
            tokens = rms_norm(tokens, tokens.shape[-1:], eps=EPSILON)
        crossed = crossed_behind(state.crossed, self.backpropagate_windows)
        if crossed == 0:
            tokens = tokens.detach()
        return Handed(tokens, torch.zeros_like(state.first), crossed)

    @override
    def reset(self, rows: Tensor, state: Handed) -> Handed:
        if state.tokens is None:
            return state
        rows = rows.to(state.first.device)
        first = self._first(state.first.device).to(state.tokens.dtype)
        tokens = torch.where(rows[:, None, None], first, state.tokens)
        return replace(state, tokens=tokens, first=rows | state.first)

    def _learned(self, *, there: bool) -> nn.Parameter | None:
        return nn.Parameter(torch.zeros(self.count, self.sizes.width)) if there else None

    def _first(self, device: torch.device) -> Tensor:
        """Return m_0, [1, tokens, width]; zeros where it is nowhere seen."""
        if self.initial is not None:
            return self.initial[None]
        return torch.zeros(1, self.count, self.sizes.width, device=device)
