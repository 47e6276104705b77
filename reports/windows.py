"""The stretches of a run in which two variants are the other way round, exactly.

d is the difference of two curves at each step; a stretch contradicts where its mean has the other
sign. Every stretch is looked at, by prefix sums, so that none is missed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST_POINTS = 20
SHARE = 0.01


@dataclass(frozen=True)
class Stretch:
    """Steps `start` to `start + length`, without the last, and the mean of d over them."""

    start: int
    length: int
    mean: float


def fewest_points(length: int) -> int:
    """Return of how many points the shortest stretch is made: 1 % of the run, at least 20."""
    return max(FEWEST_POINTS, round(SHARE * length))


def shortest_opposite(d: Array, sign: int, fewest: int, weights: Array) -> Stretch | None:
    """Return the shortest stretch of at least `fewest` points whose mean has not `sign`.

    Of those of one length the one that contradicts most. A stretch of 2 `fewest` points or more
    falls into two of which one contradicts as well, so longer ones need not be looked at.

    Args:
        d: differences [points].
        sign: of the truth, -1 or 1.
        fewest: points of a stretch.
        weights: of each difference, the tokens of its step [points].
    """
    sums, widths = _prefix(d * weights), _prefix(weights)
    for length in range(fewest, min(2 * fewest, len(d) + 1)):
        means = (sums[length:] - sums[:-length]) / (widths[length:] - widths[:-length])
        place = int(np.argmin(sign * means))
        if sign * means[place] < 0:
            return Stretch(place, length, float(means[place]))
    return None


def longest_opposite(d: Array, sign: int, weights: Array) -> Stretch | None:
    """Return the stretch of most weight whose mean has not `sign`.

    With P the prefix sums of sign d w, the stretch i..j contradicts if P_j < P_i. For each i the
    last such j is where the lowest value still to come is below P_i for the last time; lowest
    values to come never fall, so it is found by bisection.
    """
    sums, widths = _prefix(sign * d * weights), _prefix(weights)
    lowest = np.minimum.accumulate(sums[::-1])[::-1]
    last = np.searchsorted(lowest, sums, side="left") - 1
    starts = np.arange(len(sums))
    weight = np.where(last > starts, widths[np.maximum(last, 0)] - widths, 0.0)
    start = int(np.argmax(weight))
    if weight[start] <= 0:
        return None
    after = int(last[start])
    return Stretch(start, after - start, float(sign * (sums[after] - sums[start]) / weight[start]))


def window_means(y: Array, length: int) -> Array:
    """Return the mean of every `length` neighbouring values of each curve [..., windows]."""
    zero = np.zeros((*y.shape[:-1], 1))
    sums = np.concatenate([zero, np.cumsum(y, axis=-1)], axis=-1)
    means: Array = (sums[..., length:] - sums[..., :-length]) / length
    return means


def _prefix(values: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(values)])
