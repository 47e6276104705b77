"""Which layers a memory of keys acts in, and which of the keys that it keeps are a row's own."""

from typing import Protocol

import torch
from torch import Tensor

from components.sizes import Sizes


class Rows(Protocol):
    """What has tokens and the documents that they belong to: `Window`, which memories read."""

    @property
    def x(self) -> Tensor: ...  # noqa: D102  # see Window
    @property
    def documents(self) -> Tensor | None: ...  # noqa: D102  # see Window


def acting(sizes: Sizes, layers: tuple[bool, ...]) -> tuple[bool, ...]:
    """Return for each layer whether it has keys and the repeating list `layers` chooses it.

    Raises:
        ValueError: the list has no member.
    """
    if not layers:
        raise ValueError("layers: the list has no member")
    return tuple(layers[i % len(layers)] and sizes.has_keys(i) for i in range(sizes.layers))


def last_document(window: Rows) -> tuple[Tensor, Tensor]:
    """Say which tokens belong to the last document of each row, and whether it began before.

    Returns:
        [batch or 1, length], bool; and [batch or 1], bool.
    """
    if window.documents is None:
        every = torch.ones(1, window.x.shape[1], dtype=torch.bool, device=window.x.device)
        return every, every[:, 0]
    last = window.documents[:, -1:]
    return window.documents == last, last[:, 0] == 0


def tokens_behind(window: Rows, tokens: Tensor) -> Tensor:
    """Return how many tokens of its last document a row has behind the window, [batch or 1].

    Args:
        window: the next one.
        tokens: the same before it.
    """
    own, goes_on = last_document(window)
    return own.sum(dim=1) + tokens * goes_on


def before_window(tokens: Tensor, goes_on: Tensor | None) -> Tensor:
    """Return how many tokens of its own document each query has before the window.

    Args:
        tokens: [batch or 1], of the last window's last document.
        goes_on: as in `Seen`.

    Returns:
        [batch or 1, queries or 1].
    """
    return tokens[:, None] if goes_on is None else tokens[:, None] * goes_on


def own_among(count: int, own: Tensor, goes_on: Tensor | None) -> Tensor:
    """Return which of `count` kept keys belong to the document of each query.

    Args:
        count: keys that are kept of every row.
        own: [batch or 1], how many of a row's, the last ones, are those of its last document.
        goes_on: as in `Seen`.

    Returns:
        [batch or 1, queries or 1, count], bool.
    """
    index = torch.arange(count, device=own.device)
    mine = (index >= count - own[:, None])[:, None]
    return mine if goes_on is None else mine & goes_on[:, :, None]


def beside(*parts: Tensor) -> Tensor:
    """Join along the last dimension, each for as many rows and queries as any of them has."""
    shape = torch.broadcast_shapes(*(part.shape[:-1] for part in parts))
    return torch.cat([part.expand(*shape, part.shape[-1]) for part in parts], dim=-1)
