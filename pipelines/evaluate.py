"""Evaluation: loss and accuracy of a model on held-out documents, each read by itself."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from components.batching import IGNORED, Batch, Documents
from components.errors import UserError
from pipelines.windows import parts, read

if TYPE_CHECKING:
    from components.decoder import Decoder
    from pipelines.cell import Evaluation, Training

_MEMORY = re.compile(r"alloc|memory|buffer", re.IGNORECASE)
_SHAPES = re.compile(r"\b(sizes?|shapes?|dimensions?|broadcast\w*|index)\b", re.IGNORECASE)
"""What torch says in errors of memory, and in those of tensors that do not fit."""


@dataclass(frozen=True)
class HeldOut:
    """The validation split.

    Fields:
        documents: its tokens; each document ends with the end-of-document token.
        bytes: [documents], bytes of text of each; 0 where it is no text.
    """

    documents: Documents
    bytes: NDArray[np.int64]


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found; sums in float64.

    Fields:
        nats: [documents], the summed loss of each document.
        predicted: [documents], its scored tokens; of text all of them are, the end included.
        correct: [documents], those of them that the model finds likelier than any other token.
        bytes: [documents].
        profile: [length], mean loss by place in the row; None where no document reaches.
        reason: why the model cannot be evaluated so; then everything else is empty.
    """

    nats: NDArray[np.float64]
    predicted: NDArray[np.int64]
    correct: NDArray[np.int64]
    bytes: NDArray[np.int64]
    profile: tuple[float | None, ...]
    reason: str | None = None

    @property
    def loss(self) -> float | None:
        """Nats per predicted token, over all documents."""
        return None if self.reason else float(self.nats.sum() / self.predicted.sum())

    @property
    def document_loss(self) -> float | None:
        """The mean over documents of their mean loss: each document counts alike."""
        if self.reason:
            return None
        some = self.predicted > 0
        return float((self.nats[some] / self.predicted[some]).mean())

    @property
    def accuracy(self) -> float | None:
        """The share of predicted tokens that are found likelier than any other."""
        return None if self.reason else float(self.correct.sum() / self.predicted.sum())

    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte of text: comparable where tokenizers differ; None where it is no text."""
        if self.reason or not self.bytes.any():
            return None
        return float(self.nats.sum() / math.log(2) / self.bytes.sum())


def evaluate(
    model: "Decoder", held_out: HeldOut, evaluation: "Evaluation", training: "Training"
) -> Evaluated:
    """Evaluate a model; it is left as it was, and nothing random is drawn.

    A document is cut into rows of `length` tokens. The memory begins empty in each row and is
    carried from window to window inside it. The end-of-document token stands before a document's
    first token, so that every scored token is predicted once.

    Args:
        model: on the device where it is to run.
        held_out: the validation split.
        evaluation: its length, or None for the trained context. With a length and a memory that
            carries nothing, the window is as long as the row.
        training: of the cell; every `auto` resolved.
    """
    length = evaluation.length or training.context
    window = model.sizes.window
    if evaluation.length is not None and not model.carries:
        window = length
    try:
        return _evaluated(model, held_out, _Shape(length, window, training))
    except (AssertionError, IndexError, RuntimeError, UserError, ValueError) as error:
        if evaluation.length is None or _is_of_the_machine(error):
            raise
        nothing = np.zeros(0, dtype=np.int64)
        return Evaluated(
            nothing.astype(np.float64), nothing, nothing, nothing, (), " ".join(str(error).split())
        )


def _is_of_the_machine(error: Exception) -> bool:
    """Say whether a model that reaches as far as is asked could have met an error just so.

    What is out of reach of the model is a finding, and stays; what is out of reach of the machine
    may be reached tomorrow. torch tells neither by a type: a CPU without memory is a RuntimeError,
    and so is a table of another size than the keys.
    """
    return isinstance(error, RuntimeError) and (
        isinstance(error, torch.OutOfMemoryError)
        or bool(_MEMORY.search(str(error)))
        or not _SHAPES.search(str(error))
    )


@dataclass(frozen=True)
class _Shape:
    length: int
    window: int
    training: "Training"

    @property
    def rows(self) -> int:
        """Rows of a batch: as many tokens as the training has in one."""
        return max(1, self.training.batch * self.training.context // self.length)


class _Rows(NamedTuple):
    """What a model found of some rows.

    Fields:
        owners: [rows], the document of each.
        losses: [rows, places], in nats; 0 where nothing is predicted.
        predicts: [rows, places].
        correct: [rows, places], predicted and found likeliest.
    """

    owners: NDArray[np.int64]
    losses: NDArray[np.float64]
    predicts: NDArray[np.bool_]
    correct: NDArray[np.bool_]


@torch.no_grad()
def _evaluated(model: "Decoder", held_out: HeldOut, shape: _Shape) -> Evaluated:
    documents = held_out.documents
    nats = np.zeros(len(documents.starts) - 1)
    predicted, correct = (np.zeros(len(nats), dtype=np.int64) for _ in range(2))
    by_place, counts = np.zeros(shape.length), np.zeros(shape.length, dtype=np.int64)
    trained = model.training
    model.eval()
    try:
        for rows in _batches(model, documents, shape):
            places = min(rows.losses.shape[1], shape.length)
            np.add.at(nats, rows.owners, rows.losses.sum(axis=1))
            np.add.at(predicted, rows.owners, rows.predicts.sum(axis=1))
            np.add.at(correct, rows.owners, rows.correct.sum(axis=1))
            by_place[:places] += rows.losses.sum(axis=0)[:places]
            counts[:places] += rows.predicts.sum(axis=0)[:places]
    finally:
        model.train(trained)
    profile = tuple(
        float(total / count) if count else None
        for total, count in zip(by_place, counts, strict=True)
    )
    return Evaluated(nats, predicted, correct, held_out.bytes, profile)


def _batches(model: "Decoder", documents: Documents, shape: _Shape) -> Iterator[_Rows]:
    """Read all rows, as many at once as the shape says."""
    device = model.embedding.weight.device
    owners, begins, ends = documents.pieces(shape.length)
    # Rows that need equally many windows go together: short documents cost no padding windows.
    windows = -(-(ends - begins) // shape.window)
    order = np.argsort(windows, kind="stable")
    for at in range(0, len(order), shape.rows):
        rows = order[at : at + shape.rows]
        count = int(windows[rows].max())
        tokens, targets = _filled(documents, begins[rows], ends[rows], count * shape.window)
        batch = Batch(tokens, targets, np.zeros((len(rows), count), dtype=np.bool_))
        losses, hits = [], []
        for reading in read(model, parts(batch, device), shape.training.precision):
            losses.append(reading.nats)
            hits.append(reading.logits.argmax(dim=-1) == reading.part.targets)
        yield _Rows(
            owners[rows],
            torch.cat(losses, dim=1).cpu().numpy().astype(np.float64),
            targets != IGNORED,
            torch.cat(hits, dim=1).cpu().numpy(),
        )


def _filled(
    documents: Documents, begins: NDArray[np.int64], ends: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return tokens and targets [rows, length], padded at the end."""
    tokens = np.full((len(begins), length), int(documents.tokens[-1]), dtype=np.int64)
    targets = np.full_like(tokens, IGNORED)
    for row, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        own = slice(0, end - begin)
        tokens[row, own], targets[row, own] = documents.read(begin, end)
    return tokens, targets
