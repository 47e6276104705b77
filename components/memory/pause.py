"""Learned tokens inside a window, whose outputs are thrown away: time to think."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.exact import Exact
from components.memory import Memory, Seen, Window
from components.registry import component
from components.sizes import Sizes
from components.streams import mixed, whole_numbers


@dataclass(frozen=True)
class Read:
    """How far a row was read.

    Fields:
        windows: [], int64, since the start.
    """

    windows: Tensor


@component("memory", "pause")
class Pause(Memory[Read]):
    """Insert learned tokens between those of every window; all are numbered from 0 on.

    Formula:  the window of x_1 .. x_n and pauses p_0 .. p_(count-1) has length n + count. Places
              of pauses in it, counted from 0: even, floor(k n / count), one behind the other where
              n < count; random, 0, and in front of a random x each of the others; end, n + k.
    Shapes:   p [1 or count, width]; every window is longer by count.
    Options:
        count: how many pauses a window has; 0 for none.
        places: where they stand. Random ones are others in every step and window while the model
            trains, a function of the seed, alike for all rows; whenever it is evaluated they are
            the same.
        predict_from: what x_(i+1) is predicted from: token, x_i, so that a pause helps later tokens
            alone; last_pause, the last pause between x_i and x_(i+1) where there is one.
        shared: whether all pauses are one learned token.
        spread: standard deviation of their initial values; 0.02 is that of embeddings.
    Errors:   ValueError unless count, spread >= 0. At the end of windows pauses help no token that
              is predicted from another: without a memory of keys, no gradient reaches them.
    Source:   Goyal et al. 2023 (arXiv 2310.02226); predict_from token: BakaLLM 004.
    """

    order = 0

    def __init__(
        self,
        sizes: Sizes,
        *,
        count: int = 8,
        places: Literal["even", "random", "end"] = "even",
        predict_from: Literal["token", "last_pause"] = "token",
        shared: bool = True,
        spread: float = 0.02,
    ) -> None:
        super().__init__(sizes)
        if count < 0:
            raise ValueError(f"count: {count} is below 0")
        if spread < 0:
            raise ValueError(f"spread: {spread} is below 0")
        self.added = count
        self.separates_documents = count == 0
        self.places = places
        self.predict_from = predict_from
        self.spread = spread
        different = min(count, 1) if shared else count
        self.tokens = nn.Parameter(torch.zeros(different, sizes.width)) if count else None
        self.fixed = Exact(_shares(count - 1) if places == "random" else ())
        self.stream: Tensor | None
        self.register_buffer("stream", torch.zeros((), dtype=torch.int64) if self._moves else None)

    @property
    def _moves(self) -> bool:
        """Whether places are drawn anew."""
        return self.places == "random" and self.added > 1

    def draw(self, name: str, tensor: Tensor, generator: torch.Generator) -> None:
        """Draw the pauses, and where the stream of their places begins."""
        if name == "stream":
            tensor.random_(generator=generator)
        else:
            tensor.normal_(0.0, self.spread, generator=generator)

    def after_step(self) -> None:
        """Go on in the stream of places."""
        if self.stream is not None:
            self.stream += 1

    @override
    def start(self, batch: int, device: torch.device) -> Read:
        return Read(torch.zeros((), dtype=torch.int64, device=device))

    @override
    def write(self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: Read) -> Read:
        return Read(state.windows + 1)

    @override
    def add_tokens(self, window: Window, state: Read) -> Window:
        if self.tokens is None:
            return window
        x, count = window.x, self.added
        own = torch.arange(x.shape[1], device=x.device)
        before = self._before(x.shape[1], state)
        pauses = before + torch.arange(count, device=x.device)
        tokens = own + torch.searchsorted(before, own, right=True)
        inserted = self.tokens.to(x.dtype).expand(count, -1).expand(len(x), -1, -1)
        order = torch.cat([tokens, pauses]).argsort()
        longer = torch.cat([x, inserted], dim=1).index_select(1, order)
        read = tokens
        if self.predict_from == "last_pause":
            read = torch.cat([tokens[1:], tokens.new_full((1,), len(order))]) - 1
        if window.read is not None:
            read = read[window.read]
        places = torch.arange(len(order), device=x.device)[None]
        return replace(window, x=longer, positions=places, read=read)

    def _before(self, length: int, state: Read) -> Tensor:
        """Return how many tokens of a window stand in front of each pause, [count], in order."""
        device = state.windows.device
        index = torch.arange(self.added, device=device)
        if self.places == "end":
            return torch.full_like(index, length)
        if self.places == "even":
            return index * max(length, self.added) // self.added - index
        if self.training and self.stream is not None:
            key = mixed(mixed(self.stream) + state.windows)
            others = whole_numbers(key, length, self.added - 1)
        else:
            others = (self.fixed.on(device) * length).long().clamp(max=length - 1)
        return torch.cat([torch.zeros_like(index[:1]), others.sort().values])


def _shares(count: int) -> tuple[float, ...]:
    """Return numbers in [0, 1), the same at every call."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.rand(max(count, 0), generator=generator, device="cpu", dtype=torch.float64)
    return tuple(drawn.tolist())
