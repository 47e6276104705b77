"""Which variants could be the best: each in turn is the reference of the others."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.contrasts import ROUNDING
from reports.estimates import (
    Array,
    always_valid_critical,
    floored_critical,
    floored_errors,
    paired_critical,
    paired_errors,
)
from reports.intervals import Method

FEWEST_PAIRS = 2
Losses = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Standing:
    """How a variant stands against the one that speaks most against it.

    Fields:
        name: of the variant.
        largest_t: (mean - their mean) / standard error, largest in units of its critical value.
        against: the other that gives it.
        could_be_best: whether it does not exceed the critical value.
    """

    name: str
    largest_t: float
    against: str
    could_be_best: bool


@dataclass(frozen=True)
class _Rule:
    """What a difference is judged by; fields as the arguments of `standings`."""

    comparisons: int
    method: Method
    alpha: float
    asked: Mapping[str, int]

    def critical(self, pairs: int) -> float:
        """Return the one-sided critical value at so many pairs."""
        if self.method == "always-valid":
            return always_valid_critical(pairs, self.comparisons, self.alpha)
        floored = floored_critical(self.comparisons, pairs, self.alpha, "one")
        if self.method != "floored" or floored is None:
            return paired_critical(self.comparisons, pairs, self.alpha, "one")
        return floored

    def errors(self, differences: Sequence[Array]) -> Array:
        """Return the standard errors that belong to the critical value."""
        fewest = min(len(each) for each in differences)
        in_table = floored_critical(self.comparisons, fewest, self.alpha, "one") is not None
        if self.method == "floored" and in_table:
            return floored_errors(differences)
        return paired_errors(differences)


def standings(
    losses: Losses,
    comparisons: int,
    method: Method,
    alpha: float,
    asked: Mapping[str, int] | None = None,
) -> tuple[Standing, ...]:
    """Return the standing of every variant that has two pairs with another.

    Only the comparisons of the true best with the others matter, so nothing is paid for the choice
    of the reference (Edwards and Hsu 1983, JASA 78): the true best is among those that could be
    the best with probability 1 - alpha.

    Args:
        losses: variant -> seed -> loss, without the variants that diverged.
        comparisons: variants of the grid less one.
        method: of the interval; the floor and the critical value follow it, one-sided.
        alpha: of the set; of one look, where the grid declared several.
        asked: variant -> how many seeds were asked of it; all alike if None.
    """
    rule = _Rule(comparisons, method, alpha, asked or {})
    found = [_standing(name, losses, rule) for name in losses]
    return tuple(each for each in found if each is not None)


def _standing(name: str, losses: Losses, rule: _Rule) -> Standing | None:
    others, differences = _differences(name, losses)
    if not others:
        return None
    criticals = _criticals(name, others, differences, rule)
    errors = rule.errors(differences)
    scores = [_score(each, float(error)) for each, error in zip(differences, errors, strict=True)]
    # With one look there is one critical value, and this is the largest t.
    worst = max(range(len(scores)), key=lambda at: (scores[at] / criticals[at], scores[at]))
    return Standing(name, scores[worst], others[worst], scores[worst] <= criticals[worst])


def _criticals(
    name: str, others: Sequence[str], differences: Sequence[Array], rule: _Rule
) -> list[float]:
    """Return the critical value of each difference, by the look at which its pair ended.

    Two variants have the seeds in common of the earlier one of the looks at which their training
    ended. Whatever ended it, the largest t of the true best exceeds c1*(m, S_k; alpha / K) at look
    k with probability alpha / K at most, so at any of the K looks with alpha at most: the set
    covers the true best although each pair is read at a look that the results chose. Within a look
    the fewest pairs set the critical value, as in a grid without looks.
    """
    looks = [min(rule.asked.get(name, 0), rule.asked.get(other, 0)) for other in others]
    fewest: dict[int, int] = {}
    for look, each in zip(looks, differences, strict=True):
        fewest[look] = min(fewest.get(look, len(each)), len(each))
    return [rule.critical(fewest[look]) for look in looks]


def _differences(name: str, losses: Losses) -> tuple[Sequence[str], Sequence[Array]]:
    others: list[str] = []
    differences: list[Array] = []
    for other, theirs in losses.items():
        seeds = [seed for seed in losses[name] if seed in theirs]
        if other != name and len(seeds) >= FEWEST_PAIRS:
            others.append(other)
            differences.append(np.array([losses[name][seed] - theirs[seed] for seed in seeds]))
    return others, differences


def _score(differences: Array, error: float) -> float:
    """Return t of one difference; 0, so no evidence, where the seeds do not vary."""
    mean = float(differences.mean())
    if error * math.sqrt(len(differences)) <= ROUNDING:
        return 0.0
    return mean / error
