"""Estimates and intervals of differences that are paired by seed. Losses are nats per token."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Sides = Literal["one", "two"]

ALPHA = 0.05  # of the family: all verdicts of a grid together
CAP = 9.0  # another contrast counts at most 3 times this one's own standard deviation
MOST_CONTRASTS = 15  # in the table of critical values; beyond it the paired t stands in
EFFECT_PRIOR = 4.0  # g: variance of the effect in units of the noise, for always-valid intervals


@dataclass(frozen=True)
class Interval:
    """An estimate with its limits; `critical` is the multiple of the standard error."""

    estimate: float
    low: float
    high: float
    critical: float

    @property
    def half_width(self) -> float:
        """Half the distance of the limits."""
        return (self.high - self.low) / 2


def around(estimate: float, half_width: float, critical: float) -> Interval:
    """Return the interval that reaches `half_width` to both sides."""
    return Interval(estimate, estimate - half_width, estimate + half_width, critical)


def student(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t."""
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy is slow to import

    return float(stdtrit(degrees, probability))


def student_below(value: float, degrees: float) -> float:
    """Return the probability that Student's t is below `value`."""
    from scipy.special import stdtr  # noqa: PLC0415 - scipy is slow to import

    return float(stdtr(degrees, value))


def mean_interval(values: Array, level: float = 0.95) -> Interval:
    """Return Student's interval of a mean; needs two values."""
    critical = student((1 + level) / 2, len(values) - 1)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return around(float(np.mean(values)), critical * error, critical)


def paired_critical(
    comparisons: int, pairs: int, alpha: float = ALPHA, sides: Sides = "two"
) -> float:
    """Return Student's quantile with Bonferroni's correction for all comparisons."""
    tail = alpha / comparisons / (2 if sides == "two" else 1)
    return student(1 - tail, pairs - 1)


def paired_p(differences: Array) -> float:
    """Return the two-sided p-value of the paired t, without any correction; 0 without variance."""
    error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    mean = float(np.mean(differences))
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return 2 * student_below(-abs(mean / error), len(differences) - 1)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for their number (Holm 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, running)
    return tuple(float(each) for each in adjusted)


@cache
def _tables() -> dict[str, dict[int, dict[int, float]]]:
    path = Path(__file__).with_name("critical_values.json")
    tables = json.loads(path.read_text(encoding="utf-8"))["tables"]
    return {
        name: {int(m): {int(s): value for s, value in row.items()} for m, row in table.items()}
        for name, table in tables.items()
    }


def floored_critical(
    contrasts: int, pairs: int, alpha: float = ALPHA, sides: Sides = "two"
) -> float | None:
    """Return c*(m, S), the critical value of the floored paired t.

    Between entries of the table the larger m, the smaller S and the smaller alpha are taken, so
    that the interval is never too narrow. One contrast has Student's quantile.

    Returns:
        None where the table ends: more than 15 contrasts, or alpha below 0.01.
    """
    if contrasts == 1:
        return paired_critical(1, pairs, alpha, sides)
    levels = [level for level in (0.1, 0.05, 0.025, 0.0167, 0.01) if level <= round(alpha, 4)]
    if contrasts > MOST_CONTRASTS or not levels:
        return None
    table = _tables()[f"{sides} {levels[0]:.4f}"]
    row = table[min(m for m in table if m >= contrasts)]
    return row[max(size for size in row if size <= pairs)]


def floored_variances(variances: Array, degrees: Array) -> Array:
    """Return variances that are not far below those of the other contrasts.

    Formula: f2_v = max(s2_v, sum_u w_u min(s2_u, 9 s2_v)), w_u = degrees_u / sum of degrees.
    Shapes: variances, degrees [contrasts] -> [contrasts].
    """
    weights = degrees / degrees.sum()
    lifted = [float(np.sum(weights * np.minimum(variances, CAP * own))) for own in variances]
    floored: Array = np.maximum(variances, np.array(lifted))
    return floored


def floored_errors(differences: Sequence[Array]) -> Array:
    """Return sqrt(f2 / S) of every contrast; each needs two pairs at least."""
    variances = np.array([np.var(each, ddof=1) for each in differences])
    pairs = np.array([len(each) for each in differences])
    errors: Array = np.sqrt(floored_variances(variances, pairs - 1.0) / pairs)
    return errors


def paired_errors(differences: Sequence[Array]) -> Array:
    """Return s / sqrt(S) of every contrast; each needs two pairs at least."""
    return np.array([np.std(each, ddof=1) / math.sqrt(len(each)) for each in differences])


def always_valid_critical(pairs: int, comparisons: int, alpha: float = ALPHA) -> float:
    """Return the multiple of s / sqrt(n) that holds at every n at once; infinite for few pairs.

    Formula: K = (sqrt(1 + n g) m / alpha)^(2/n); k = sqrt(nu (K - 1) / (1 - K / (1 + n g))).
    Source: the Gaussian-mixture e-process of Wang and Ramdas 2023, arXiv 2310.03722.
    """
    spread = 1 + pairs * EFFECT_PRIOR
    bound = (math.sqrt(spread) * comparisons / alpha) ** (2 / pairs)
    if bound >= spread:
        return math.inf
    return math.sqrt((pairs - 1) * (bound - 1) / (1 - bound / spread))


def flip_probability(differences: Array) -> float:
    """Return the chance that one fresh seed orders the two the other way.

    Formula: T_nu(-|mean| / (s sqrt(1 + 1/S))), the predictive distribution of a new pair.
    """
    spread = float(np.std(differences, ddof=1)) * math.sqrt(1 + 1 / len(differences))
    mean = abs(float(np.mean(differences)))
    if spread == 0:
        return 0.0 if mean > 0 else 0.5
    return student_below(-mean / spread, len(differences) - 1)


def pairing_efficiency(variant: Array, baseline: Array) -> float | None:
    """Return rho = 1 - var(D) / (var(Y_v) + var(Y_0)), what pairing by seed took off the noise."""
    total = float(np.var(variant, ddof=1) + np.var(baseline, ddof=1))
    if total == 0:
        return None
    return 1 - float(np.var(variant - baseline, ddof=1)) / total


def pairs_of(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return every pair (later, earlier) of the names, in their order."""
    return tuple((later, earlier) for earlier, later in combinations(names, 2))
