"""Variances that borrow from one another: limma's moderated t, a second opinion, never a verdict.

With few contrasts the prior's degrees of freedom cannot be estimated; where they come out infinite
this is pooling, which is wrong where one variant is noisier than the others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.estimates import Array, student_below

ENOUGH = 1e-10  # relative step at which Newton's method ends
MOST_STEPS = 50


@dataclass(frozen=True)
class Prior:
    """What all contrasts say about a variance; infinite degrees mean that all are one."""

    degrees: float
    variance: float


@dataclass(frozen=True)
class Moderated:
    """The moderated t of one contrast; `prior_degrees` is None where they are infinite."""

    t: float
    degrees: float
    p: float
    prior_degrees: float | None
    prior_variance: float


def prior_of(variances: Array, degrees: float) -> Prior:
    """Estimate the prior of variances that each rest on `degrees`, from the first two moments.

    Formula: e = ln s^2 - digamma(nu/2) + ln(nu/2); trigamma(d0/2) = var(e) - trigamma(nu/2);
    s0^2 = exp(mean(e) + digamma(d0/2) - ln(d0/2)). Where the right side is not positive, d0 is
    infinite and s0^2 the mean variance.
    Shapes: variances [contrasts], positive.
    Source: Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3(1), article 3.
    """
    from scipy.special import polygamma, psi  # noqa: PLC0415 - scipy is slow to import

    if len(variances) < 2:  # noqa: PLR2004 - a spread needs two
        return Prior(math.inf, float(variances.mean()))
    logs = np.log(variances) - float(psi(degrees / 2)) + math.log(degrees / 2)
    excess = float(np.var(logs, ddof=1)) - float(polygamma(1, degrees / 2))
    if excess <= 0:
        return Prior(math.inf, float(variances.mean()))
    half = inverse_trigamma(excess)
    return Prior(2 * half, math.exp(float(logs.mean()) + float(psi(half)) - math.log(half)))


def squeezed(variances: Array, degrees: float, prior: Prior) -> Array:
    """Return (d0 s0^2 + nu s^2) / (d0 + nu) of every variance.

    Shapes: variances [contrasts] -> [contrasts].
    """
    if math.isinf(prior.degrees):
        return np.full_like(variances, prior.variance)
    total = prior.degrees + degrees
    posterior: Array = (prior.degrees * prior.variance + degrees * variances) / total
    return posterior


def moderated(differences: Sequence[Array]) -> tuple[Moderated, ...]:
    """Return the moderated t of every contrast; each needs two pairs that vary.

    Where numbers of pairs differ, the prior is estimated at the smallest. Degrees of freedom are
    those of prior and contrast together, at most those of all contrasts pooled.
    """
    variances = np.array([np.var(each, ddof=1) for each in differences])
    fewest = min(len(each) for each in differences) - 1
    prior = prior_of(variances, fewest)
    pooled = float(sum(len(each) - 1 for each in differences))
    found = []
    for values, variance in zip(differences, variances, strict=True):
        degrees = len(values) - 1
        (posterior,) = squeezed(np.array([variance]), degrees, prior)
        t = float(values.mean()) / math.sqrt(float(posterior) / len(values))
        total = min(prior.degrees + degrees, pooled)
        p = 2 * student_below(-abs(t), total)
        known = None if math.isinf(prior.degrees) else prior.degrees
        found.append(Moderated(t, total, p, known, prior.variance))
    return tuple(found)


def inverse_trigamma(value: float) -> float:
    """Return y with trigamma(y) = value, by Newton's method on its reciprocal.

    Source: the appendix of Smyth 2004.
    """
    from scipy.special import polygamma  # noqa: PLC0415 - scipy is slow to import

    y = 0.5 + 1 / value
    for _ in range(MOST_STEPS):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if abs(step) < ENOUGH * y:
            break
    return y
