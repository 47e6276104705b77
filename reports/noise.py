"""Measures of one training curve: jitter, spike events, divergence. Losses are nats per token."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST_POINTS = 30
MAD_TO_SD = 1.482602219
ENTER, LEAVE = 6.0, 2.0  # of a spike event, in robust standard deviations above the median


@dataclass(frozen=True)
class Spike:
    """One spike event of a curve.

    Fields:
        start: index of its first step.
        end: index after its last step.
        height: above the median before it, in nats.
        height_in_noise: the same in robust standard deviations of the curve before it.
        recovered: whether it ended before the run did.
    """

    start: int
    end: int
    height: float
    height_in_noise: float
    recovered: bool


def pseudo_residuals(x: Array, y: Array) -> Array:
    """Return how far each inner point lies off the line through its neighbours.

    Formula: e_i = (a_i y_(i-1) + b_i y_(i+1) - y_i) / sqrt(a_i^2 + b_i^2 + 1), with
    a_i = (x_(i+1) - x_i) / (x_(i+1) - x_(i-1)) and b_i = 1 - a_i.
    Shapes: x, y [points] -> [points - 2]; a straight line gives 0.
    Source: Gasser, Sroka, Jennen-Steinmetz 1986, Biometrika 73.
    """
    before = (x[2:] - x[1:-1]) / (x[2:] - x[:-2])
    after = 1 - before
    raw = before * y[:-2] + after * y[2:] - y[1:-1]
    residuals: Array = raw / np.sqrt(before**2 + after**2 + 1)
    return residuals


def jitter(x: Array, y: Array) -> float | None:
    """Return the robust standard deviation of the pseudo-residuals; None below 30 finite points."""
    finite = np.isfinite(y)
    if finite.sum() < FEWEST_POINTS:
        return None
    return jitter_of(pseudo_residuals(x[finite], y[finite]))


def jitter_of(residuals: Array) -> float:
    """Return 1.4826 times the median of |residuals|."""
    return float(MAD_TO_SD * np.median(np.abs(residuals)))


def spike_window(steps: int) -> int:
    """Return over how many steps before it a spike is judged: 5 % of the run, 32 to 1000."""
    return min(max(round(0.05 * steps), 32), 1000)


def spike_events(y: Array, window: int) -> tuple[Spike, ...]:
    """Return the upward spike events of a curve.

    An event starts where y lies 6 robust standard deviations above the median of the `window`
    values before it, and lasts while it lies 2 above them, both frozen at its start. Values that
    are not finite are left out.
    """
    events: list[Spike] = []
    kept = np.flatnonzero(np.isfinite(y))
    values = y[kept]
    centres, widths = _robust_windows(values, window)
    at = window
    while at < len(values):
        centre, width = centres[at - window], widths[at - window]
        if width > 0 and values[at] - centre >= ENTER * width:
            above = (values[at:] - centre) / width
            low = np.flatnonzero(above < LEAVE)
            length = int(low[0]) if len(low) else len(above)
            height = float(values[at : at + length].max() - centre)
            last = at + length
            end = int(kept[last]) if last < len(kept) else len(y)
            events.append(Spike(int(kept[at]), end, height, height / float(width), len(low) > 0))
            at = last
        else:
            at += 1
    return tuple(events)


def _robust_windows(values: Array, window: int) -> tuple[Array, Array]:
    """Median and 1.4826 MAD of the `window` values before each place, from place `window` on."""
    if len(values) <= window:
        return np.empty(0), np.empty(0)
    windows = np.lib.stride_tricks.sliding_window_view(values, window)[:-1]
    centres, widths = np.empty(len(windows)), np.empty(len(windows))
    block = max(1, 4_000_000 // window)  # bounds the memory of a long run
    for first in range(0, len(windows), block):
        part = windows[first : first + block]
        centre = np.median(part, axis=1)
        centres[first : first + block] = centre
        deviations = np.abs(part - centre[:, None])
        widths[first : first + block] = MAD_TO_SD * np.median(deviations, axis=1)
    return centres, widths


def end_of_divergence(y: Array, vocabulary: int) -> str | None:
    """Return why the end of a curve means divergence, or None.

    A run diverged if the median of its last 5 % lies above its best 5 % by more than 0.5 nats and
    20 times its jitter, or above ln(vocabulary), which is what knowing nothing costs. Steps that
    are not finite are found where they happen; here they are left out.
    """
    steps = np.arange(len(y), dtype=np.float64)
    noise = jitter(steps, y)
    if noise is None:
        return None
    medians = _medians(y[np.isfinite(y)])
    end, best = medians[-1], min(medians)
    if end > best + max(0.5, 20 * noise):
        return f"the training loss ended {end - best:.2f} nats above its best"
    if end > math.log(vocabulary):
        return f"the training loss ended at {end:.2f}, above ln(vocabulary)"
    return None


def _medians(y: Array) -> Sequence[float]:
    length = max(1, round(0.05 * len(y)))
    ends = range(len(y), length - 1, -max(1, length // 2))
    return [float(np.median(y[end - length : end])) for end in ends][::-1]
