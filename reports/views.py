"""The usual ways to draw two curves, all of them, and how far apart each draws the two.

A view is a smoothing of the visible points, which of them are drawn, a window, a height of the
chart, and where a reader looks. Smoothing is applied to what is visible and drawn, as dashboards
do that compute the picture again after a zoom.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reports.smoothing import ema, running_mean, time_weighted_ema

Array = NDArray[np.float64]
Smoothing = Callable[[Array, Array], Array]

LEGIBLE = 0.01
"""Share of the height, about 4 pixels of 400, below which two lines look equal."""

VISIBLE = 0.05
"""Share of the height above which a gap is one that a reader sees and believes."""

LEFT_OUT = 0.10
"""Share of the tokens at the beginning that no view shows: early pictures always differ."""

FEWEST_STEPS = 100
"""The narrowest window is 2.5 % of the run; below this it would have fewer than two points."""


@dataclass(frozen=True)
class Family:
    """What views differ in; the product of all.

    Fields:
        smoothings: name -> from x [points] and curves [curves, points] to what is shown.
        points: name -> into how many stretches of equal width the window is cut, of which the last
            point is drawn; None draws all.
        lefts: name -> left edge, as a share of the tokens up to the right edge.
        rights: name -> right edge, as a share of the tokens of the run: how far it has come.
        heights: name -> share of the values that is cut off at the top and at the bottom.
        left_out: share of the tokens before which nothing is shown.
    """

    smoothings: Mapping[str, Smoothing]
    points: Mapping[str, int | None]
    lefts: Mapping[str, float]
    rights: Mapping[str, float]
    heights: Mapping[str, float]
    left_out: float = LEFT_OUT

    @property
    def factors(self) -> Mapping[str, tuple[str, ...]]:
        """What views differ in -> its values, in the order of the axes of `shares`."""
        return {
            "smoothing": tuple(self.smoothings),
            "points": tuple(self.points),
            "left": tuple(self.lefts),
            "right": tuple(self.rights),
            "y_range": tuple(self.heights),
            "readout": READOUTS,
        }


READOUTS = ("edge", "most")
"""Where a reader looks: at the right edge, or over most of the window."""


def _plain(_: Array, y: Array) -> Array:
    return y


def _ema(weight: float, _: Array, y: Array) -> Array:
    return ema(y, weight)


def _time_weighted(smoothing: float, x: Array, y: Array) -> Array:
    return time_weighted_ema(x, y, smoothing)


def _running(points: int, _: Array, y: Array) -> Array:
    return running_mean(y, points)


USUAL = Family(
    smoothings={
        "none": _plain,
        **{f"ema {weight}": partial(_ema, weight) for weight in (0.6, 0.9, 0.99)},
        **{f"twema {weight}": partial(_time_weighted, weight) for weight in (0.6, 0.9, 0.99)},
        **{f"mean {points}": partial(_running, points) for points in (11, 101)},
    },
    points={"all": None, "last of 1000": 1000, "last of 100": 100},
    lefts={f"{share} %": share / 100 for share in (0, 50, 75, 90, 95)},
    rights={f"{share} %": share / 100 for share in (50, 75, 100)},
    heights={"auto": 0.0, "5 to 95 %": 0.05},
)
"""9 smoothings, 3 choices of points, 15 windows, 2 heights, 2 readouts: 1620 views."""


@dataclass(frozen=True)
class Gaps:
    """How far two curves lie apart in every view.

    Shapes: gaps [pairs, smoothings, points, lefts, rights, readouts] first minus second, in nats;
        heights [pairs, smoothings, points, lefts, rights, heights] of the chart.
    """

    gaps: Array
    heights: Array

    @property
    def shares(self) -> Array:
        """Gaps as shares of the height [pairs, and one axis for every factor of the family]."""
        gaps, heights = np.broadcast_arrays(
            self.gaps[..., np.newaxis, :], self.heights[..., np.newaxis]
        )
        found: Array = np.divide(gaps, heights, out=np.zeros(gaps.shape), where=heights > 0)
        return found


def look(x: Array, curves: Array, pairs: Sequence[tuple[int, int]], family: Family = USUAL) -> Gaps:
    """Draw every view of every pair and measure it.

    Args:
        x: tokens after each step, ascending [points].
        curves: losses [curves, points], all finite.
        pairs: indexes of curves, the first minus the second.
        family: of views.
    """
    sizes = tuple(len(values) for values in family.factors.values())
    gaps = np.empty((len(pairs), *sizes[:4], sizes[5]))
    heights = np.empty((len(pairs), *sizes[:5]))
    first, second = np.array(pairs).T
    for place, shown in _pictures(x, curves, family):
        a, b = shown[first], shown[second]
        gaps[(slice(None), *place)] = _readouts(a - b)
        heights[(slice(None), *place)] = _heights(
            np.concatenate([a, b], axis=1), tuple(family.heights.values())
        )
    return Gaps(gaps, heights)


def _pictures(
    x: Array, curves: Array, family: Family
) -> Iterator[tuple[tuple[int, int, int, int], Array]]:
    """Yield every picture that differs in more than height and readout: its place and curves."""
    for left, share in enumerate(family.lefts.values()):
        for right, end in enumerate(family.rights.values()):
            window = window_of(x, share, end, family.left_out)
            for points, stretches in enumerate(family.points.values()):
                kept = window.start + last_of_each(x[window], stretches)
                x_kept, y_kept = x[kept], curves[:, kept]
                for smoothing, smooth in enumerate(family.smoothings.values()):
                    yield (smoothing, points, left, right), smooth(x_kept, y_kept)


def window_of(x: Array, left: float, right: float, left_out: float = LEFT_OUT) -> slice:
    """Return the visible points: after both the left edge and what is left out, up to the right."""
    end = right * x[-1]
    start = max(left * end, left_out * x[-1])
    # A share of the last value is inexact: an edge that falls on a point must not slip past it.
    slack = 1e-9 * x[-1]
    first, after = np.searchsorted(x, [start + slack, end + slack], side="right")
    return slice(int(first), int(after))


def last_of_each(x: Array, stretches: int | None) -> NDArray[np.intp]:
    """Return the indexes of the last point in each of the stretches of equal width."""
    if stretches is None or len(x) <= 1:
        return np.arange(len(x))
    place = np.ceil((x - x[0]) / (x[-1] - x[0]) * stretches - 1e-9)
    return np.flatnonzero(np.diff(place, append=np.inf))


def _readouts(differences: Array) -> Array:
    """Return what the two readouts see [pairs, 2]: the last gap, and the median one.

    The median has the sign of the majority of points; where there is no majority, nothing is seen.
    """
    middle = quantiles(differences, (0.5,))[:, 0]
    half = differences.shape[1] / 2
    below, above = (differences < 0).sum(axis=1), (differences > 0).sum(axis=1)
    seen = np.where(np.maximum(below, above) > half, middle, 0.0)
    return np.stack([differences[:, -1], seen], axis=1)


def _heights(values: Array, cuts: Sequence[float]) -> Array:
    """Return the height of the chart [pairs, cuts] of what both curves show."""
    found = np.empty((len(values), len(cuts)))
    for place, cut in enumerate(cuts):
        if cut == 0:
            found[:, place] = values.max(axis=1) - values.min(axis=1)
        else:
            low, high = quantiles(values, (cut, 1 - cut)).T
            found[:, place] = high - low
    return found


def quantiles(values: Array, shares: Sequence[float]) -> Array:
    """Return quantiles of each row, linear between order statistics [rows, shares].

    As numpy.quantile, which takes several times as long for many short rows.
    """
    places = np.array(shares) * (values.shape[1] - 1)
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, values.shape[1] - 1)
    ordered = np.partition(values, np.unique([below, above]), axis=1)
    found: Array = ordered[:, below] + (places - below) * (ordered[:, above] - ordered[:, below])
    return found
