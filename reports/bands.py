"""What several curves have in common: a mean, and a band around it at every step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.estimates import student

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Band:
    """Mean of the finished cells and what surrounds it [steps]."""

    mean: Array
    low: Array
    high: Array


def extremes(lines: Array) -> Band:
    """Return the mean between the lowest and the highest of lines [cells, steps]."""
    return Band(mean_over(lines), _over(np.fmin, lines), _over(np.fmax, lines))


def student_band(lines: Array) -> Band:
    """Return the mean with Student's 95 % interval at every step; NaN limits below two seeds."""
    mean, number = mean_over(lines), np.isfinite(lines).sum(axis=0)
    scatter = np.nansum((lines - mean) ** 2, axis=0) / np.maximum(number - 1, 1)
    quantiles = np.array(
        [np.nan, np.nan, *(student(0.975, n - 1) for n in range(2, len(lines) + 1))]
    )
    half = quantiles[: len(lines) + 1][number] * np.sqrt(scatter / np.maximum(number, 1))
    return Band(mean, mean - half, mean + half)


def mean_over(lines: Array) -> Array:
    """Return the mean of the lines that have a value [steps]; NaN where none has."""
    number = np.isfinite(lines).sum(axis=0)
    found: Array = np.where(number, np.nansum(lines, axis=0) / np.maximum(number, 1), np.nan)
    return found


def _over(extreme: np.ufunc, lines: Array) -> Array:
    found: Array = extreme.reduce(lines, axis=0, initial=np.nan)
    return found
