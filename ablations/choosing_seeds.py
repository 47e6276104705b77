"""Seeds on which something is chosen: never those that judge it."""

from collections.abc import Collection
from itertools import count, islice

FIRST = 1000


def choosing_seeds(number: int, judging: Collection[int]) -> tuple[int, ...]:
    """Return so many seeds from 1000 on, without any of `judging`."""
    free = (seed for seed in count(FIRST) if seed not in judging)
    return tuple(islice(free, number))
