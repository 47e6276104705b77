"""How far a training curve wanders off its own trend, beside how far it jumps from step to step.

Losses are nats per token.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.noise import FEWEST_POINTS, MAD_TO_SD, ROUNDING, Array, jitter

SPAN = 0.2  # of the points: what a local line is fitted to
REWEIGHTINGS = 3
EXACT = 2000  # longer curves have a local line at some points, and are straight between them
FITS = 250  # evenly spaced in x, and as many in ln x
BINS = 10
CUT = 6.0  # a residual of so many medians has no weight left
LEAST_WEIGHT = 1e-12
BLOCK = 50_000  # numbers at once: what stays in the cache is three times as fast

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Motion:
    """How a stretch of a curve moves.

    Fields:
        start, end: tokens at its ends.
        jitter: robust standard deviation from step to step.
        wander: robust standard deviation around the trend.
        jumping: min(1, jitter^2 / wander^2): near 1 it jumps, near 0 it drifts. All three are None
            below 30 points, `jumping` also for a curve that does not move.
    """

    start: float
    end: float
    jitter: float | None
    wander: float | None
    jumping: float | None


def trend(x: Array, y: Array, span: float = SPAN) -> Array:
    """Return the local linear trend of y on ln x.

    Tricube weights over the nearest `span` of the points, 3 bisquare reweightings of residuals.
    Shapes: x, y [points] -> [points]; x > 0 ascends.
    Source: Cleveland 1979, Journal of the American Statistical Association 74 (LOWESS).
    """
    place = np.log(x)
    near = min(max(int(span * len(x) + 1e-10), 2), len(x))
    fits = _places_of_fits(place)
    first = _first_neighbours(place, fits, near)
    robust = np.ones(len(x))
    line = y
    for _ in range(1 + REWEIGHTINGS):
        fitted = [
            _local_lines(place, y, robust, fits[part], first[part][:, None] + np.arange(near))
            for part in _blocks(len(fits), near)
        ]
        line = np.interp(place, place[fits], np.concatenate(fitted))
        robust = _bisquare(np.abs(y - line))
    return line


def wander(residuals: Array) -> float | None:
    """Return 1.4826 times the median absolute deviation; None below 30 points."""
    if len(residuals) < FEWEST_POINTS:
        return None
    return float(MAD_TO_SD * np.median(np.abs(residuals - np.median(residuals))))


def share_of_jumping(jumps: float | None, drifts: float | None) -> float | None:
    """Return min(1, jitter^2 / wander^2); None where one is missing or nothing moves."""
    if jumps is None or drifts is None or drifts <= ROUNDING:
        return None
    return min(1.0, (jumps / drifts) ** 2)


def motion(x: Array, y: Array, residuals: Array) -> Motion:
    """Measure one stretch of a curve, of which `residuals` are around the trend of the whole.

    Shapes: x, y, residuals [points], finite.
    """
    jumps, drifts = jitter(x, y), wander(residuals)
    ends = (float(x[0]), float(x[-1])) if len(x) else (np.nan, np.nan)
    return Motion(*ends, jumps, drifts, share_of_jumping(jumps, drifts))


def motions(x: Array, y: Array, residuals: Array) -> tuple[Motion, ...]:
    """Measure 10 stretches of equal width in ln x, the noise of a run being larger at first."""
    edges = np.geomspace(x[0], x[-1], BINS + 1)
    bins = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, BINS - 1)
    found = []
    for each in range(BINS):
        inside = bins == each
        moved = motion(x[inside], y[inside], residuals[inside])
        start, end = float(edges[each]), float(edges[each + 1])
        found.append(Motion(start, end, moved.jitter, moved.wander, moved.jumping))
    return tuple(found)


def _blocks(fits: int, near: int) -> Iterator[slice]:
    size = max(1, BLOCK // near)
    for at in range(0, fits, size):
        yield slice(at, at + size)


def _places_of_fits(place: Array) -> Places:
    every = np.arange(len(place))
    if len(place) <= EXACT:
        return every
    even = np.linspace(0, len(place) - 1, FITS).round().astype(np.int64)
    early = np.searchsorted(place, np.linspace(place[0], place[-1], FITS))
    return np.union1d(even, np.minimum(early, len(place) - 1))


def _first_neighbours(place: Array, fits: Places, near: int) -> Places:
    """The first of the `near` nearest neighbours of the place of each fit."""
    # A window moves on where the point behind it is nearer than its first one.
    middles = (place[: len(place) - near] + place[near:]) / 2
    return np.searchsorted(middles, place[fits], side="left")


def _local_lines(place: Array, y: Array, robust: Array, fits: Places, windows: Places) -> Array:
    """The weighted straight line through the neighbours of each fit, at its place."""
    at = place[fits][:, None]
    away = np.abs(place[windows] - at)
    radius = np.maximum(away[:, :1], away[:, -1:])
    scaled = away / radius
    kernel = 1 - scaled * scaled * scaled  # products: numpy's power is ten times as slow
    weights = kernel * kernel * kernel * robust[windows]
    total = weights.sum(axis=1, keepdims=True)
    lone = (weights > LEAST_WEIGHT).sum(axis=1) < 2  # noqa: PLR2004 - a line needs two points
    weights = weights / np.where(lone[:, None], 1, total)
    centre = (weights * place[windows]).sum(axis=1, keepdims=True)
    off = place[windows] - centre
    spread = np.maximum((weights * off**2).sum(axis=1, keepdims=True), LEAST_WEIGHT)
    line = (weights * (1 + (at - centre) * off / spread) * y[windows]).sum(axis=1)
    found: Array = np.where(lone, y[fits], line)
    return found


def _bisquare(distances: Array) -> Array:
    """The weight that each point keeps for its distance to the trend."""
    middle = float(np.median(distances))
    scaled = distances / (CUT * middle) if middle > 0 else (distances > 0).astype(np.float64)
    weights: Array = (1 - np.minimum(scaled, 1) ** 2) ** 2
    return weights
