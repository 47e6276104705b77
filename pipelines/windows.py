"""Rows of tokens, read window by window with the memory in between: the one forward pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from components.batching import IGNORED
from components.decoder import Decoder


@dataclass(frozen=True)
class Part:
    """What all rows have in one window.

    Fields:
        tokens: [rows, window], int64.
        targets: [rows, window], int64; IGNORED where there is none.
        fresh: [rows], bool; rows whose memory is forgotten before this window. None: no row.
    """

    tokens: Tensor
    targets: Tensor
    fresh: Tensor | None


def parts(
    tokens: NDArray[np.int64],
    targets: NDArray[np.int64],
    fresh: NDArray[np.bool_],
    device: torch.device,
) -> tuple[Part, ...]:
    """Cut rows into windows, on the device.

    Args:
        tokens: [rows, windows * window].
        targets: [rows, windows * window].
        fresh: [rows, windows]; its first column says nothing, all memories begin empty.
        device: where the parts are wanted.
    """
    windows = fresh.shape[1]
    own_tokens = _on(tokens, device).chunk(windows, dim=1)
    own_targets = _on(targets, device).chunk(windows, dim=1)
    return tuple(
        Part(
            own_tokens[index],
            own_targets[index],
            # asked on the host: a device would have to be waited for
            _on(fresh[:, index], device) if index and fresh[:, index].any() else None,
        )
        for index in range(windows)
    )


def read(
    model: Decoder, rows: Sequence[Part], precision: str
) -> Iterator[tuple[Part, Tensor, Any]]:
    """Read rows window by window, handing the memory's state on.

    Args:
        model: on the device of the rows.
        rows: their windows, in order.
        precision: `bfloat16` computes the logits under autocast; their loss is always float32.

    Yields:
        A part, the loss [rows, window] in nats of each of its targets, 0 where IGNORED, and the
        memory's state behind it.
    """
    state = model.start(len(rows[0].tokens))
    half = precision == "bfloat16"
    for part in rows:
        if part.fresh is not None:
            state = model.memory.reset(part.fresh, state)
        with torch.autocast(part.tokens.device.type, torch.bfloat16, enabled=half):
            logits, state = model(part.tokens, state)
        nats = cross_entropy(
            logits.float().flatten(0, 1),
            part.targets.flatten(),
            ignore_index=IGNORED,
            reduction="none",
        )
        yield part, nats.view_as(part.targets), state


def _on(array: NDArray[Any], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":  # copied while the GPU computes
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
