"""Measures of training curves: jitter, spike events, divergence, and whose noise it is.

Losses are nats per token.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reports.estimates import ALPHA, Interval, around, student

Array = NDArray[np.float64]

FEWEST_POINTS = 30
MAD_TO_SD = 1.482602219
ROUNDING = 1e-12  # of losses of a few nats in float64: what varies less does not vary
CLEARLY = 0.01  # level at which a pair of variants is said to share more noise than the others do
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
    values, free = y[kept], 0
    for at, centre in _candidates(values, window):
        if at < free:
            continue
        before = values[at - window : at]
        width = MAD_TO_SD * float(np.median(np.abs(before - centre)))
        if width <= 0 or values[at] - centre < ENTER * width:
            continue
        above = (values[at:] - centre) / width
        low = np.flatnonzero(above < LEAVE)
        length = int(low[0]) if len(low) else len(above)
        height = float(values[at : at + length].max() - centre)
        free = at + length
        end = int(kept[free]) if free < len(kept) else len(y)
        events.append(Spike(int(kept[at]), end, height, height / width, len(low) > 0))
    return tuple(events)


def _candidates(values: Array, window: int) -> Iterator[tuple[int, float]]:
    """Places that may lie 6 robust deviations up, with the median of the `window` values before.

    The deviation need not be computed elsewhere: it is at least the smaller distance of the median
    to two order statistics with at most half of the values from one to the other.
    """
    if len(values) <= window:
        return
    series = pl.Series(values[:-1])
    centres, lower, upper = (
        each.to_numpy()[window - 1 :]
        for each in (
            series.rolling_median(window),
            series.rolling_quantile(0.25, "higher", window),
            series.rolling_quantile(0.75, "lower", window),
        )
    )
    least = MAD_TO_SD * np.minimum(centres - lower, upper - centres)
    above = values[window:] - centres
    possible = np.flatnonzero((above > 0) & (above >= (1 - 1e-9) * ENTER * least))
    yield from ((window + int(place), float(centres[place])) for place in possible)


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


def own_variances(residuals: Array) -> Array:
    """Return the noise that each of several instruments adds to the same items.

    Formula: for three and more, the mean over pairs (j, k) of (V_ij + V_ik - V_jk) / 2 with V the
    variance of a difference; for two, var(e_i) - cov(e_1, e_2). May be negative.
    Shapes: residuals [variants, steps] -> [variants].
    Source: Grubbs 1948, Journal of the American Statistical Association 43.
    """
    many = len(residuals)
    if many == 2:  # noqa: PLR2004 - the formula for two
        covariance = np.cov(residuals)
        two: Array = np.diag(covariance) - covariance[0, 1]
        return two
    between = np.zeros((many, many))
    for row in range(many - 1):
        off = residuals[row + 1 :] - residuals[row]
        between[row, row + 1 :] = between[row + 1 :, row] = off.var(axis=1, ddof=1)
    # The mean over pairs in closed form: each V_ij is in many - 2 of them, V_jk in one.
    others, mine = many - 1, between.sum(axis=1)
    own: Array = (others * mine - mine.sum() / 2) / (others * (others - 1))
    return own


def noise_ratio(variant: Array, baseline: Array, comparisons: int) -> Interval:
    """Return the ratio of two noises with its interval, from one value of each for every seed.

    The paired t on the logarithms, with Bonferroni's correction; `critical` is its quantile.
    """
    logs = np.log(variant / baseline)
    critical = student(1 - ALPHA / comparisons / 2, len(logs) - 1)
    half = critical * float(np.std(logs, ddof=1)) / math.sqrt(len(logs))
    mean = float(logs.mean())
    inner = around(mean, half, critical)
    return Interval(math.exp(mean), math.exp(inner.low), math.exp(inner.high), critical)


def is_borne_out(own: Interval, whole: Interval) -> bool:
    """Return whether a ratio of own noises says nothing that the whole noises do not bear out.

    What two other variants share counts as the batches' and leaves their own noise too small. The
    whole noise of a variant does not depend on the others: where own noises are equal it is equal.
    So a ratio that is resolved whatever they share needs one of the whole noises that is resolved
    the same way.
    """
    if own.low > 1:
        return whole.low > 1
    return own.high >= 1 or whole.high < 1


def is_contradicted(own: Interval, whole: Interval) -> bool:
    """Return whether the whole noises are resolved the other way round than the own ones."""
    return (own.low > 1 and whole.high < 1) or (own.high < 1 and whole.low > 1)


def shared_unequally(seeds: Sequence[Array]) -> bool:
    """Return whether one pair of variants shares more noise than the other pairs do.

    Independent own noises leave all pairs the same covariance, that of the batches. One-sided
    paired t over seeds of each pair's covariance against the mean of the others', with Bonferroni's
    correction for the pairs.
    Shapes: residuals [variants, steps] of each seed.
    """
    if len(seeds) < 2 or len(seeds[0]) < 3:  # noqa: PLR2004 - pairs to compare, and to vary
        return False
    upper = np.triu_indices(len(seeds[0]), 1)
    shared = np.array([np.cov(each)[upper] for each in seeds])
    many = shared.shape[1]
    excess = (shared - shared.mean(axis=1, keepdims=True)) * many / (many - 1)
    errors = excess.std(axis=0, ddof=1) / math.sqrt(len(seeds))
    critical = student(1 - CLEARLY / many, len(seeds) - 1)
    return bool((excess.mean(axis=0) > critical * errors).any())
