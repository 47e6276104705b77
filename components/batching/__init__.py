"""How documents fill the rows of a batch: arrays in, arrays out, no reading and no torch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IGNORED = -100
"""The target of a place that predicts nothing."""

DOCUMENTS = int.from_bytes(b"packed", "big")
"""The purpose of the order in which documents are read, the same for every batching."""

_KEPT = 4  # epochs whose order is remembered


@dataclass(frozen=True)
class Documents:
    """A corpus as it lies in memory: all tokens in one array, and where each document begins.

    Fields:
        tokens: [total], uint16 or uint32; each document ends with the end-of-document token.
        starts: [documents + 1], int64; document d is tokens[starts[d]:starts[d + 1]].
        scored: [total], bool; tokens that are predicted. None: all are.
    """

    tokens: NDArray[np.unsignedinteger]
    starts: NDArray[np.int64]
    scored: NDArray[np.bool_] | None = None

    def pieces(self, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Cut every document into pieces of `length` tokens, its last one perhaps shorter.

        Returns:
            The document of each piece, where it begins and where it stops; each [pieces].
        """
        sizes = np.diff(self.starts)
        counts = -(-sizes // length)
        owners = np.repeat(np.arange(len(sizes)), counts)
        number = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        begins = self.starts[owners] + number * length
        return owners, begins, np.minimum(begins + length, self.starts[owners + 1])

    def read(self, begin: int, stop: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what predicts the tokens [begin, stop) of one document, and these as targets.

        The end-of-document token stands before a document's first token, so that it is predicted.
        """
        targets = self.tokens[begin:stop].astype(np.int64)
        before = self.tokens[begin - 1 : begin] if begin else self.tokens[-1:]
        tokens = np.append(before.astype(np.int64), targets[:-1])
        if self.scored is not None:
            targets[~self.scored[begin:stop]] = IGNORED
        return tokens, targets


@dataclass(frozen=True)
class Batch:
    """The rows of one optimizer step.

    Fields:
        tokens: [rows, context], int64.
        targets: [rows, context], int64; IGNORED where there is none.
        fresh: [rows, windows], bool; a row whose memory is to be forgotten before that window.
        documents: [rows, context], int64; how many documents began in a window up to a place, where
            those of a row are to be kept apart: 0 goes on with the last window's last document.
            None: a row is one document.
    """

    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]
    fresh: NDArray[np.bool_]
    documents: NDArray[np.int64] | None = None


class Batching:
    """Fills the rows of every step from `documents`, a function of (seed, step) alone (law 5).

    Args:
        documents: the training split.
        context: tokens of a row.
        window: tokens processed at once; the context is a multiple of it.
        rows: rows of a batch.
    """

    keeps_documents_apart = False
    """Whether documents that share a window must not see one another; not every model can."""

    def __init__(self, documents: Documents, context: int, window: int, rows: int) -> None:
        if len(documents.starts) < 2 or not len(documents.tokens):  # noqa: PLR2004  # one document
            raise ValueError("there are no documents")
        self.documents = documents
        self.context = context
        self.window = window
        self.rows = rows

    def batch(self, seed: int, step: int) -> Batch:
        """Return the rows of `step`, the same for every variant of that seed."""
        raise NotImplementedError

    def empty(self) -> Batch:
        """Return a batch that predicts nothing, to be filled; rows are fresh where they begin."""
        end = int(self.documents.tokens[-1])
        tokens = np.full((self.rows, self.context), end, dtype=np.int64)
        fresh = np.zeros((self.rows, self.context // self.window), dtype=np.bool_)
        fresh[:, 0] = True
        return Batch(tokens, np.full_like(tokens, IGNORED), fresh)


class Orders:
    """The order in which things are read: another one for each seed and epoch.

    Args:
        count: how many things there are.
        purpose: of the order; things of another purpose have another one.
    """

    def __init__(self, count: int, purpose: int) -> None:
        self.count = count
        self.purpose = purpose
        self._known: dict[tuple[int, int], NDArray[np.int64]] = {}

    def epoch(self, seed: int, number: int) -> NDArray[np.int64]:
        """Return the order of an epoch, [count]."""
        if (seed, number) not in self._known:
            generator = np.random.default_rng([seed, self.purpose, number])
            forget_first(self._known)
            self._known[seed, number] = generator.permutation(self.count)
        return self._known[seed, number]

    def nth(self, seed: int, place: int) -> tuple[int, int]:
        """Return the epoch of what is read at that place of all epochs, and which thing it is."""
        number, offset = divmod(place, self.count)
        return number, int(self.epoch(seed, number)[offset])


def forget_first(remembered: dict[tuple[int, int], Any]) -> None:
    """Make room for one more epoch; what is forgotten can be drawn again."""
    while len(remembered) >= _KEPT:
        remembered.pop(next(iter(remembered)))
