"""Differences between runs that share nothing but their settings: Welch's interval."""

import math
from collections.abc import Mapping

import numpy as np

from reports.estimates import ALPHA, Array, Interval, Sides, around, student

FEWEST_RUNS = 2
ROUNDING = 1e-12  # of a loss of a few nats in float64: what varies less does not vary


def welch(
    ours: Array, theirs: Array, comparisons: int = 1, alpha: float = ALPHA, sides: Sides = "two"
) -> Interval | None:
    """Return the interval of a difference of two means, with Bonferroni's correction.

    Formula: mean_a - mean_b -/+ t(nu) sqrt(s2_a/n_a + s2_b/n_b), with Satterthwaite's degrees of
    freedom nu = (s2_a/n_a + s2_b/n_b)^2 / ((s2_a/n_a)^2/(n_a-1) + (s2_b/n_b)^2/(n_b-1)).
    Shapes: ours, theirs [runs], in any number.
    Source: Welch 1947, Biometrika 34.

    Returns:
        None below two runs of either, or where neither varies.
    """
    if min(len(ours), len(theirs)) < FEWEST_RUNS:
        return None
    parts = [float(np.var(each, ddof=1)) / len(each) for each in (ours, theirs)]
    total = sum(parts)
    if math.sqrt(total) <= ROUNDING * max(1.0, float(np.abs([*ours, *theirs]).max())):
        return None
    degrees = 1 / sum(
        (part / total) ** 2 / (len(each) - 1)
        for part, each in zip(parts, (ours, theirs), strict=True)
    )
    tail = alpha / comparisons / (2 if sides == "two" else 1)
    critical = student(1 - tail, degrees)
    difference = float(np.mean(ours) - np.mean(theirs))
    return around(difference, critical * math.sqrt(total), critical)


def could_be_best(losses: Mapping[str, Mapping[int, float]], alpha: float) -> Mapping[str, bool]:
    """Return whether each variant could be the best: no other has a lower mean beyond doubt.

    One-sided Welch intervals with Bonferroni's correction for the other variants. Only the
    comparisons of the true best with the others matter, so nothing is paid for taking each in turn
    as the reference (Edwards and Hsu 1983, JASA 78).

    Args:
        losses: variant -> seed -> loss.
        alpha: of the set.
    """
    others = max(1, len(losses) - 1)
    arrays = {name: np.array([*each.values()]) for name, each in losses.items()}
    return {
        name: not any(
            _is_above(ours, theirs, others, alpha)
            for other, theirs in arrays.items()
            if other != name
        )
        for name, ours in arrays.items()
    }


def _is_above(ours: Array, theirs: Array, comparisons: int, alpha: float) -> bool:
    found = welch(ours, theirs, comparisons, alpha, "one")
    return found is not None and found.low > 0
