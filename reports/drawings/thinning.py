"""Fewer points that look as all of them do: a figure need not carry what no pixel can show."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]

COLUMNS = 1000
"""Stretches of a raw curve, about the pixels of a wide figure."""

SMOOTH = 800
"""Points of a smoothed curve, which has no spikes to lose."""


def columns(values: Array, most: int = COLUMNS) -> Places:
    """Return the places to draw of a curve [steps]: of every stretch first, lowest, highest, last.

    All where there are at most four a stretch. Where a value is not finite, one of them stays, so
    that a gap stays a gap.
    """
    if len(values) <= 4 * most:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), most + 1).astype(int)
    chosen = [start + _telling(values[start:stop]) for start, stop in pairwise(edges)]
    return np.concatenate(chosen)


def places(values: Array, most: int = SMOOTH) -> Places:
    """Return about `most` places at equal distances, the last one always."""
    every = np.arange(0, len(values), max(1, len(values) // most))
    last = len(values) - 1
    return every if every[-1] == last else np.append(every, last)


def _telling(part: Array) -> Places:
    known = np.flatnonzero(np.isfinite(part))
    if not len(known):
        return np.zeros(1, dtype=np.intp)
    extremes = [known[np.argmin(part[known])], known[np.argmax(part[known])]]
    gaps = np.flatnonzero(~np.isfinite(part))[:1]
    return np.unique(np.concatenate([known[[0, -1]], extremes, gaps])).astype(np.intp)
