"""The curve L = E + A x^-a, fitted only where the curve can say what E and a are."""

import math
from dataclasses import dataclass

import numpy as np

from reports.noise import Array

EXPONENTS = (0.05, 2.0)
GRID = 100
BINS = 20
FEWEST_BINS = 5
CHI_SQUARE = 3.841458821  # 95 % quantile with one degree of freedom
DECAYS = "not identifiable: the learning rate decays in the fitted range"
SHORT = "not identifiable: less than one decade of tokens"
FEW = "not identifiable: too few points"
EXPONENT = "not identifiable: the interval of the exponent touches a bound"
LIMIT = "not identifiable: the interval of the limit includes 0"
RISES = "not identifiable: the curve does not fall"


@dataclass(frozen=True)
class PowerLaw:
    """L = limit + scale x^-exponent, with 95 % profile intervals of exponent and limit."""

    limit: float
    scale: float
    exponent: float
    limits: tuple[float, float]
    exponents: tuple[float, float]

    def at(self, x: float) -> float:
        """Return the loss at x."""
        return float(self.limit + self.scale * x**-self.exponent)


@dataclass(frozen=True)
class Binned:
    """Means of a curve in bins of equal width in ln x: places, means and standard errors [bins]."""

    x: Array
    means: Array
    errors: Array


def binned(x: Array, y: Array) -> Binned:
    """Return the bin means of a curve; bins of fewer than two points are left out."""
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) < FEWEST_BINS:
        return Binned(np.empty(0), np.empty(0), np.empty(0))
    edges = np.geomspace(x[0], x[-1], BINS + 1)
    places = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, BINS - 1)
    groups = [np.flatnonzero(places == each) for each in range(BINS)]
    kept = [each for each in groups if len(each) > 1]
    return Binned(
        np.array([np.exp(np.log(x[each]).mean()) for each in kept]),
        np.array([y[each].mean() for each in kept]),
        np.array([np.std(y[each], ddof=1) / math.sqrt(len(each)) for each in kept]),
    )


def power_law(points: Binned, rates: Array) -> PowerLaw | str:
    """Fit the bin means with weights 1 / error^2, or say why there is no fit.

    A rate that decays bends the end of the curve down, and what is drawn out from there is wrong.
    Shapes: rates [points], the learning rates of the fitted range.
    """
    if len(rates) and rates[-1] < (1 - 1e-6) * rates.max():
        return DECAYS
    if len(points.x) < FEWEST_BINS:
        return FEW
    if points.x[-1] < 10 * points.x[0]:
        return SHORT
    grid = np.geomspace(*EXPONENTS, GRID)
    best = _refined(points, grid)
    fit = _fit(points, best)
    if fit.scale <= 0:
        return RISES
    exponents = (_edge(points, fit, EXPONENTS[0]), _edge(points, fit, EXPONENTS[1]))
    if exponents[0] <= EXPONENTS[0] or exponents[1] >= EXPONENTS[1]:
        return EXPONENT
    allowed = [_fit(points, float(each)) for each in np.geomspace(*exponents, GRID)]
    reach = [math.sqrt(max(fit.bound - each.misfit, 0) * each.variance) for each in allowed]
    lows = min(each.limit - far for each, far in zip(allowed, reach, strict=True))
    highs = max(each.limit + far for each, far in zip(allowed, reach, strict=True))
    if lows <= 0:
        return LIMIT
    return PowerLaw(fit.limit, fit.scale, best, (lows, highs), exponents)


@dataclass(frozen=True)
class _Fit:
    """The best limit and scale of one exponent; `variance` is that of the limit."""

    exponent: float
    limit: float
    scale: float
    misfit: float
    variance: float

    @property
    def bound(self) -> float:
        return self.misfit + CHI_SQUARE


def _fit(points: Binned, exponent: float) -> _Fit:
    """Weighted least squares in limit and scale, which are linear."""
    falls = points.x**-exponent
    weights = 1 / np.maximum(points.errors, np.finfo(np.float64).tiny ** 0.25) ** 2
    total = weights.sum()
    middle, mean = (weights * falls).sum() / total, (weights * points.means).sum() / total
    spread = (weights * (falls - middle) ** 2).sum()
    scale = float((weights * (falls - middle) * (points.means - mean)).sum() / spread)
    limit = float(mean - scale * middle)
    misfit = float((weights * (points.means - limit - scale * falls) ** 2).sum())
    return _Fit(exponent, limit, scale, misfit, float(1 / total + middle**2 / spread))


def _refined(points: Binned, grid: Array) -> float:
    """The exponent of the smallest misfit: the best of the grid, then golden sections."""
    place = int(np.argmin([_fit(points, each).misfit for each in grid]))
    low, high = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, len(grid) - 1)])
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _fit(points, left).misfit < _fit(points, right).misfit:
            high = right
        else:
            low = left
    return (low + high) / 2


def _edge(points: Binned, best: _Fit, bound: float) -> float:
    """The exponent towards `bound` at which the data begins to contradict the fit."""
    inside, outside = best.exponent, bound
    if _fit(points, outside).misfit <= best.bound:
        return bound
    for _ in range(60):
        between = (inside + outside) / 2
        if _fit(points, between).misfit <= best.bound:
            inside = between
        else:
            outside = between
    return inside
