"""Evaluation: the loss of a model on held-out documents, each read by itself."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        bytes: [documents], bytes of text of each.
    """

    documents: Documents
    bytes: NDArray[np.int64]


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found; sums in float64.

    Fields:
        nats: [documents], the summed loss of each document.
        predicted: [documents], its tokens, the end included: all of them are predicted.
        bytes: [documents].
        profile: [length], mean loss by place in the row; None where no document reaches.
        reason: why the model cannot be evaluated so; then everything else is empty.
    """

    nats: NDArray[np.float64]
    predicted: NDArray[np.int64]
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
        return None if self.reason else float((self.nats / self.predicted).mean())

    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte of text: comparable where tokenizers differ."""
        return None if self.reason else float(self.nats.sum() / math.log(2) / self.bytes.sum())


def evaluate(
    model: "Decoder", held_out: HeldOut, evaluation: "Evaluation", training: "Training"
) -> Evaluated:
    """Evaluate a model; it is left as it was, and nothing random is drawn.

    A document is cut into rows of `length` tokens. The memory begins empty in each row and is
    carried from window to window inside it. The end-of-document token stands before a document's
    first token, so that every token is predicted once.

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
            nothing.astype(np.float64), nothing, nothing, (), " ".join(str(error).split())
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


@torch.no_grad()
def _evaluated(model: "Decoder", held_out: HeldOut, shape: _Shape) -> Evaluated:
    documents = held_out.documents
    nats = np.zeros(len(documents.starts) - 1)
    by_place, counts = np.zeros(shape.length), np.zeros(shape.length, dtype=np.int64)
    trained = model.training
    model.eval()
    try:
        for owners, losses, predicts in _batches(model, documents, shape):
            places = min(losses.shape[1], shape.length)
            np.add.at(nats, owners, losses.sum(axis=1))
            by_place[:places] += losses.sum(axis=0)[:places]
            counts[:places] += predicts.sum(axis=0)[:places]
    finally:
        model.train(trained)
    profile = tuple(
        float(total / count) if count else None
        for total, count in zip(by_place, counts, strict=True)
    )
    return Evaluated(nats, np.diff(documents.starts), held_out.bytes, profile)


def _batches(
    model: "Decoder", documents: Documents, shape: _Shape
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield the document, the losses [rows, places] and the predicting places of each row."""
    device = model.embedding.weight.device
    owners, begins, ends = _rows(documents, shape.length)
    # Rows that need equally many windows go together: short documents cost no padding windows.
    windows = -(-(ends - begins) // shape.window)
    order = np.argsort(windows, kind="stable")
    for at in range(0, len(order), shape.rows):
        rows = order[at : at + shape.rows]
        count = int(windows[rows].max())
        opens = begins[rows] == documents.starts[owners[rows]]
        tokens, targets = _filled(
            documents, begins[rows], ends[rows], opens, length=count * shape.window
        )
        batch = Batch(tokens, targets, np.zeros((len(rows), count), dtype=np.bool_))
        own = read(model, parts(batch, device), shape.training.precision)
        losses = [reading.nats for reading in own]
        together = torch.cat(losses, dim=1).cpu().numpy().astype(np.float64)
        yield owners[rows], together, targets != IGNORED


def _rows(
    documents: Documents, length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the document of each row, and where its targets begin and end among the tokens."""
    sizes = np.diff(documents.starts)
    counts = -(-sizes // length)
    owners = np.repeat(np.arange(len(sizes)), counts)
    number = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = documents.starts[owners] + number * length
    return owners, begins, np.minimum(begins + length, documents.starts[owners + 1])


def _filled(
    documents: Documents,
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    opens: NDArray[np.bool_],
    *,
    length: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return tokens and targets [rows, length], padded at the end."""
    end_of_document = int(documents.tokens[-1])
    tokens = np.full((len(begins), length), end_of_document, dtype=np.int64)
    targets = np.full_like(tokens, IGNORED)
    for row, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        targets[row, : end - begin] = documents.tokens[begin:end]
        tokens[row, 1 : end - begin] = documents.tokens[begin : end - 1]
        tokens[row, 0] = end_of_document if opens[row] else documents.tokens[begin - 1]
    return tokens, targets
