"""Rows that take the next document as soon as theirs has ended."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heapreplace

import numpy as np
from typing_extensions import override

from components.batching import DOCUMENTS, Batch, Batching, Documents, Orders
from components.registry import component


@dataclass(frozen=True)
class _Taken:
    """A document in a row; it is there from window `begin` to before window `end` of all steps."""

    document: int
    row: int
    begin: int
    end: int


@dataclass
class _Reading:
    """How far a training has read.

    Fields:
        seed: of the order of the documents.
        free: for each row, the window from which it is free, and the row; a heap.
        step: the last one that was filled.
        count: documents that were taken.
        taken: those of them that `step` shows.
    """

    seed: int
    free: list[tuple[int, int]]
    step: int = 0
    count: int = 0
    taken: list[_Taken] = field(default_factory=list)


@component("batching", "refill")
class Refill(Batching):
    """Let a row whose document ended take the next document with its next window.

    Formula:  with W windows in a context, step s has the windows s W to s W + W - 1 of a time that
              runs on. A document of n tokens stays in one row for ceil(n / window) windows; padding
              is behind its end in the last of them, and has no loss. Rows that are free at a time
              take the next documents of a shuffled epoch, the upper rows first, and forget. What a
              step leaves of a document goes on in its row in the next one: behind the token before
              it, with an empty memory, since no state outlives an optimizer step.
    Shapes:   tokens and targets [rows, context]; fresh [rows, windows], true in the first window
              and where a document begins.
    Options:
    Errors:   ValueError where there are no documents.
    Source:   BakaLLM 008, dynamic batches; there a step is one window, and states are carried on.
    """

    def __init__(self, documents: Documents, context: int, window: int, rows: int) -> None:
        super().__init__(documents, context, window, rows)
        self._orders = Orders(len(documents.starts) - 1, DOCUMENTS)
        self._windows = -(-np.diff(documents.starts) // window)
        self._reading = self._begun(0)

    @override
    def batch(self, seed: int, step: int) -> Batch:
        if self._reading.seed != seed or self._reading.step > step:
            self._reading = self._begun(seed)
        each = self.context // self.window
        self._read_on(step, each)
        batch = self.empty()
        for taken in self._reading.taken:
            first = taken.begin - step * each
            batch.fresh[taken.row, max(first, 0)] = True
            self._fill(batch, taken, first)
        return batch

    def _begun(self, seed: int) -> _Reading:
        free = [(0, row) for row in range(self.rows)]
        heapify(free)
        return _Reading(seed, free)

    def _read_on(self, step: int, each: int) -> None:
        """Let the rows take documents until the end of a step of so many windows."""
        reading = self._reading
        taken = [*reading.taken, *self._taking((step + 1) * each)]
        reading.taken = [one for one in taken if one.end > step * each]
        reading.step = step

    def _taking(self, until: int) -> Iterator[_Taken]:
        reading = self._reading
        while reading.free[0][0] < until:
            begin, row = reading.free[0]
            _, document = self._orders.nth(reading.seed, reading.count)
            end = begin + int(self._windows[document])
            reading.count += 1
            heapreplace(reading.free, (end, row))
            yield _Taken(document, row, begin, end)

    def _fill(self, batch: Batch, taken: _Taken, first: int) -> None:
        """Write what a document has in a row whose step it begins in window `first` of."""
        starts, begin = self.documents.starts, max(0, -first) * self.window
        start = int(starts[taken.document])
        place = max(first, 0) * self.window
        count = min(int(starts[taken.document + 1]) - start - begin, self.context - place)
        here = slice(place, place + count)
        batch.tokens[taken.row, here], batch.targets[taken.row, here] = self.documents.read(
            start + begin, start + begin + count
        )
