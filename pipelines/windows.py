"""Rows of tokens, read window by window with the memory in between: the one forward pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from components.batching import IGNORED, Batch
from components.decoder import Decoder, State


@dataclass(frozen=True)
class Part:
    """What all rows have in one window.

    Fields:
        tokens: [rows, window], int64.
        targets: [rows, window], int64; IGNORED where there is none.
        fresh: [rows], bool; rows whose memory is forgotten before this window. None: no row.
        documents: [rows, window], int64; see `Batch`. None: they are not kept apart.
    """

    tokens: Tensor
    targets: Tensor
    fresh: Tensor | None
    documents: Tensor | None = None


class Reading(NamedTuple):
    """What the forward pass of one window gave.

    Fields:
        part: the window.
        logits: [rows, window, vocabulary].
        nats: [rows, window], the loss of each target, float32; 0 where IGNORED.
        state: what is handed to the next window.
        auxiliary: what is minimised beside the loss, [], already weighted; or None.
    """

    part: Part
    logits: Tensor
    nats: Tensor
    state: State
    auxiliary: Tensor | None


def parts(batch: Batch, device: torch.device) -> tuple[Part, ...]:
    """Cut the rows of a batch into windows, on the device.

    The first column of `fresh` says nothing, all memories begin empty.
    """
    windows = batch.fresh.shape[1]
    tokens = _on(batch.tokens, device).chunk(windows, dim=1)
    targets = _on(batch.targets, device).chunk(windows, dim=1)
    documents: Sequence[Tensor | None] = [None] * windows
    if batch.documents is not None:
        documents = _on(batch.documents, device).chunk(windows, dim=1)
    return tuple(
        Part(
            tokens[index],
            targets[index],
            # asked on the host: a device would have to be waited for
            _on(batch.fresh[:, index], device) if index and batch.fresh[:, index].any() else None,
            documents[index],
        )
        for index in range(windows)
    )


def read(model: Decoder, rows: Sequence[Part], precision: str) -> Iterator[Reading]:
    """Read rows window by window, handing the state on.

    Args:
        model: on the device of the rows.
        rows: their windows, in order.
        precision: `bfloat16` computes the logits under autocast; their loss is always float32.
    """
    state = model.start(len(rows[0].tokens))
    half = precision == "bfloat16"
    for part in rows:
        if part.fresh is not None:
            state = model.reset(part.fresh, state)
        with torch.autocast(part.tokens.device.type, torch.bfloat16, enabled=half):
            logits, state, auxiliary = model(part.tokens, state, part.documents)
        nats = cross_entropy(
            logits.float().flatten(0, 1),
            part.targets.flatten(),
            ignore_index=IGNORED,
            reduction="none",
        )
        yield Reading(part, logits, nats.view_as(part.targets), state, auxiliary)


def _on(array: NDArray[Any], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":  # copied while the GPU computes
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
