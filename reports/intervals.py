"""Which interval a contrast gets: all intervals of a grid hold at once with 95 %."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.contrasts import Contrast
from reports.estimates import (
    ALPHA,
    Interval,
    always_valid_critical,
    around,
    floored_critical,
    floored_errors,
    paired_critical,
    paired_errors,
)
from reports.manifest import Manifest
from reports.welch import welch

Method = Literal["floored", "paired", "always-valid", "welch"]
Found = dict[tuple[str, str], tuple[Interval, Method]]
FEWEST_PAIRS = 2


@dataclass(frozen=True)
class Settled(Contrast):
    """A contrast that was decided at an earlier look, with the seeds of that look.

    It goes on lending its variance to the floor of the others; its few pairs no longer set their
    critical value, since nothing about it is judged again.
    """


def undeclared_looks(manifest: Manifest) -> tuple[tuple[int, ...], ...]:
    """Return the other sets of seeds at which this very question was judged.

    Fewer seeds, more, or as many others: whoever saw them may have chosen these for what they say,
    and the looks that a grid declares too. Those looks themselves are none of the others.
    """
    ours = set(manifest.seeds)
    return tuple(each for each in manifest.looks.seeds if set(each) != ours)


def level_of(manifest: Manifest) -> float:
    """Return alpha of this look: 5 %, shared equally by the looks that the grid declared."""
    declared = manifest.looks.declared
    return ALPHA / len(declared) if declared else ALPHA


def method_of(manifest: Manifest, comparisons: int, alpha: float) -> Method:
    """Return the interval that the family is judged with.

    Seeds that were chosen after looking at others, and a sweep that is not finished, need an
    interval that holds whenever one looks. The table of the floored one covers contrasts that
    share their reference, up to 15; all pairs, and more, take Student's with Bonferroni's
    correction. Runs that share nothing but their settings take Welch's.
    """
    if manifest.state == "partial" or undeclared_looks(manifest):
        return "always-valid"
    if not manifest.is_paired:
        return "welch"
    if manifest.interval == "paired" or manifest.compare == "all":
        return "paired"
    if floored_critical(comparisons, FEWEST_PAIRS, alpha) is None:
        return "paired"
    return "floored"


@dataclass(frozen=True)
class Shares:
    """How a family shares its alpha.

    Fields:
        comparisons: contrasts of the family.
        against_baseline: those that share the baseline as their reference.
        alpha: of the family.
        seeds: that the grid has now.
        looks: numbers of seeds at which the grid declared that it would look; empty without any.
    """

    comparisons: int
    against_baseline: int
    alpha: float
    seeds: int
    looks: tuple[int, ...]

    @property
    def floored_alpha(self) -> float:
        """The part of alpha that the contrasts against the baseline have together."""
        return self.alpha * self.against_baseline / self.comparisons


def shares_of(manifest: Manifest, contrasts: Sequence[Contrast]) -> Shares:
    """Return how the family shares its alpha; a grid without contrasts has one share."""
    against = sum(each.b == manifest.baseline for each in contrasts)
    return Shares(
        max(1, len(contrasts)),
        max(1, against),
        level_of(manifest),
        len(manifest.seeds),
        manifest.looks.declared or (),
    )


def planned_critical(shares: Shares, method: Method, pairs: int) -> float:
    """Return the critical value that the family will be judged with at so many seeds in all.

    Seeds beyond the last look that a grid declared are added after looking. Infinite for the seeds
    that there are (they have been judged, and more of them is what is asked for) and for numbers
    between two looks, where nothing is judged.
    """
    if pairs <= shares.seeds:
        return math.inf
    if pairs <= max(shares.looks, default=0) and method != "always-valid":
        return _family_critical(shares, method, pairs) if pairs in shares.looks else math.inf
    return always_valid_critical(pairs, shares.comparisons)


def _family_critical(shares: Shares, method: Method, pairs: int) -> float:
    """Return the critical value of the family at a look that was planned."""
    if method == "floored":
        floored = floored_critical(shares.against_baseline, pairs, shares.floored_alpha)
        if floored is not None:
            return floored
    return paired_critical(shares.comparisons, pairs, shares.alpha)


def intervals(contrasts: Sequence[Contrast], manifest: Manifest) -> Found:
    """Return the interval of every contrast with two pairs and a variance.

    Contrasts against the baseline are floored together; a pair that only a claim needs has its
    share of the 5 % and Student's interval, since it does not share their reference.
    """
    usable = [each for each in contrasts if each.pairs >= FEWEST_PAIRS]
    shares = shares_of(manifest, contrasts)
    method = method_of(manifest, shares.against_baseline, shares.floored_alpha)
    if not manifest.is_paired:
        return _unpaired(usable, shares) if method == "welch" else {}
    if method != "floored":
        return _each_alone(usable, shares, method)
    against = [each for each in usable if each.b == manifest.baseline]
    joined = [each for each in usable if each.b != manifest.baseline]
    return _floored(against, shares) | _each_alone(joined, shares, "paired")


def _unpaired(usable: Sequence[Contrast], shares: Shares) -> Found:
    found: Found = {}
    for each in usable:
        interval = welch(each.a_losses, each.b_losses, shares.comparisons, shares.alpha)
        if interval is not None and not each.is_identical:
            found[each.a, each.b] = (interval, "welch")
    return found


def _each_alone(usable: Sequence[Contrast], shares: Shares, method: Method) -> Found:
    found: Found = {}
    for each, error in zip(usable, paired_errors([c.differences for c in usable]), strict=True):
        critical = (
            always_valid_critical(each.pairs, shares.comparisons)
            if method == "always-valid"
            else paired_critical(shares.comparisons, each.pairs, shares.alpha)
        )
        found |= _interval(each, float(error), critical, method)
    return found


def _floored(against: Sequence[Contrast], shares: Shares) -> Found:
    """Floor the variances together.

    Neither a variant that diverged nor one that was decided at an earlier look sets the critical
    value.
    """
    if not against:
        return {}
    errors = floored_errors([each.differences for each in against])
    judged = [each for each in against if not each.diverged and not isinstance(each, Settled)]
    fewest = min((each.pairs for each in judged), default=None)
    found: Found = {}
    for each, error in zip(against, errors, strict=True):
        pairs = each.pairs if fewest is None else min(each.pairs, fewest)
        critical = _family_critical(shares, "floored", pairs)
        found |= _interval(each, float(error), critical, "floored")
    return found


def _interval(each: Contrast, error: float, critical: float, method: Method) -> Found:
    if each.is_identical or each.has_no_variance or math.isinf(critical):
        return {}
    estimate = float(each.differences.mean())
    return {(each.a, each.b): (around(estimate, critical * error, critical), method)}
