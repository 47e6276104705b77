"""Memory says which keys are visible and where, and which tokens are added to a window."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
        documents: [batch, length], int64; how many documents began in this window up to a place,
            where those of a row are kept apart: 0 goes on with the last window's last document.
            None: a row is one document.
    """

    x: Tensor
    positions: Tensor
    read: Tensor | None = None
    documents: Tensor | None = None

    @classmethod
    def of(cls, x: Tensor, documents: Tensor | None = None) -> "Window":
        """Number the embedded tokens `x` [batch, length, width] of each document from 0."""
        places = torch.arange(x.shape[1], device=x.device)[None]
        if documents is None:
            return cls(x, places)
        begins = torch.ones_like(documents, dtype=torch.bool)
        begins[:, 1:] = documents[:, 1:] != documents[:, :-1]
        begin = torch.where(begins, places, torch.zeros_like(places)).cummax(dim=1).values
        return cls(x, places - begin, documents=documents)

    def visible(self) -> Tensor:
        """Return which of its own tokens each token sees, [batch or 1, length, length], bool."""
        length = self.x.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=self.x.device).tril()[None]
        if self.documents is None:
            return causal
        return causal & (self.documents[:, :, None] == self.documents[:, None])

    def goes_on(self) -> Tensor | None:
        """Return which tokens belong to the last window's document, [batch, length]; None: all."""
        return None if self.documents is None else self.documents == 0


@dataclass(frozen=True)
class Seen:
    """What the queries of one layer look at; the window's own keys stand last.

    Fields:
        queries: [batch, heads, queries, head_width], before any position encoding.
        keys: [batch, kv_heads, keys, head_width], never rotated, so that a cache may hold them.
        values: [batch, kv_heads, keys, head_width].
        query_positions: [batch or 1, queries], int64.
        key_positions: [batch or 1, keys], int64.
        visible: [batch or 1, queries, keys], bool; decided by the memory, never by positions.
        beside: [batch, any, keys, any]; what a position encoder lets each key carry, cached with
            it; None for an encoder without such.
        goes_on: [batch, queries], bool; queries whose document the last window ended in the middle
            of, for which alone there is something to remember; None: all.
        sink: [heads], a logit in the denominator of the softmax that has no value; or None.
    """

    queries: Tensor
    keys: Tensor
    values: Tensor
    query_positions: Tensor
    key_positions: Tensor
    visible: Tensor
    beside: Tensor | None = None
    goes_on: Tensor | None = None
    sink: Tensor | None = None

    def keys_going_on(self) -> Tensor:
        """Return which keys are of no document that begins in the window.

        Remembered keys, and the window's own up to where another document begins.

        Returns:
            [batch or 1, keys], bool.
        """
        every = torch.ones_like(self.key_positions, dtype=torch.bool)
        if self.goes_on is None:
            return every
        remembered = every[:, : -self.queries.shape[2]].expand(len(self.goes_on), -1)
        return torch.cat([remembered, self.goes_on], dim=1)


S = TypeVar("S")

ON_KEYS = 3
"""The `order` of memories that add no tokens."""


class Memory(nn.Module, Generic[S]):
    """What one window hands to the next. Every method but `start` does nothing by default.

    The state `S` is a frozen dataclass of the memory's own, explicit in every signature.

    Args:
        sizes: of the decoder.
    """

    carries = False
    """Whether a window sees anything of the windows before it."""

    order = ON_KEYS
    """Where it stands in a chain, from the tokens outwards: pause tokens 0, registers 1, tokens
    that windows hand on 2, all that act on keys 3. The order that a grid lists them in is of no
    meaning."""

    acts_on_keys = False
    """Whether it needs a layer with keys."""

    separates_documents = False
    """Whether documents that share a window stay apart in it."""

    one_width = False
    """Whether it needs every layer to be as wide as the embedding."""

    added = 0
    """Tokens that it adds to every window."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def shows_before(self, layer: int) -> bool:
        """Say whether a layer is shown the keys right before its window; one memory may do that."""
        return False

    def start(self, batch: int, device: torch.device) -> S:
        """Return the state before the first window of `batch` rows."""
        raise NotImplementedError

    def add_tokens(self, window: Window, state: S) -> Window:
        """Add tokens to the window, or renumber it."""
        return window

    def recall(self, layer: int, own: Seen, state: S) -> Seen:
        """Return what layer `layer` sees: its own window's keys and those it remembers."""
        return own

    def on_output(self, layer: int, attended: Tensor, own: Seen, state: S) -> Tensor:
        """Return what attention found, with what a memory of its own kind adds.

        Args:
            layer: whose attention it is.
            attended: [batch, heads, queries, head_width].
            own: the window's queries, keys and values, not encoded.
            state: before this window.
        """
        return attended

    def write(self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: S) -> S:
        """Return the next state.

        Args:
            window: as `add_tokens` left it.
            x: the last layer's stream [batch, length, width], normed.
            seen: each layer's own keys and values; None for a layer without keys.
            state: the one that this window read.
        """
        return state

    def auxiliary(self, seen: Sequence[Seen | None], state: S) -> Tensor | None:
        """Return what is minimised beside the loss of the window, [], already weighted; or None.

        Args:
            seen: each layer's own keys and values.
            state: before this window.
        """
        return None

    def reset(self, rows: Tensor, state: S) -> S:
        """Return the state in which the rows of the mask `rows` [batch] have forgotten all."""
        return state


class Chain(Memory[tuple[Any, ...]]):
    """Several memories, one inside the next; itself a memory, so the decoder knows one.

    Args:
        sizes: of the decoder.
        members: by name, in any order; they act in that of `Memory.order`.
    """

    def __init__(self, sizes: Sizes, members: Mapping[str, Memory[Any]]) -> None:
        super().__init__(sizes)
        own = dict(sorted(members.items(), key=lambda each: (each[1].order, each[0])))
        _refuse_to_show_twice(sizes, own)
        self.members = nn.ModuleDict(own)
        self.carries = any(member.carries for member in own.values())
        self.acts_on_keys = any(member.acts_on_keys for member in own.values())
        self.separates_documents = all(member.separates_documents for member in own.values())
        self.one_width = any(member.one_width for member in own.values())
        self.added = sum(member.added for member in own.values())

    @property
    def memories(self) -> tuple[Memory[Any], ...]:
        """The members with their type."""
        return tuple(self.members.values())  # type: ignore[arg-type]  # nn.ModuleDict forgets it

    def named(self) -> Iterator[tuple[str, Memory[Any]]]:
        """Yield each member with its name, in the order in which they act."""
        yield from zip(self.members, self.memories, strict=True)

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
    def on_output(self, layer: int, attended: Tensor, own: Seen, state: tuple[Any, ...]) -> Tensor:
        for member, each in zip(self.memories, state, strict=True):
            attended = member.on_output(layer, attended, own, each)
        return attended

    @override
    def write(
        self, window: Window, x: Tensor, seen: Sequence[Seen | None], state: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        return tuple(
            member.write(window, x, seen, own)
            for member, own in zip(self.memories, state, strict=True)
        )

    @override
    def auxiliary(self, seen: Sequence[Seen | None], state: tuple[Any, ...]) -> Tensor | None:
        each = zip(self.memories, state, strict=True)
        found = [member.auxiliary(seen, own) for member, own in each]
        losses = [loss for loss in found if loss is not None]
        return torch.stack(losses).sum() if losses else None

    @override
    def reset(self, rows: Tensor, state: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            member.reset(rows, own) for member, own in zip(self.memories, state, strict=True)
        )


def _refuse_to_show_twice(sizes: Sizes, members: Mapping[str, Memory[Any]]) -> None:
    for layer in range(sizes.layers):
        showing = [name for name, each in members.items() if each.shows_before(layer)]
        if len(showing) > 1:
            names = " and ".join(f"memory/{name}" for name in showing)
            raise ValueError(
                f"memory: {names} both show layer {layer} the keys before its window, so that each"
                " would count twice; take one, or give them different layers"
            )


@dataclass(frozen=True)
class Recall:
    """The memory as one layer meets it in one window.

    Fields:
        memory: of the decoder.
        layer: which one.
        state: before this window.
    """

    memory: Memory[Any]
    layer: int
    state: Any

    def seen(self, own: Seen) -> Seen:
        """Return what the layer sees, given its window's own queries, keys and values."""
        return self.memory.recall(self.layer, own, self.state)

    def on_output(self, attended: Tensor, own: Seen) -> Tensor:
        """Return what its attention found [batch, heads, queries, head_width], and more."""
        return self.memory.on_output(self.layer, attended, own, self.state)
