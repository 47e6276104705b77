"""How documents fill the rows of a batch: arrays in, arrays out, no reading and no torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IGNORED = -100
"""The target of a place that predicts nothing."""


@dataclass(frozen=True)
class Documents:
    """A corpus as it lies in memory: all tokens in one array, and where each document begins.

    Fields:
        tokens: [total], uint16 or uint32; each document ends with the end-of-document token.
        starts: [documents + 1], int64; document d is tokens[starts[d]:starts[d + 1]].
    """

    tokens: NDArray[np.unsignedinteger]
    starts: NDArray[np.int64]


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

    def __init__(self, documents: Documents, context: int, window: int, rows: int) -> None:
        self.documents = documents
        self.context = context
        self.window = window
        self.rows = rows

    def batch(self, seed: int, step: int) -> Batch:
        """Return the rows of `step`, the same for every variant of that seed."""
        raise NotImplementedError
