"""Memory says which keys are visible and where, and which tokens are added to a window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.sizes import Sizes


@dataclass(frozen=True)
class Window:
    """The tokens processed at once, and those that a memory added.

    Fields:
        x: [batch, length, width].
        positions: [batch or 1, length], int64; where the tokens stand.
        read: [predicting], int64; the places whose outputs predict, in order, where a memory added
            others; None means all. Places and no mask, since a mask would wait for the device.
    """

    x: Tensor
    positions: Tensor
    read: Tensor | None = None

    @classmethod
    def of(cls, x: Tensor) -> "Window":
        """Number the embedded tokens `x` [batch, length, width] from 0."""
        length = x.shape[1]
        positions = torch.arange(length, device=x.device)[None]
        return cls(x, positions)


@dataclass(frozen=True)
class Seen:
    """What the queries of one layer look at.

    Fields:
        queries: [batch, heads, queries, head_width], before any position encoding.
        keys: [batch, kv_heads, keys, head_width], never rotated, so that a cache may hold them.
        values: [batch, kv_heads, keys, head_width].
        query_positions: [batch or 1, queries], int64.
        key_positions: [batch or 1, keys], int64.
        visible: [batch or 1, queries, keys], bool; decided by the memory, never by positions.
    """

    queries: Tensor
    keys: Tensor
    values: Tensor
    query_positions: Tensor
    key_positions: Tensor
    visible: Tensor


Recall: TypeAlias = Callable[[Seen], Seen]

S = TypeVar("S")


class Memory(nn.Module, Generic[S]):
    """What one window hands to the next. Every method but `start` does nothing by default.

    The state `S` is a frozen dataclass of the memory's own, explicit in every signature.

    Args:
        sizes: of the decoder.
    """

    carries = False
    """Whether a window sees anything of the windows before it."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def start(self, batch: int, device: torch.device) -> S:
        """Return the state before the first window of `batch` rows."""
        raise NotImplementedError

    def add_tokens(self, window: Window, state: S) -> Window:
        """Add tokens to the window, or renumber it."""
        return window

    def recall(self, layer: int, own: Seen, state: S) -> Seen:
        """Return what layer `layer` sees: its own window's keys and those it remembers."""
        return own

    def write(self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: S) -> S:
        """Return the next state.

        Args:
            window: as `add_tokens` left it.
            x: the last layer's stream [batch, length, width], normed.
            seen: each layer's own keys and values; None for a layer without keys.
            state: the one that this window read.
        """
        return state

    def reset(self, rows: Tensor, state: S) -> S:
        """Return the state in which the rows of the mask `rows` [batch] have forgotten all."""
        return state


class Chain(Memory[tuple[Any, ...]]):
    """Several memories, one inside the next; itself a memory, so the decoder knows one.

    Args:
        sizes: of the decoder.
        members: from the one nearest to the tokens outwards.
    """

    def __init__(self, sizes: Sizes, members: Sequence[Memory[Any]]) -> None:
        super().__init__(sizes)
        self.members = nn.ModuleList(members)
        self.carries = any(member.carries for member in members)

    @property
    def memories(self) -> tuple[Memory[Any], ...]:
        """The members with their type."""
        return tuple(self.members)  # type: ignore[arg-type]  # nn.ModuleList forgets it

    @override
    def start(self, batch: int, device: torch.device) -> tuple[Any, ...]:
        return tuple(member.start(batch, device) for member in self.memories)

    @override
    def add_tokens(self, window: Window, state: tuple[Any, ...]) -> Window:
        for member, own in zip(self.memories, state, strict=True):
            window = member.add_tokens(window, own)
        return window

    @override
    def recall(self, layer: int, own: Seen, state: tuple[Any, ...]) -> Seen:
        for member, each in zip(self.memories, state, strict=True):
            own = member.recall(layer, own, each)
        return own

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        return tuple(
            member.write(window, x, seen, own)
            for member, own in zip(self.memories, state, strict=True)
        )

    @override
    def reset(self, rows: Tensor, state: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            member.reset(rows, own) for member, own in zip(self.memories, state, strict=True)
        )
