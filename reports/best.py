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
        largest_t: max over the others of (mean - their mean) / standard error.
        against: the other that gives it.
        could_be_best: whether it does not exceed the critical value.
    """

    name: str
    largest_t: float
    against: str
    could_be_best: bool


def standings(
    losses: Losses, comparisons: int, method: Method, alpha: float
) -> tuple[Standing, ...]:
    """Return the standing of every variant that has two pairs with another.

    Only the comparisons of the true best with the others matter, so nothing is paid for the choice
    of the reference (Edwards and Hsu 1983, JASA 78): the true best is among those that could be
    the best with probability 1 - alpha.

    Args:
        losses: variant -> seed -> loss, without the variants that diverged.
        comparisons: variants of the grid less one.
        method: of the interval; the floor and the critical value follow it, one-sided.
        alpha: of the set.
    """
    found = [_standing(name, losses, comparisons, method, alpha) for name in losses]
    return tuple(each for each in found if each is not None)


def _standing(
    name: str, losses: Losses, comparisons: int, method: Method, alpha: float
) -> Standing | None:
    others, differences = _differences(name, losses)
    if not others:
        return None
    fewest = min(len(each) for each in differences)
    critical = _critical(comparisons, fewest, method, alpha)
    if method == "floored" and floored_critical(comparisons, fewest, alpha, "one") is not None:
        errors = floored_errors(differences)
    else:
        errors = paired_errors(differences)
    scores = [_score(each, float(error)) for each, error in zip(differences, errors, strict=True)]
    worst = int(np.argmax(scores))
    return Standing(name, scores[worst], others[worst], scores[worst] <= critical)


def _differences(name: str, losses: Losses) -> tuple[Sequence[str], Sequence[Array]]:
    others: list[str] = []
    differences: list[Array] = []
    for other, theirs in losses.items():
        seeds = [seed for seed in losses[name] if seed in theirs]
        if other != name and len(seeds) >= FEWEST_PAIRS:
            others.append(other)
            differences.append(np.array([losses[name][seed] - theirs[seed] for seed in seeds]))
    return others, differences


def _critical(comparisons: int, pairs: int, method: Method, alpha: float) -> float:
    if method == "always-valid":
        return always_valid_critical(pairs, comparisons, alpha)
    floored = floored_critical(comparisons, pairs, alpha, "one") if method == "floored" else None
    return paired_critical(comparisons, pairs, alpha, "one") if floored is None else floored


def _score(differences: Array, error: float) -> float:
    """Return t of one difference; 0, so no evidence, where the seeds do not vary."""
    mean = float(differences.mean())
    if error * math.sqrt(len(differences)) <= ROUNDING:
        return 0.0
    return mean / error
