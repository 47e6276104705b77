"""What a rule said of thousands of simulated sweeps, as shares with their errors."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.verdicts_noise import Array, Setting, Sweeps, simulate
from benchmarks.verdicts_others import Rule, lowest, oracle
from benchmarks.verdicts_rules import (
    DIVERGED,
    EQUIVALENT,
    OPEN,
    Booleans,
    Integers,
    are_better,
    are_worse,
    asked,
    could_be_best,
    false_verdicts,
    judge,
    named_best,
)

CHUNK = 2_000_000  # numbers in the largest array at once


@dataclass(frozen=True)
class Share:
    """A share of so many sweeps."""

    value: float
    sweeps: int

    @property
    def error(self) -> float:
        """Binomial standard error; that of half a case where there is none or nothing else."""
        least = 0.5 / self.sweeps
        kept = min(max(self.value, least), 1 - least)
        return math.sqrt(kept * (1 - kept) / self.sweeps)


@dataclass(frozen=True)
class Said:
    """What a rule says of the contrasts of one setting.

    Fields:
        false: sweeps with a false verdict.
        resolved: contrasts with a verdict.
        directed: contrasts called better or worse.
    """

    false: Share
    resolved: float
    directed: float


@dataclass(frozen=True)
class Measured:
    """What the rule of the reports says of one setting.

    Fields:
        setting: of the noise.
        looks: numbers of seeds.
        rule: floored or paired.
        said: of the contrasts.
        covered: sweeps whose intervals all hold the truth.
        best_covered: the least, over the variants that may be it, of the sweeps in which a variant
            that is truly the best could be the best.
        best_named: the same, after leaving out those that a verdict calls worse.
        best_size: variants named.
        oracle: contrasts that whoever knows the variances resolves with the most seeds.
        diary: sweeps in which the lowest curve of one seed orders a contrast wrongly.
        cells: trained, in a sweep.
        most_cells: that always training the most seeds takes.
    """

    setting: Setting
    looks: tuple[int, ...]
    rule: str
    said: Said
    covered: Share
    best_covered: Share
    best_named: Share
    best_size: float
    oracle: float
    diary: Share
    cells: float
    most_cells: int


def chunks(setting: Setting, sweeps: int, seed: int) -> Iterator[Sweeps]:
    """Simulate so many sweeps, in parts that fit into memory."""
    generator = np.random.default_rng(seed)
    most = max(1, CHUNK // (setting.variants**2 * setting.seeds))
    while sweeps > 0:
        yield simulate(setting, min(most, sweeps), generator)
        sweeps -= most


def said_by(setting: Setting, rule: Rule, sweeps: int, seed: int = 1) -> Said:
    """Measure one of the other rules, with all seeds of the setting."""
    return _said(_mean(setting, sweeps, seed, lambda part: _counts(rule(part), part)), sweeps)


def measure(
    setting: Setting, looks: Sequence[int], sweeps: int, rule: str = "floored", seed: int = 1
) -> Measured:
    """Measure the rule of the reports; one look is a fixed number of seeds."""
    mean = _mean(setting, sweeps, seed, lambda part: _measured(part, looks, rule))
    covered, size, oracle_share, diary, cells = (float(each) for each in mean[3:8])
    best, could, named = mean[8:].reshape(3, setting.variants)
    return Measured(
        setting,
        tuple(looks),
        rule,
        _said(mean, sweeps),
        Share(covered, sweeps),
        Share(_least(setting, best, could), sweeps),
        Share(_least(setting, best, named), sweeps),
        size,
        oracle_share,
        Share(diary, sweeps),
        cells,
        setting.variants * max(looks),
    )


def false_share(
    setting: Setting,
    looks: Sequence[int],
    sweeps: int,
    rule: str = "floored",
    alpha: float | None = None,
) -> Share:
    """Return the share of sweeps with a false verdict; alpha is that of each look."""
    judged = partial(judge, looks=looks, rule=rule, alpha=alpha)
    mean = _mean(setting, sweeps, 1, lambda part: _counts(judged(part).words, part))
    return Share(float(mean[0]), sweeps)


def _mean(setting: Setting, sweeps: int, seed: int, of: Callable[[Sweeps], Array]) -> Array:
    total: Array = np.zeros(1)
    for part in chunks(setting, sweeps, seed):
        total = total + of(part) * len(part.losses)
    return total / sweeps


def _measured(part: Sweeps, looks: Sequence[int], rule: str) -> Array:
    """Shares of these sweeps, in one row: first the scalars, then three numbers a variant."""
    judged = judge(part, looks, rule)
    could = could_be_best(part, judged, looks, rule)
    named = named_best(judged, could)
    truth = part.differences
    holds = ((judged.low <= truth) & (truth <= judged.high)) | (judged.words == DIVERGED)
    is_best = part.means == part.means.min(1, keepdims=True)
    is_best[:, 1 : 1 + part.setting.diverged] = False  # those have left the set for another reason
    scalars = [
        holds.all(1).mean(),
        named.sum(1).mean(),
        (oracle(part.first(max(looks))) != OPEN).mean(),
        _any_false(lowest(part.first(1)), part).mean(),
        asked(judged).sum(1).mean(),
    ]
    of_variants = [each.mean(0) for each in (is_best, could & is_best, named & is_best)]
    return np.concatenate([_counts(judged.words, part), scalars, *of_variants])


def _counts(words: Integers, part: Sweeps) -> Array:
    """Shares of sweeps with a false verdict, of contrasts with a verdict, with a direction."""
    directed = (are_better(words) | are_worse(words)).mean()
    resolved = directed + (words == EQUIVALENT).mean()
    return np.array([_any_false(words, part).mean(), resolved, directed])


def _any_false(words: Integers, part: Sweeps) -> Booleans:
    return np.asarray(false_verdicts(words, part.differences).any(1))


def _said(mean: Array, sweeps: int) -> Said:
    return Said(Share(float(mean[0]), sweeps), float(mean[1]), float(mean[2]))


def _least(setting: Setting, best: Array, covered: Array) -> float:
    """The least coverage of a variant where all are the best; else the share of sweeps."""
    if setting.effects:
        return float(covered.sum() / best.sum())
    return float((covered[best > 0] / best[best > 0]).min())
