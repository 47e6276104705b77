"""In which precision angles, distances, softmaxes and recurrences are computed: 8 bits are few."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def precise(x: Tensor) -> torch.dtype:
    """Return the dtype in which `x` is worked on: float32, or float64 where `x` has it."""
    return torch.promote_types(x.dtype, torch.float32)


def as_they_are(device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which products keep the dtype of their factors under mixed precision."""
    if device.type == "meta":  # which has no mixed precision
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
