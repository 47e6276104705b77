"""Second opinions on a difference that is paired by seed: tests, for machines, never verdicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.estimates import EFFECT_PRIOR, Array, student, student_below

MOST_FLIPPED = 12  # seeds whose 2^S patterns of signs are enumerated
ROUNDING = 1e-9  # of a test statistic that two patterns of signs share


@dataclass(frozen=True)
class PairedT:
    """Student's paired t without any correction; limits are those of 95 %."""

    t: float
    degrees: int
    p: float
    low: float
    high: float


@dataclass(frozen=True)
class Tost:
    """Two one-sided tests of equivalence: against -margin (`low`) and against +margin (`high`).

    `p` is the larger of the two p-values: below alpha, the difference lies inside the margin.
    """

    t_low: float
    p_low: float
    t_high: float
    p_high: float
    p: float


@dataclass(frozen=True)
class SignFlip:
    """A p-value adjusted for all contrasts, and the smallest that so many seeds can give."""

    p: float
    smallest: float


@dataclass(frozen=True)
class Fisher:
    """How often two variants diverged, [diverged, finished] each, and Fisher's exact p-value."""

    variant: tuple[int, int]
    baseline: tuple[int, int]
    p: float


def paired_t(differences: Array) -> PairedT:
    """Test whether the mean difference is 0; needs two pairs that vary.

    Formula: t = mean / (s / sqrt(S)), S - 1 degrees of freedom.
    """
    degrees = len(differences) - 1
    mean, error = _mean_and_error(differences)
    half = student(0.975, degrees) * error
    p = 2 * student_below(-abs(mean / error), degrees)
    return PairedT(mean / error, degrees, p, mean - half, mean + half)


def tost(differences: Array, margin: float) -> Tost:
    """Test whether the mean difference lies inside (-margin, margin); needs two pairs that vary.

    Source: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15.
    """
    degrees = len(differences) - 1
    mean, error = _mean_and_error(differences)
    low, high = (mean + margin) / error, (mean - margin) / error
    p_low, p_high = student_below(-low, degrees), student_below(high, degrees)
    return Tost(low, p_low, high, p_high, max(p_low, p_high))


def sign_flips(differences: Array) -> tuple[SignFlip, ...] | None:
    """Return the max-T p-value of every contrast from all 2^S joint patterns of signs.

    If nothing differs, the sign of a seed's differences is a coin; it is the same coin for all
    contrasts, since they share the baseline. A p-value is the share of patterns whose largest |t|
    over all contrasts reaches the |t| seen.

    Shapes: differences [contrasts, seeds], NaN where a contrast lacks the pair; each contrast has
    two pairs that vary.

    Returns:
        None above 12 seeds.
    Source: Westfall and Young 1993, Resampling-Based Multiple Testing.
    """
    seeds = differences.shape[1]
    if seeds > MOST_FLIPPED:
        return None
    bits = (np.arange(2**seeds)[:, None] >> np.arange(seeds)) & 1
    signs = np.where(bits == 1, 1.0, -1.0)
    largest = np.max([_sizes(signs, each) for each in differences], axis=0)
    seen = [float(_sizes(np.ones((1, seeds)), each)[0]) for each in differences]
    # both a pattern and its mirror image reach what is seen
    smallest = 2.0 ** (1 - seeds)
    return tuple(
        SignFlip(float(np.mean(largest >= each * (1 - ROUNDING))), smallest) for each in seen
    )


def fisher(variant: tuple[int, int], baseline: tuple[int, int]) -> Fisher:
    """Compare how often two variants diverged, with Fisher's exact test, two-sided.

    Args:
        variant: cells that diverged, and that finished.
        baseline: the same.
    """
    diverged, finished = variant[0] + baseline[0], variant[1] + baseline[1]
    cells = sum(variant)
    ways = [
        math.comb(diverged, count) * math.comb(finished, cells - count)
        for count in range(cells + 1)
    ]
    as_rare = sum(each for each in ways if each <= ways[variant[0]])
    return Fisher(variant, baseline, as_rare / sum(ways))


def e_value(differences: Array) -> float:
    """Return the evidence against a mean of 0, which may be looked at after every seed.

    Formula: E = (1 + n g)^(-1/2) [(1 + t^2/nu) / (1 + t^2/(nu (1 + n g)))]^(n/2). The chance that
    it ever reaches 1/alpha is alpha at most if nothing differs. Needs two pairs that vary.
    Source: the Gaussian-mixture e-process of Wang and Ramdas 2023, arXiv 2310.03722.
    """
    pairs = len(differences)
    mean, error = _mean_and_error(differences)
    square = (mean / error) ** 2 / (pairs - 1)
    spread = 1 + pairs * EFFECT_PRIOR
    return float(((1 + square) / (1 + square / spread)) ** (pairs / 2) / math.sqrt(spread))


def joined(differences: Sequence[Array], seeds: Sequence[Sequence[int]]) -> Array:
    """Return differences [contrasts, seeds], NaN where a contrast lacks the pair."""
    every = sorted({seed for each in seeds for seed in each})
    table = np.full((len(differences), len(every)), np.nan)
    for row, (values, own) in enumerate(zip(differences, seeds, strict=True)):
        table[row, [every.index(seed) for seed in own]] = values
    return table


def _mean_and_error(differences: Array) -> tuple[float, float]:
    error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    return float(np.mean(differences)), error


def _sizes(signs: Array, differences: Array) -> Array:
    """Return |t| of one contrast under each pattern; infinite where a pattern has no variance."""
    known = np.isfinite(differences)
    flipped = signs[:, known] * differences[known]
    pairs = flipped.shape[1]
    means, errors = flipped.mean(axis=1), flipped.std(axis=1, ddof=1) / math.sqrt(pairs)
    scale = float(np.abs(differences[known]).max())
    flat = errors <= ROUNDING * scale
    sizes: Array = np.where(flat, np.inf, np.abs(means) / np.where(flat, 1.0, errors))
    return sizes
