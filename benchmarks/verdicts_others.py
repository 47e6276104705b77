"""Rules that reports do not use, for comparison: what each says of every contrast of a sweep."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import digamma, ndtri, polygamma, stdtr, stdtrit

from benchmarks.verdicts_noise import Array, Sweeps
from benchmarks.verdicts_rules import BETTER, OPEN, WORSE, Integers, words_of
from reports.estimates import ALPHA

RESAMPLES = 500
Rule = Callable[[Sweeps], Integers]


def lowest(sweeps: Sweeps) -> Integers:
    """Order by the mean of the seeds that there are; one seed is the way of a diary.

    The curve of a diary is smoothed: its end is taken to be the final loss, the kindest case.
    """
    return np.where(_differences(sweeps).mean(2) < 0, BETTER, WORSE)


def uncorrected(sweeps: Sweeps) -> Integers:
    """Student's paired interval at 95 %, however many are looked at."""
    seeds = sweeps.losses.shape[2]
    return _symmetric(sweeps, _variances(sweeps), float(stdtrit(seeds - 1, 1 - ALPHA / 2)))


def bootstrap(sweeps: Sweeps) -> Integers:
    """Percentile bootstrap over the seeds, at 95 %, for the direction alone."""
    differences = _differences(sweeps)
    seeds = differences.shape[2]
    generator = np.random.default_rng(seeds)
    counts = generator.multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES)
    means = differences @ (counts.T / seeds)
    low, high = np.quantile(means, [ALPHA / 2, 1 - ALPHA / 2], axis=2)
    return np.where(high < 0, BETTER, np.where(low > 0, WORSE, OPEN))


def pooled(sweeps: Sweeps) -> Integers:
    """One variance for all variants, that of what seeds and variants leave; Bonferroni."""
    losses = sweeps.losses
    _, variants, seeds = losses.shape
    additive = losses.mean(2, keepdims=True) + losses.mean(1, keepdims=True)
    rest = losses - additive + losses.mean((1, 2), keepdims=True)
    degrees = (variants - 1) * (seeds - 1)
    variance = 2 * (rest**2).sum((1, 2), keepdims=True)[:, 0] / degrees
    critical = float(stdtrit(degrees, 1 - ALPHA / 2 / (variants - 1)))
    return _symmetric(sweeps, np.repeat(variance, variants - 1, axis=1), critical)


def moderated(sweeps: Sweeps) -> Integers:
    """Variances drawn towards their common level (Smyth 2004), with Bonferroni's correction."""
    variances = _variances(sweeps)
    contrasts, degrees = variances.shape[1], sweeps.losses.shape[2] - 1
    logs = np.log(variances) - digamma(degrees / 2) + np.log(degrees / 2)
    excess = logs.var(1, ddof=1, keepdims=True) - polygamma(1, degrees / 2)
    is_finite = excess > 0
    prior = 2 * _inverse_trigamma(np.where(is_finite, excess, 1.0))
    level = np.exp(logs.mean(1, keepdims=True) + digamma(prior / 2) - np.log(prior / 2))
    shrunk = (prior * level + degrees * variances) / (prior + degrees)
    variance = np.where(is_finite, shrunk, variances.mean(1, keepdims=True))
    total = np.minimum(np.where(is_finite, prior + degrees, np.inf), contrasts * degrees)
    return _symmetric(sweeps, variance, stdtrit(total, 1 - ALPHA / 2 / contrasts))


def holm(sweeps: Sweeps) -> Integers:
    """Student's paired t with Holm's correction; it has no interval, and calls none equivalent."""
    differences = _differences(sweeps)
    seeds = differences.shape[2]
    means = differences.mean(2)
    t = means / np.sqrt(_variances(sweeps) / seeds)
    p = np.sort(2 * stdtr(seeds - 1, -np.abs(t)), axis=1)
    order = np.argsort(np.argsort(-np.abs(t), axis=1), axis=1)
    contrasts = p.shape[1]
    adjusted = np.maximum.accumulate(p * np.arange(contrasts, 0, -1), axis=1)
    rejected = np.take_along_axis(adjusted, order, axis=1) < ALPHA
    return np.where(rejected, np.where(means < 0, BETTER, WORSE), OPEN)


def oracle(sweeps: Sweeps) -> Integers:
    """The interval of whoever knows the noise: Bonferroni's with the true variances."""
    variances = sweeps.difference_variances
    return _symmetric(sweeps, variances, float(ndtri(1 - ALPHA / 2 / variances.shape[1])))


OTHERS: Mapping[str, Rule] = {
    "lowest wins": lowest,
    "uncorrected": uncorrected,
    "bootstrap": bootstrap,
    "pooled": pooled,
    "moderated": moderated,
    "Holm": holm,
}


def _differences(sweeps: Sweeps) -> Array:
    return sweeps.losses[:, 1:] - sweeps.losses[:, :1]


def _variances(sweeps: Sweeps) -> Array:
    variances: Array = _differences(sweeps).var(2, ddof=1)
    return variances


def _symmetric(sweeps: Sweeps, variances: Array, critical: float | Array) -> Integers:
    means = _differences(sweeps).mean(2)
    half = critical * np.sqrt(variances / sweeps.losses.shape[2])
    return words_of(means - half, means + half)


def _inverse_trigamma(value: Array) -> Array:
    """Newton's method on 1 / trigamma, as limma has it; converges from below."""
    found: Array = 0.5 + 1 / value
    for _ in range(20):
        trigamma = polygamma(1, found)
        step = trigamma * (1 - trigamma / value) / polygamma(2, found)
        found = np.add(found, step)
    return np.array(found, dtype=np.float64)
