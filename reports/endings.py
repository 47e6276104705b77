"""Where a curve is heading when it ends, and what its last value is worth.

Losses are nats per token, x is tokens.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.autocorrelation import memory
from reports.estimates import ALPHA, Interval, around, student
from reports.noise import FEWEST_POINTS, Array

END = 0.2  # of the tokens: the stretch whose slope is that of the end
MORE = 0.1  # slopes are told for so many more tokens, as a share of the run's


@dataclass(frozen=True)
class Line:
    """A straight line through the end of a curve.

    Fields:
        slope: nats for each token.
        error: its standard error, times sqrt(tau) of the residuals where they are correlated.
        last: the line at the last point, in nats.
        end: tokens there.
    """

    slope: float
    error: float
    last: float
    end: float

    @property
    def for_more(self) -> float:
        """Nats for 10 % more tokens at this slope."""
        return self.slope * MORE * self.end


@dataclass(frozen=True)
class Tail:
    """The last value of a curve beside the mean of its last n values.

    Fields:
        error_of_last, error_of_mean: standard errors.
        bias: of the mean, since the curve still moves.
        mean_square_of_last, mean_square_of_mean: mean square errors.
    """

    error_of_last: float
    error_of_mean: float
    bias: float
    mean_square_of_last: float
    mean_square_of_mean: float


def straight(x: Array, y: Array, tau: float = 1.0) -> Line:
    """Fit a straight line by least squares; its error is that of independent points, sqrt(tau).

    Shapes: x, y [points], 3 or more.
    """
    off = x - x.mean()
    spread = float((off**2).sum())
    slope = float((off * y).sum()) / spread
    residuals = y - y.mean() - slope * off
    error = math.sqrt(float((residuals**2).sum()) / (len(x) - 2) / spread * tau)
    return Line(slope, error, float(y.mean() + slope * off[-1]), float(x[-1]))


def end_line(x: Array, y: Array) -> Line | None:
    """Fit the last 20 % of the tokens; None below 30 finite points there.

    Residuals that follow each other widen the error by sqrt(tau); tau below 1 never narrows it.
    """
    chosen = np.isfinite(y) & (x > (1 - END) * x[-1])
    if chosen.sum() < FEWEST_POINTS:
        return None
    line = straight(x[chosen], y[chosen])
    behind = y[chosen] - line.last - line.slope * (x[chosen] - line.end)
    found = memory(behind)
    tau = 1.0 if found is None else max(1.0, found.tau)
    return straight(x[chosen], y[chosen], tau)


def over_seeds(values: Sequence[float], comparisons: int) -> Interval | None:
    """Return Student's interval over seeds with Bonferroni's correction; None below two seeds."""
    if len(values) < 2:  # noqa: PLR2004 - a deviation needs two
        return None
    critical = student(1 - ALPHA / comparisons / 2, len(values) - 1)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return around(float(np.mean(values)), critical * error, critical)


def meeting(gap: float, slope: float, end: float) -> float | None:
    """Return the tokens at which a gap would be 0 at this slope; None unless it closes."""
    return end - gap / slope if gap * slope < 0 else None


def tail(x: Array, y: Array) -> Tail | None:
    """Compare the last evaluation with the mean of those in the last 20 % of the tokens.

    Shapes: x, y [evaluations], finite. Returns: None below 30 evaluations.
    """
    if len(x) < FEWEST_POINTS:
        return None
    late = x > (1 - END) * x[-1]
    points = int(late.sum())
    if points < 3:  # noqa: PLR2004 - a line with a deviation around it needs three
        return None
    line = straight(x[late], y[late])
    behind = y[late] - line.last - line.slope * (x[late] - line.end)
    found = memory(behind)
    tau = 1.0 if found is None else max(1.0, found.tau)
    deviation = math.sqrt(float((behind**2).sum()) / (points - 2))
    per_point = line.slope * float(x[late][-1] - x[late][0]) / (points - 1)
    return tail_average(deviation, points, tau, per_point)


def tail_average(deviation: float, points: int, tau: float, slope: float) -> Tail:
    """Compare the last value with the mean of the last n: less noise, but late by half of them.

    Formula: variance sd^2 against sd^2 tau / n, bias |slope| (n - 1) / 2.
    Units: slope in nats for each point.
    """
    error = deviation * math.sqrt(tau / points)
    bias = abs(slope) * (points - 1) / 2
    return Tail(deviation, error, bias, deviation**2, error**2 + bias**2)
