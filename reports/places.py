"""Where a curve lies between two others: 0 on the lower one, 1 on the higher one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.noise import jitter
from reports.windows import window_means

Array = NDArray[np.float64]

JITTERS = 2.0
"""The two outer curves must lie so many times their difference's noise apart."""

LEAST_DEFINED = 0.5
"""A place that most steps do not have is no description of the run."""


@dataclass(frozen=True)
class Place:
    """Where the middle curve lay, in shares of the way from the lower to the higher one.

    Fields:
        median: over the steps.
        low, high: 5 % and 95 % of the steps.
        least, most: over all windows of 1 % of the run.
        defined: share of the steps at which the outer curves lie far enough apart.
    """

    median: float
    low: float
    high: float
    least: float
    most: float
    defined: float


def places(low: Array, middle: Array, high: Array, apart: float) -> Array:
    """Return (middle - low) / (high - low); NaN where the outer two are nearer than `apart`."""
    gap = high - low
    found: Array = np.full(gap.shape, np.nan)
    np.divide(middle - low, gap, out=found, where=(np.abs(gap) >= apart) & (gap != 0))
    return found


def relative_place(low: Array, middle: Array, high: Array, window: int) -> Place | None:
    """Summarise the place over a run; None where it is not defined at half of the steps.

    Shapes: three curves [steps], without what is left out.
    """
    noise = jitter(np.arange(len(low), dtype=np.float64), high - low)
    apart = JITTERS * (noise or 0.0)
    every = places(low, middle, high, apart)
    defined = float(np.isfinite(every).mean())
    if defined < LEAST_DEFINED:
        return None
    means = window_means(np.stack([low, middle, high]), min(window, len(low)))
    within = places(means[0], means[1], means[2], apart)
    within = within[np.isfinite(within)]
    if not within.size:
        return None
    least, median, most = np.nanquantile(every, (0.05, 0.5, 0.95))
    return Place(
        float(median),
        float(least),
        float(most),
        float(within.min()),
        float(within.max()),
        defined,
    )
