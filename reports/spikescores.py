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
    off, width = np.empty(len(y) - window), np.empty(len(y) - window)
    windows = np.lib.stride_tricks.sliding_window_view(y, window)[:-1]
    block = max(1, 4_000_000 // window)  # bounds the memory of a long run
    for first in range(0, len(windows), block):
        part = windows[first : first + block]
        # Off the first value, so that a window of equal values has a deviation of exactly 0.
        moved = part - part[:, :1]
        chosen = slice(first, first + len(part))
        off[chosen] = y[window:][chosen] - part[:, 0] - moved.mean(axis=1)
        width[chosen] = moved.std(axis=1)
    return off, width
