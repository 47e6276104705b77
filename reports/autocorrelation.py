"""Over how many steps a curve remembers where it was, and what that leaves of its mean."""

import math
from dataclasses import dataclass, replace

import numpy as np

from reports.noise import FEWEST_POINTS, ROUNDING, Array

WINDOWS = 5.0  # the sum of correlations ends at so many autocorrelation times
RELIABLE = 50.0  # a series shorter than so many autocorrelation times shows too little
TREND = 100.0  # a local line over fewer autocorrelation times takes a part of them along


@dataclass(frozen=True)
class Memory:
    """The integrated autocorrelation time of a series.

    Fields:
        tau: in points; 1 where they are independent.
        window: the last lag in the sum.
        points: length of the series.
        standard_deviation: of one point.
        is_reliable: whether there are enough points; otherwise tau is "at least".
    """

    tau: float
    window: int
    points: int
    standard_deviation: float
    is_reliable: bool

    @property
    def effective(self) -> float:
        """How many independent points the series is worth, points / tau."""
        return self.points / self.tau

    @property
    def error_of_mean(self) -> float:
        """Standard error of the mean of all points, sd sqrt(tau / points)."""
        return self.standard_deviation * math.sqrt(self.tau / self.points)


def memory(y: Array) -> Memory | None:
    """Return the autocorrelation time of a series without trend.

    Formula: tau = 1 + 2 sum_(k <= M) rho_k, with M the first lag of at least 5 tau(M); reliable
    from 50 tau points. Values that are not finite are left out.
    Returns: None below 30 points and for a series that does not vary.
    Source: Sokal 1997, Monte Carlo methods in statistical mechanics (the window, as in emcee).
    """
    values = y[np.isfinite(y)]
    if len(values) < FEWEST_POINTS or np.ptp(values) <= ROUNDING:
        return None
    taus = 2 * np.cumsum(correlations(values)) - 1
    enough = np.flatnonzero(np.arange(len(taus)) >= WINDOWS * taus)
    window = int(enough[0]) if len(enough) else len(taus) - 1
    tau = max(float(taus[window]), 1 / len(values))
    deviation = float(np.std(values, ddof=1))
    return Memory(tau, window, len(values), deviation, len(values) >= RELIABLE * tau)


def memory_around_trend(residuals: Array, span: float) -> Memory | None:
    """Return the autocorrelation time of what is left of a series without its local trend.

    The trend takes slow parts along: tau is too small then, and below 1 where the points were
    independent. It is 1 or more here, and reliable only where the trend's lines are 100 tau long.

    Args:
        residuals: around the trend.
        span: points that a line of the trend is fitted to.
    """
    found = memory(residuals)
    if found is None:
        return None
    tau = max(1.0, found.tau)
    is_long = found.points >= RELIABLE * tau and span >= TREND * tau
    return replace(found, tau=tau, is_reliable=is_long)


def correlations(y: Array) -> Array:
    """Return the autocorrelation at lag 0, 1, ... of a series, from biased autocovariances."""
    size = 2 ** math.ceil(math.log2(2 * len(y)))
    transformed = np.fft.rfft(y - y.mean(), size)
    covariances = np.fft.irfft(np.abs(transformed) ** 2, size)[: len(y)]
    found: Array = covariances / covariances[0]
    return found
