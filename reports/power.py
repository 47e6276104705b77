"""How many seeds would settle what is not settled."""

import math
from collections.abc import Callable

POWER = 0.8
MOST_SEEDS = 50


def power(effect: float, deviation: float, pairs: int, critical: float) -> float:
    """Return the chance that an interval of `pairs` seeds excludes 0 if `effect` is the truth.

    Formula: 1 - F(c; nu, ncp) + F(-c; nu, ncp), F the noncentral t, ncp = effect sqrt(S) / sd.
    """
    from scipy.special import nctdtr  # noqa: PLC0415 - scipy is slow to import

    if math.isinf(critical):
        return 0.0
    if deviation == 0:
        return 1.0
    shift = abs(effect) * math.sqrt(pairs) / deviation
    degrees = pairs - 1
    # the noncentral t loses its digits far out, where the answer is 1 anyway
    if shift > critical + 12:
        return 1.0
    upper, lower = nctdtr(degrees, shift, critical), nctdtr(degrees, shift, -critical)
    return float(1 - upper + lower)


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
