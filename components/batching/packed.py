"""Documents one after the other, cut into rows of equal length."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from components.batching import DOCUMENTS, Batch, Batching, Documents, Orders, forget_first
from components.registry import component

ROWS = int.from_bytes(b"rows", "big")


class _Row(NamedTuple):
    """One row; each [context]. `begins` is true where a document's first token is predicted."""

    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    begins: NDArray[np.bool_]


class _Span(NamedTuple):
    """Tokens [begin, stop) of one document; `opens` where they are its first."""

    begin: int
    stop: int
    opens: bool


@component("batching", "packed")
class Packed(Batching):
    """Lay the shuffled documents end to end, epoch after epoch; cut rows, and shuffle these too.

    Formula:  stream = end, epoch 0, epoch 1, ...; row g reads stream[g context ...] and predicts
              the token after each, so that each is predicted once in every epoch. As many rows as
              an epoch fills change places among themselves: a batch is not one long document.
    Shapes:   tokens and targets [rows, context]; fresh [rows, windows], true in the first window.
    Options:
        document_mask: whether the documents of a row are kept apart: a token sees those of its own
            document alone, and positions begin anew with each. The end before a document counts as
            its first token, from which its first token is predicted.
    Errors:   ValueError where there are no documents.
    Source:   Radford et al. 2018 (GPT), contiguous sequences; documents, then rows are shuffled.
    """

    def __init__(
        self,
        documents: Documents,
        context: int,
        window: int,
        rows: int,
        *,
        document_mask: bool = False,
    ) -> None:
        super().__init__(documents, context, window, rows)
        self.keeps_documents_apart = document_mask
        self._shuffled = Orders(max(1, int(documents.starts[-1]) // context), ROWS)
        self._orders = Orders(len(documents.starts) - 1, DOCUMENTS)
        self._ends: dict[tuple[int, int], NDArray[np.int64]] = {}

    @override
    def batch(self, seed: int, step: int) -> Batch:
        places = range(step * self.rows, (step + 1) * self.rows)
        rows = [self._row(seed, self._which(seed, place)) for place in places]
        return Batch(
            np.stack([row.tokens for row in rows]),
            np.stack([row.targets for row in rows]),
            self.empty().fresh,
            self._counted(np.stack([row.begins for row in rows])),
        )

    def _counted(self, begins: NDArray[np.bool_]) -> NDArray[np.int64] | None:
        """Return how many documents began in a window up to a place, [rows, context]."""
        if not self.keeps_documents_apart:
            return None
        windows = begins.reshape(self.rows, -1, self.window)
        return windows.cumsum(axis=2, dtype=np.int64).reshape(begins.shape)

    def _which(self, seed: int, place: int) -> int:
        """Return which row of the stream is the one that is read at that place."""
        group, row = self._shuffled.nth(seed, place)
        return group * self._shuffled.count + row

    def _row(self, seed: int, row: int) -> _Row:
        """Return a row of the stream, whose first target is at place `row` times `context`."""
        spans = list(self._spans(seed, row * self.context, self.context))
        read = [self.documents.read(span.begin, span.stop) for span in spans]
        begins = np.zeros(self.context, dtype=np.bool_)
        places = np.cumsum([0, *(span.stop - span.begin for span in spans)])
        begins[[at for at, span in zip(places, spans, strict=False) if span.opens]] = True
        tokens, targets = (np.concatenate(each) for each in zip(*read, strict=True))
        return _Row(tokens, targets, begins)

    def _spans(self, seed: int, place: int, count: int) -> Iterator[_Span]:
        """Yield where `count` tokens lie that are in the stream from a place on."""
        total = int(self.documents.starts[-1])
        while count:
            number, offset = divmod(place, total)
            ends = self._epoch(seed, number)
            index = int(np.searchsorted(ends, offset, side="right"))
            document = int(self._orders.epoch(seed, number)[index])
            stop = int(self.documents.starts[document + 1])
            begin = stop - (int(ends[index]) - offset)
            taken = min(stop - begin, count)
            yield _Span(begin, begin + taken, begin == int(self.documents.starts[document]))
            place, count = place + taken, count - taken

    def _epoch(self, seed: int, number: int) -> NDArray[np.int64]:
        """Return the place in an epoch behind each of its documents; a batch rarely needs two."""
        if (seed, number) not in self._ends:
            order = self._orders.epoch(seed, number)
            forget_first(self._ends)
            self._ends[seed, number] = np.cumsum(np.diff(self.documents.starts)[order])
        return self._ends[seed, number]
