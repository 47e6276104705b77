"""Random whole numbers of a component's own, for what is drawn anew while a model trains."""

import torch
from torch import Tensor

GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15, as signed
FIRST = -4658895280553007687  # 0xBF58476D1CE4E5B9
SECOND = -7723592293110705685  # 0x94D049BB133111EB


def whole_numbers(key: Tensor, below: int, count: int) -> Tensor:
    """Return `count` whole numbers from 0 to `below` - 1, a function of the key alone.

    On any device the same, and without a look at a generator: nothing waits for the device, and
    what other components draw changes nothing.

    Formula:  n_i = floor(below (m(key + (i + 1) g) mod 2^31) / 2^31), m the mixing of SplitMix64.
    Shapes:   key [], int64; the result [count], int64.
    Source:   Steele, Lea, Flood 2014, Fast Splittable Pseudorandom Number Generators.
    """
    index = torch.arange(1, count + 1, device=key.device)
    bits = mixed(key + index * GOLDEN) & 0x7FFFFFFF
    return (bits * below) >> 31


def mixed(x: Tensor) -> Tensor:
    """Return whole numbers [any], int64, in which every bit depends on every bit of `x`."""
    x = (x ^ _right(x, 30)) * FIRST
    x = (x ^ _right(x, 27)) * SECOND
    return x ^ _right(x, 31)


def _right(x: Tensor, by: int) -> Tensor:
    """Shift to the right as if there was no sign."""
    return (x >> by) & ((1 << (64 - by)) - 1)
