"""The spike scores of OLMo, for comparison with papers; `noise.spike_events` is what is judged.

Both move their mean and deviation with the spike before, and need longer runs than the window.
"""

import numpy as np

from reports.noise import Array

PAPER_WINDOW, PAPER_DEVIATIONS = 1000, 7.0
MONITOR_WINDOW, MONITOR_DEVIATIONS = 128, 6.0


def paper_score(y: Array, window: int = PAPER_WINDOW) -> float | None:
    """Return the percentage of steps at least 7 deviations off the mean of the window before.

    Returns: None for a run that is not longer than the window.
    Source: OLMo 2, arXiv 2501.00656.
    """
    found = _deviations(y, window)
    if found is None:
        return None
    off, width = found
    spikes = (np.abs(off) >= PAPER_DEVIATIONS * width) & (np.abs(off) > 0)
    return 100 * float(spikes.sum()) / len(y)


def monitor_score(y: Array, window: int = MONITOR_WINDOW) -> float | None:
    """Return the share of steps more than 6 deviations above the mean of the window before.

    Returns: None for a run that is not longer than the window.
    Source: OLMo-core, `stability_monitor.py`.
    """
    found = _deviations(y, window)
    if found is None:
        return None
    off, width = found
    return float((off > MONITOR_DEVIATIONS * width).sum()) / len(y)


def _deviations(y: Array, window: int) -> tuple[Array, Array] | None:
    """How far each value lies off the mean of the window before it, and its deviation."""
    if len(y) <= window:
        return None
    means, squares = _windows(y, window)
    return y[window:] - means[:-1], np.sqrt(squares[:-1] / window)


def _windows(y: Array, window: int) -> tuple[Array, Array]:
    """Mean and sum of squared deviations of every `window` neighbours, from those of its parts.

    The parts are as long as powers of two. Nothing is subtracted from a running sum, so a spike
    leaves no rounding error behind, and equal values have a deviation of exactly 0.
    Source: Chan, Golub, LeVeque 1983, American Statistician 37 (joining two samples).
    """
    part, length = (y, np.zeros(len(y))), 1
    found, covered = part, 0
    while length <= window:
        if window & length:
            found = part if covered == 0 else _joined(found, covered, part, length)
            covered += length
        part, length = _joined(part, length, part, length), 2 * length
    return found


def _joined(
    first: tuple[Array, Array], length: int, then: tuple[Array, Array], more: int
) -> tuple[Array, Array]:
    """Join each window of `length` values to the window of `more` values that begins behind it."""
    many = max(0, len(then[0]) - length)
    (mean, squares), both = (each[:many] for each in first), length + more
    off = then[0][length:] - mean
    return (
        mean + off * (more / both),
        squares + then[1][length:] + off**2 * (length * more / both),
    )
