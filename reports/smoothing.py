"""The smoothing formulas of dashboards, as the pictures that a reader has seen were made.

Shapes: x [points] ascending, y [..., points] -> [..., points]. All values are finite.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

VIEWPORT = 1000.0
"""Steps of time on the visible range; assumed, since W&B names the constant and not its value."""

LARGEST_WEIGHT = 0.999
# exp(600) and its sums are far inside float64; what has faded more than this has no digit left.
FADED = 600.0


def ema(y: Array, weight: float) -> Array:
    """Return TensorBoard's moving average: the same weight from point to point.

    Formula: last_i = w last_(i-1) + (1 - w) y_i, shown last_i / (1 - w^i).
    """
    if weight == 0:
        return y
    return _faded_mean(y, np.full(y.shape[-1], -math.log(weight)))


def time_weighted_ema(x: Array, y: Array, smoothing: float, viewport: float = VIEWPORT) -> Array:
    """Return W&B's moving average: what lies further away on the x axis fades more.

    Formula: l_i = l_(i-1) w^(dx_i) + y_i and the same of ones, shown l_i / b_i, with
    w = min(sqrt(smoothing), 0.999) and dx_i = (x_i - x_(i-1)) / (x_n - x_1) viewport.
    Source: W&B documentation, "Smooth line plots".
    """
    if smoothing == 0 or len(x) == 1:
        return y
    weight = min(math.sqrt(smoothing), LARGEST_WEIGHT)
    distances = np.diff(x, prepend=x[0]) / (x[-1] - x[0]) * viewport
    return _faded_mean(y, -math.log(weight) * distances)


def running_mean(y: Array, points: int) -> Array:
    """Return the mean of the `points` values around each; at the ends, of those that exist."""
    length, half = y.shape[-1], points // 2
    sums = np.zeros((*y.shape[:-1], length + 1))
    np.cumsum(y, axis=-1, out=sums[..., 1:])
    places = np.arange(length)
    first, after = np.maximum(places - half, 0), np.minimum(places + half + 1, length)
    means: Array = (sums[..., after] - sums[..., first]) / (after - first)
    return means


def _faded_mean(y: Array, fading: Array) -> Array:
    """Mean of all values so far, each faded by exp(-fading) at every point after it.

    The recurrence is a running sum of y exp(age), shown times exp(-age); started again before
    exp(age) overflows.
    """
    length = y.shape[-1]
    values = np.concatenate([y.reshape(-1, length), np.ones((1, length))])
    age = np.cumsum(fading)
    carried = np.zeros((len(values), 1))
    first = 0
    while first < length:
        after = max(first + 1, int(np.searchsorted(age, age[first] + FADED)))
        scale = np.exp(age[first:after] - age[first])
        part = values[:, first:after]
        part *= scale
        part[:, :1] += carried * math.exp(-fading[first])
        np.cumsum(part, axis=1, out=part)
        part /= scale
        carried = part[:, -1:].copy()
        first = after
    means: Array = (values[:-1] / values[-1]).reshape(y.shape)
    return means
