"""Tokens to a target: how much training each variant takes to reach the same loss, and keep it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from reports.claims import Claim
from reports.contrasts import Contrast
from reports.efficiency import Curve, curves_by
from reports.estimates import Interval
from reports.frames import Frames
from reports.looks import Outcome, followed

Statement = Literal["is", "at least", "at most", "silent"]


@dataclass(frozen=True)
class Reached:
    """Between which budgets a target was reached; equal where it is known.

    `high` is infinite where it was not reached, `low` is 0 where the first evaluation was below it.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Ratio:
    """Tokens of a over tokens of b, on the seeds that say something.

    Fields:
        statement: `is` with limits, or only a bound of the geometric mean; silent says nothing.
        ratio: the geometric mean, or its bound; None if silent.
        low, high: limits of the ratio; None where any value is censored, or without an interval.
        seeds: those that say something.
        pairs: all that both finished.
    """

    a: str
    b: str
    statement: Statement
    ratio: float | None
    low: float | None
    high: float | None
    seeds: tuple[int, ...]
    pairs: int


@dataclass(frozen=True)
class Targets:
    """The target in nats per token, and every contrast."""

    loss: float
    ratios: tuple[Ratio, ...]


def reached(curve: Curve, target: float) -> Reached:
    """Return from which budget on the loss stays at or below a target.

    Linear in the logarithm of the budget, between the last evaluation above the target and the
    first of those that stay below it.
    """
    spent, losses = curve
    above = np.flatnonzero(losses > target)
    if not len(above):
        return Reached(0.0, float(spent[0]))
    last = int(above[-1])
    if last == len(losses) - 1:
        return Reached(float(spent[-1]), math.inf)
    share = (losses[last] - target) / (losses[last] - losses[last + 1])
    logs = np.log(spent[last : last + 2])
    at = math.exp(float(logs[0] + share * (logs[1] - logs[0])))
    return Reached(at, at)


def ratio_of(
    pairs: Sequence[tuple[Reached, Reached]],
) -> tuple[Statement, tuple[float | None, ...]]:
    """Return what is known of the mean ratio, and the logarithm or its bound of each pair.

    A variant that did not reach the target took at least the budget, so that the ratio is at least
    what it is with the budget; a baseline that did not, at most. A pair of two that did not is
    silent (None), and so are pairs that bound the ratio from different sides.
    """
    lows = [_log(ours.low, theirs.high) for ours, theirs in pairs]
    highs = [_log(ours.high, theirs.low) for ours, theirs in pairs]
    known = [
        place
        for place in range(len(pairs))
        if math.isfinite(lows[place]) or math.isfinite(highs[place])
    ]
    sides: tuple[tuple[Statement, list[float]], ...] = (("at least", lows), ("at most", highs))
    bounded = [
        (statement, side) for statement, side in sides if all(math.isfinite(side[k]) for k in known)
    ]
    if not known or not bounded:
        return "silent", (None,) * len(pairs)
    statement, side = bounded[0]
    logs = tuple(side[place] if place in known else None for place in range(len(pairs)))
    return ("is" if len(bounded) == len(sides) else statement), logs


def tokens_to_target(frames: Frames, claims: Sequence[Claim]) -> Targets | None:
    """Compare the tokens to the baseline's mean final loss; None where there is none.

    Contrasts are judged as those of losses are, on logarithms, with 5 % of their own.
    """
    curves = curves_by(frames, "tokens")
    manifest = frames.manifest
    of = {(each.variant, each.seed): each.cell for each in manifest.cells}
    ends = [
        float(curves[cell][1][-1])
        for (variant, _), cell in of.items()
        if variant == manifest.baseline and cell in curves
    ]
    if not ends:
        return None
    target = float(np.mean(ends))
    found = {key: reached(curves[cell], target) for key, cell in of.items() if cell in curves}
    decided = {(each.a, each.b): each.decided_at for each in claims if each.decided_at is not None}
    logs = {
        variant.name: {
            seed: math.log(each.low or each.high)
            for (name, seed), each in found.items()
            if name == variant.name
        }
        for variant in manifest.variants
    }
    judged = followed(manifest, logs, decided).outcomes
    return Targets(target, tuple(_ratio(each, found) for each in judged if each.contrast.pairs))


def as_json(targets: Targets | None) -> dict[str, Any] | None:
    """Return the numbers for machines."""
    if targets is None:
        return None
    ratios = [vars(each) | {"seeds": list(each.seeds)} for each in targets.ratios]
    return {"loss": targets.loss, "secondary": True, "claims": ratios}


def _ratio(outcome: Outcome, found: Mapping[tuple[str, int], Reached]) -> Ratio:
    each = outcome.contrast
    pairs = [(found[each.a, seed], found[each.b, seed]) for seed in each.seeds]
    statement, logs = ratio_of(pairs)
    said = [log for log in logs if log is not None]
    seeds = tuple(seed for seed, log in zip(each.seeds, logs, strict=True) if log is not None)
    ratio = math.exp(float(np.mean(said))) if said else None
    whole = statement == "is" and len(seeds) == each.pairs
    low, high = _limits(outcome.interval, each) if whole else (None, None)
    return Ratio(each.a, each.b, statement, ratio, low, high, seeds, each.pairs)


def _limits(interval: Interval | None, contrast: Contrast) -> tuple[float | None, float | None]:
    if interval is None or contrast.diverged:
        return None, None
    return math.exp(interval.low), math.exp(interval.high)


def _log(ours: float, theirs: float) -> float:
    """Return ln(ours / theirs); not finite where one of them is a bound of nothing."""
    if ours == 0 or math.isinf(theirs):
        return -math.inf
    return math.inf if theirs == 0 or math.isinf(ours) else math.log(ours / theirs)
