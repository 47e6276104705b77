"""Documents one after the other, cut into rows of equal length."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from components.batching import Batch, Batching, Documents
from components.registry import component

DOCUMENTS = int.from_bytes(b"packed", "big")
ROWS = int.from_bytes(b"rows", "big")
KEPT = 4  # epochs whose order is remembered


@component("batching", "packed")
class Packed(Batching):
    """Lay the shuffled documents end to end, epoch after epoch; cut rows, and shuffle these too.

    Formula:  stream = end, epoch 0, epoch 1, ...; row g reads stream[g context ...] and predicts
              the token after each, so that each is predicted once in every epoch. As many rows as
              an epoch fills change places among themselves: a batch is not one long document.
    Shapes:   tokens and targets [rows, context]; fresh [rows, windows], true in the first window.
    Options:
    Errors:   ValueError where there are no documents.
    Source:   Radford et al. 2018 (GPT), contiguous sequences; documents, then rows are shuffled.
    """

    def __init__(self, documents: Documents, context: int, window: int, rows: int) -> None:
        super().__init__(documents, context, window, rows)
        if len(documents.starts) < 2 or not len(documents.tokens):  # noqa: PLR2004  # one document
            raise ValueError("there are no documents")
        self._together = max(1, int(documents.starts[-1]) // context)
        self._orders: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._epochs: dict[tuple[int, int], _Epoch] = {}

    @override
    def batch(self, seed: int, step: int) -> Batch:
        rows = range(step * self.rows, (step + 1) * self.rows)
        stream = np.stack([self._row(seed, self._shuffled(seed, each)) for each in rows])
        fresh = np.zeros((self.rows, self.context // self.window), dtype=np.bool_)
        fresh[:, 0] = True
        return Batch(tokens=stream[:, :-1], targets=stream[:, 1:], fresh=fresh)

    def _shuffled(self, seed: int, row: int) -> int:
        """Return which row of the stream is the `row`-th to be read."""
        group, place = divmod(row, self._together)
        if (seed, group) not in self._orders:
            generator = np.random.default_rng([seed, ROWS, group])
            _forget_first(self._orders)
            self._orders[seed, group] = generator.permutation(self._together)
        return group * self._together + int(self._orders[seed, group][place])

    def _row(self, seed: int, row: int) -> NDArray[np.int64]:
        """Return the `context` tokens of a row behind the token that precedes them."""
        # The stream of epochs begins at place 1; place 0 is the end of a document that never was.
        begin = row * self.context - 1
        if begin < 0:
            end = self.documents.tokens[-1:].astype(np.int64)
            return np.concatenate([end, self._tokens(seed, 0, self.context)])
        return self._tokens(seed, begin, self.context + 1)

    def _tokens(self, seed: int, begin: int, count: int) -> NDArray[np.int64]:
        """Return `count` tokens of the endless stream of epochs from place `begin` on."""
        total = int(self.documents.starts[-1])
        pieces: list[NDArray[np.unsignedinteger]] = []
        while count:
            number, offset = divmod(begin, total)
            taken = min(count, total - offset)
            pieces += self._pieces(self._epoch(seed, number), offset, taken)
            begin, count = begin + taken, count - taken
        return np.concatenate(pieces).astype(np.int64)

    def _pieces(
        self, epoch: "_Epoch", offset: int, count: int
    ) -> list[NDArray[np.unsignedinteger]]:
        """Return the parts of documents that lie at places [offset, offset + count) of an epoch."""
        pieces = []
        place = int(np.searchsorted(epoch.ends, offset, side="right"))
        while count:
            stop = int(self.documents.starts[epoch.order[place] + 1])
            left = int(epoch.ends[place]) - offset
            taken = min(left, count)
            pieces.append(self.documents.tokens[stop - left : stop - left + taken])
            offset, count, place = offset + taken, count - taken, place + 1
        return pieces

    def _epoch(self, seed: int, number: int) -> "_Epoch":
        """Return the order of an epoch; a batch rarely touches more than two."""
        if (seed, number) not in self._epochs:
            generator = np.random.default_rng([seed, DOCUMENTS, number])
            order = generator.permutation(len(self.documents.starts) - 1)
            _forget_first(self._epochs)
            ends = np.cumsum(np.diff(self.documents.starts)[order])
            self._epochs[seed, number] = _Epoch(order, ends)
        return self._epochs[seed, number]


def _forget_first(remembered: dict[tuple[int, int], Any]) -> None:
    """Make room for one more; what is forgotten can be drawn again."""
    while len(remembered) >= KEPT:
        remembered.pop(next(iter(remembered)))


@dataclass(frozen=True)
class _Epoch:
    """One pass over the documents.

    Fields:
        order: [documents], the documents as they follow one another.
        ends: [documents], the place in the epoch behind each of them.
    """

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
