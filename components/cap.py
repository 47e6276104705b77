"""A soft cap: numbers that never exceed it, and small ones as they are."""

import torch
from torch import Tensor


def checked(most: float | None) -> float | None:
    """Return the option `softcap`.

    Raises:
        ValueError: it is not above 0.
    """
    if most is not None and most <= 0:
        raise ValueError(f"softcap: {most} is not above 0")
    return most


def capped(most: float, x: Tensor) -> Tensor:
    """Return c tanh(x / c) of the numbers `x` [any], c the most that they can be.

    Source: Gemma 2 (arXiv 2408.00118), section 2.
    """
    return most * torch.tanh(x / most)
