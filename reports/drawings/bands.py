"""The curves of one variant, and what its seeds have in common: a mean with a band around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.drawings.drawing import Mark
from reports.estimates import student

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """The curves of one variant.

    Fields:
        x: of every step [steps].
        seeds, statuses: of its cells.
        raw, smooth: [cells, steps], NaN where there is no value.
    """

    mark: Mark
    x: Array
    seeds: tuple[int, ...]
    statuses: tuple[str, ...]
    raw: Array
    smooth: Array
    is_baseline: bool

    @property
    def finished(self) -> Array:
        """Smoothed curves of the finished cells: the end of another must not bend the mean."""
        return self.smooth[[status == "complete" for status in self.statuses]]


@dataclass(frozen=True)
class Band:
    """Mean of the finished cells and what surrounds it [steps]."""

    mean: Array
    low: Array
    high: Array


def extremes(lines: Array) -> Band:
    """Return the mean between the lowest and the highest of lines [cells, steps]."""
    return Band(_mean(lines), _over(np.fmin, lines), _over(np.fmax, lines))


def student_band(lines: Array) -> Band:
    """Return the mean with Student's 95 % interval at every step; NaN limits below two seeds."""
    mean, number = _mean(lines), np.isfinite(lines).sum(axis=0)
    scatter = np.nansum((lines - mean) ** 2, axis=0) / np.maximum(number - 1, 1)
    quantiles = np.array(
        [np.nan, np.nan, *(student(0.975, n - 1) for n in range(2, len(lines) + 1))]
    )
    half = quantiles[: len(lines) + 1][number] * np.sqrt(scatter / np.maximum(number, 1))
    return Band(mean, mean - half, mean + half)


def _mean(lines: Array) -> Array:
    number = np.isfinite(lines).sum(axis=0)
    found: Array = np.where(number, np.nansum(lines, axis=0) / np.maximum(number, 1), np.nan)
    return found


def _over(extreme: np.ufunc, lines: Array) -> Array:
    found: Array = extreme.reduce(lines, axis=0, initial=np.nan)
    return found


def last_value(mean: Array, smooth: Array) -> float:
    """Return where the label stands: at the last value of the mean, or of what is drawn."""
    values = mean if np.isfinite(mean).any() else _mean(smooth)
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else np.nan
