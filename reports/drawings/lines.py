"""The curves of one variant, as they are drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.bands import mean_over
from reports.drawings.drawing import Mark

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


def last_value(mean: Array, smooth: Array) -> float:
    """Return where the label stands: at the last value of the mean, or of what is drawn."""
    values = mean if np.isfinite(mean).any() else mean_over(smooth)
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else np.nan
