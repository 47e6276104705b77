"""The rules of the reports on arrays of sweeps, fast enough for thousands of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.verdicts_noise import Array, Sweeps
from reports.estimates import ALPHA, CAP, Sides, floored_critical, paired_critical

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
OPEN, BETTER, WORSE, EQUIVALENT, DIVERGED, BETTER_INSIDE, WORSE_INSIDE = range(7)
WORDS = ("unresolved", "better", "worse", "equivalent", "diverged", "better", "worse")
MARGIN = 0.01


@dataclass(frozen=True)
class Judged:
    """What was said of every contrast.

    Shapes: all [sweeps, contrasts].
    Fields:
        low, high: limits.
        words: OPEN, DIVERGED, EQUIVALENT, BETTER and WORSE; the latter two also as said with "by
            less than the margin".
        looks: seeds of the look at which it was decided; of the last one where it is open.
    """

    low: Array
    high: Array
    words: Integers
    looks: Integers


def judge(
    sweeps: Sweeps, looks: Sequence[int], rule: str = "floored", alpha: float | None = None
) -> Judged:
    """Judge sweeps at each look in turn, as `reports.looks` does; one look is a fixed number.

    Args:
        sweeps: to judge.
        looks: numbers of seeds.
        rule: floored or paired.
        alpha: of each look; its share of 5 % if None.
    """
    share = ALPHA / len(looks) if alpha is None else alpha
    differences = sweeps.losses[:, 1:] - sweeps.losses[:, :1]
    shape = differences.shape[:2]
    low, high, means, variances = (np.zeros(shape) for _ in range(4))
    words, sizes = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    pairs = np.zeros(shape, np.int64)
    for seeds in looks:
        is_open = words == OPEN
        seen = differences[:, :, :seeds]
        pairs = np.where(is_open, np.isfinite(seen).sum(2), pairs)
        means = np.where(is_open, np.nanmean(seen, 2), means)
        variances = np.where(is_open, np.nanvar(seen, 2, ddof=1), variances)
        gone = np.isnan(sweeps.losses[:, 1:, :seeds]).any(2)
        half = _half_widths(variances, pairs, is_open & ~gone, rule, share)
        low, high = np.where(is_open, means - half, low), np.where(is_open, means + half, high)
        words = np.where(is_open, np.where(gone, DIVERGED, words_of(low, high)), words)
        sizes = np.where(is_open, seeds, sizes)
    return Judged(low, high, words, sizes)


def words_of(low: Array, high: Array) -> Integers:
    """Return the word of every interval: the first line of the rule that applies."""
    inside = (low > -MARGIN) & (high < MARGIN)
    conditions = [inside & (high < 0), inside & (low > 0), high < 0, low > 0, inside]
    found = [BETTER_INSIDE, WORSE_INSIDE, BETTER, WORSE, EQUIVALENT]
    words: Integers = np.select(conditions, found, OPEN)
    return words


def are_better(words: Integers) -> Booleans:
    """Return which words are better, by whatever."""
    return np.isin(words, (BETTER, BETTER_INSIDE))


def are_worse(words: Integers) -> Booleans:
    """Return which words are worse, by whatever."""
    return np.isin(words, (WORSE, WORSE_INSIDE))


def floored(variances: Array, degrees: Array) -> Array:
    """Return variances that are not far below those of the others in the last dimension."""
    weights = degrees / np.maximum(degrees.sum(-1, keepdims=True), 1)
    capped = np.minimum(variances[..., None, :], CAP * variances[..., :, None])
    lifted = (weights[..., None, :] * capped).sum(-1)
    found: Array = np.maximum(variances, lifted)
    return found


def _half_widths(
    variances: Array, pairs: Integers, live: Booleans, rule: str, alpha: float
) -> Array:
    contrasts = variances.shape[1]
    if rule == "paired" or floored_critical(contrasts, 2, alpha) is None:
        alone: Array = _criticals(contrasts, int(pairs.max()), alpha, "two", "paired")[pairs]
        return alone * np.sqrt(variances / pairs)
    most = int(pairs.max())
    fewest = np.where(live, pairs, most).min(1, keepdims=True)
    critical: Array = _criticals(contrasts, most, alpha, "two", rule)[np.minimum(pairs, fewest)]
    degrees: Array = pairs.astype(np.float64) - 1
    return critical * np.sqrt(floored(variances, degrees) / pairs)


def _criticals(contrasts: int, most: int, alpha: float, sides: Sides, rule: str) -> Array:
    """Critical values by number of pairs; infinite below two."""
    values = [np.inf, np.inf]
    for pairs in range(2, most + 1):
        table = floored_critical(contrasts, pairs, alpha, sides) if rule == "floored" else None
        values.append(paired_critical(contrasts, pairs, alpha, sides) if table is None else table)
    return np.array(values)


def asked(judged: Judged) -> Integers:
    """Return how many seeds every variant was trained with [sweeps, variants].

    The baseline goes as far as the last contrast.
    """
    return np.concatenate([judged.looks.max(1, keepdims=True), judged.looks], axis=1)


def could_be_best(
    sweeps: Sweeps, judged: Judged, looks: Sequence[int], rule: str = "floored"
) -> Booleans:
    """Return which variants could be the best [sweeps, variants], before any is called worse.

    Each pair is read on the seeds that both were trained with, with alpha / K.
    """
    losses = sweeps.losses
    count, variants, _ = losses.shape
    trained = asked(judged)
    pairs = np.minimum(trained[:, :, None], trained[:, None, :])
    means, variances = (np.zeros((count, variants, variants)) for _ in range(2))
    for seeds in looks:
        seen = losses[:, :, None, :seeds] - losses[:, None, :, :seeds]
        here = pairs == seeds
        means = np.where(here, seen.mean(3), means)
        variances = np.where(here, seen.var(3, ddof=1), variances)
    share = ALPHA / len(looks)
    itself = np.eye(variants, dtype=bool) | np.isnan(means)  # or a variant that diverged
    variances = np.where(itself, 0.0, variances)
    if rule == "floored" and floored_critical(variants - 1, 2, share, "one") is not None:
        variances = floored(variances, np.where(itself, 0.0, pairs - 1.0))
    critical = _criticals(variants - 1, max(looks), share, "one", rule)[pairs]
    allowed = critical * np.sqrt(variances / pairs)
    return ~np.asarray(((means > allowed) & ~itself).any(2))


def named_best(judged: Judged, could: Booleans) -> Booleans:
    """Return which variants a report names: those that no verdict calls worse than another."""
    baseline_beaten = are_better(judged.words).any(1, keepdims=True)
    worse = np.concatenate([baseline_beaten, are_worse(judged.words)], axis=1)
    diverged = np.concatenate([np.zeros_like(baseline_beaten), judged.words == DIVERGED], axis=1)
    named: Booleans = could & ~worse & ~diverged
    return named


def false_verdicts(words: Integers, truth: Array) -> Booleans:
    """Return which words are false [sweeps, contrasts]: the side, or that it is inside."""
    wrong_side = (are_better(words) & (truth >= 0)) | (are_worse(words) & (truth <= 0))
    inside = np.isin(words, (EQUIVALENT, BETTER_INSIDE, WORSE_INSIDE))
    found: Booleans = wrong_side | (inside & (np.abs(truth) >= MARGIN))
    return found
