"""How many seeds would settle what is not settled."""

import math
from collections.abc import Callable

import numpy as np

POWER = 0.8
MOST_SEEDS = 50

_NORMAL = np.linspace(-9, 9, 4001)
_WEIGHTS = np.exp(-(_NORMAL**2) / 2) / np.exp(-(_NORMAL**2) / 2).sum()


def power(effect: float, deviation: float, pairs: int, critical: float) -> float:
    """Return the chance that an interval of `pairs` seeds excludes 0 if `effect` is the truth.

    Formula: P(|T| > c) of the noncentral t, as the mean of F(nu ((z + ncp) / c)^2; nu) over a
    standard normal z, F the chi-square; ncp = effect sqrt(S) / sd, nu = S - 1. scipy's noncentral t
    is NaN for many a c and ncp that a plan meets.
    """
    from scipy.special import chdtr  # noqa: PLC0415 - scipy is slow to import

    if math.isinf(critical):
        return 0.0
    if deviation == 0:
        return 1.0
    shift, degrees = abs(effect) * math.sqrt(pairs) / deviation, pairs - 1
    return float(_WEIGHTS @ chdtr(degrees, degrees * ((_NORMAL + shift) / critical) ** 2))


def seeds_needed(effect: float, deviation: float, critical: Callable[[int], float]) -> int | None:
    """Return the smallest number of seeds with power 0.8 for `effect`; None above 50.

    Args:
        effect: the true difference to resolve, in nats per token.
        deviation: standard deviation of the paired difference.
        critical: number of seeds -> critical value; infinite where no interval can be had.
    """
    for pairs in range(2, MOST_SEEDS + 1):
        if power(effect, deviation, pairs, critical(pairs)) >= POWER:
            return pairs
    return None


def deviation_limit(deviation: float, pairs: int, confidence: float = 0.8) -> float:
    """Return the upper limit of a standard deviation, s sqrt(nu / chi2 quantile)."""
    from scipy.special import chdtri  # noqa: PLC0415 - scipy is slow to import

    degrees = pairs - 1
    return deviation * math.sqrt(degrees / float(chdtri(degrees, confidence)))
