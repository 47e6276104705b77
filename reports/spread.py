"""How far the seeds of a variant lie apart, and whether two variants differ in that.

Losses are nats per token.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.estimates import ALPHA, Interval
from reports.noise import ROUNDING

FEWEST_SEEDS = 10  # below them only a threefold difference could be seen
TOO_FEW_SEEDS = "seeds too few to compare spreads"
NO_SPREAD = "seeds that end with the same loss have no spread to compare"


@dataclass(frozen=True)
class Spread:
    """Standard deviation between seeds at one evaluation, with its 95 % interval.

    Fields:
        tokens: of the evaluation.
        seeds: that have it; with one of them there is no deviation.
    """

    tokens: float
    seeds: int
    deviation: float | None
    limits: tuple[float, float] | None


def spread(tokens: float, losses: Sequence[float | None]) -> Spread:
    """Measure one evaluation; a loss that is missing or not finite is left out."""
    known = [each for each in losses if each is not None and math.isfinite(each)]
    if len(known) < 2:  # noqa: PLR2004 - a deviation needs two
        return Spread(tokens, len(known), None, None)
    deviation = float(np.std(known, ddof=1))
    return Spread(tokens, len(known), deviation, deviation_interval(deviation, len(known)))


def deviation_interval(deviation: float, seeds: int, level: float = 0.95) -> tuple[float, float]:
    """Return the chi-square interval of a standard deviation."""
    from scipy.special import chdtri  # noqa: PLC0415 - scipy is slow to import

    degrees, tail = seeds - 1, (1 - level) / 2
    low = deviation * math.sqrt(degrees / float(chdtri(degrees, tail)))
    return low, deviation * math.sqrt(degrees / float(chdtri(degrees, 1 - tail)))


def ratio_factor(seeds: int, others: int, level: float = 0.95) -> float:
    """Return the factor that a ratio of two deviations is divided by for its lower limit.

    Formula: sqrt(F quantile) with seeds - 1 and others - 1 degrees of freedom.
    """
    from scipy.special import fdtri  # noqa: PLC0415 - scipy is slow to import

    return math.sqrt(float(fdtri(seeds - 1, others - 1, (1 + level) / 2)))


def spread_ratio(one: Spread, other: Spread, comparisons: int) -> Interval | str:
    """Return how many times as far apart the seeds of one lie, or why that cannot be told.

    The interval takes the seeds of the two as independent, with Bonferroni's correction.
    """
    if min(one.seeds, other.seeds) < FEWEST_SEEDS:
        return TOO_FEW_SEEDS
    if not one.deviation or not other.deviation or min(one.deviation, other.deviation) <= ROUNDING:
        return NO_SPREAD
    level = 1 - ALPHA / comparisons
    ratio = one.deviation / other.deviation
    below = ratio_factor(one.seeds, other.seeds, level)
    above = ratio_factor(other.seeds, one.seeds, level)
    return Interval(ratio, ratio / below, ratio * above, below)
