"""How volatile each variant trains: jitter, own noise against the baseline's, spikes, seeds.

Steps of the warm-up are left out. The unit of evidence is the seed: the steps of one run say how
noisy this run was, only several runs say how noisy the variant is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reports.contrasts import final_losses
from reports.estimates import Array, Interval
from reports.frames import Frames
from reports.noise import (
    FEWEST_POINTS,
    is_borne_out,
    is_contradicted,
    jitter,
    noise_ratio,
    own_variances,
    pseudo_residuals,
    shared_unequally,
)
from reports.spread import deviation_interval
from reports.training import Curve, of_variant, pairs, training_curves

FEWEST_STEPS_OF_TWO = 2000
TWO_VARIANTS = "two variants: own noise uncertain"
TOO_FEW = "too few points"
BELOW = "below the noise of the estimate"
BASELINE_BELOW = "the baseline's is below the noise of the estimate"
BELOW_OR_SHARED = f"{BELOW}, or some variants share more than the batches"
SHARED = "too uncertain here, or some variants share more than the batches"
CONTRADICTED = "the whole noise of the two says the opposite"
IF_INDEPENDENT = "if no variants share noise beyond that of the batches"
ONE_SEED = "one seed"


class Residuals(dict[str, Array]):
    """Residuals of the variants at the same steps of one seed."""

    @cached_property
    def own(self) -> Mapping[str, float]:
        """Variant -> its own variance."""
        found = own_variances(np.array(list(self.values())))
        return {name: float(value) for name, value in zip(self, found, strict=True)}


@dataclass(frozen=True)
class Volatility:
    """What the table shows of one variant.

    Fields:
        jitter: median over seeds of the step-to-step noise in the last half, in nats.
        own_ratio: own noise as a multiple of the baseline's, with its simultaneous interval.
        own_note: why there is no ratio, or on what it rests.
        own_noise: median over seeds of the own noise in nats; 0 where its estimate is negative.
        common_share: of the noise that one sees, what the batches bring to all variants alike.
        spikes_per_run: mean number of spike events; None where runs are too short to tell.
        batch_spikes_per_run: the same of those that most variants of a seed share.
        seed_sd: standard deviation of the final loss between seeds.
        seed_sd_limits: its 95 % interval.
        jitters: one for each finished seed.
    """

    jitter: float | None
    own_ratio: Interval | None
    own_note: str | None
    own_noise: float | None
    common_share: float | None
    spikes_per_run: float | None
    batch_spikes_per_run: float | None
    seed_sd: float | None
    seed_sd_limits: tuple[float, float] | None
    jitters: tuple[float, ...]


def volatility(frames: Frames, curves: Sequence[Curve] | None = None) -> Mapping[str, Volatility]:
    """Return the measures of every variant of the grid, from its curves where they are read."""
    curves = training_curves(frames) if curves is None else curves
    losses = final_losses(frames)
    ratios = own_ratios(frames, curves)
    owns = _own_noises(frames, curves, ratios)
    found = {}
    for variant in frames.manifest.variants:
        mine = of_variant(curves, variant.name)
        jitters = [last_half_jitter(each) for each in mine]
        known = tuple(each for each in jitters if each is not None)
        values = np.array(list(losses[variant.name].values()))
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
        ratio, note = ratios.get(variant.name, (None, None))
        found[variant.name] = Volatility(
            float(np.median(known)) if known else None,
            ratio,
            note,
            owns.get(variant.name),
            _common_share(curves, variant.name, frames.manifest.baseline),
            _mean([len(each.spikes) for each in mine if each.has_spikes]),
            _mean([len(each.batch_spikes) for each in mine if each.has_spikes]),
            deviation,
            None if deviation is None else deviation_interval(deviation, len(values)),
            known,
        )
    return found


def last_half_jitter(curve: Curve) -> float | None:
    """Return the jitter of the last half of the steps."""
    half = len(curve.steps) // 2
    return jitter(curve.steps[half:], curve.losses[half:])


def _mean(counts: Sequence[int]) -> float | None:
    return float(np.mean(counts)) if counts else None


def _own_noises(
    frames: Frames,
    curves: Sequence[Curve],
    ratios: Mapping[str, tuple[Interval | None, str | None]],
) -> Mapping[str, float]:
    """Own noise in nats of the variants whose ratio is told, and of the baseline beside them."""
    told = {name for name, (ratio, note) in ratios.items() if ratio or note == BELOW}
    names = [each.name for each in frames.manifest.variants]
    by_seed = list(_residuals_by_seed(curves, min(3, len(names))).values())
    found = {}
    for name in told | ({frames.manifest.baseline} if told else set()):
        seeds = [each for each in by_seed if name in each]
        if seeds:
            found[name] = math.sqrt(max(float(np.median(_own(seeds, name))), 0.0))
    return found


def own_ratios(
    frames: Frames, curves: Sequence[Curve]
) -> Mapping[str, tuple[Interval | None, str | None]]:
    """Return, for every variant but the baseline, its own noise as a multiple, or why not."""
    baseline = frames.manifest.baseline
    names = [each.name for each in frames.manifest.variants if each.name != baseline]
    by_seed = _residuals_by_seed(curves, min(3, len(names) + 1))
    seeds = list(by_seed.values())
    several = len(names) > 1 and len(seeds) > 1
    if several and _shares_more_than_batches(seeds):
        return dict.fromkeys(names, (None, SHARED))
    if several and (negative := _negative(seeds)):
        # What near clones share beyond the batches makes their estimates negative as well: not a 0.
        return {name: (None, BELOW_OR_SHARED if name in negative else SHARED) for name in names}
    return {name: _ratio(by_seed, name, baseline, len(names), curves) for name in names}


def _residuals_by_seed(curves: Sequence[Curve], fewest: int) -> Mapping[int, Residuals]:
    """Residuals of every variant, of the seeds that have so many variants to compare."""
    found = {}
    for seed in dict.fromkeys(each.seed for each in curves):
        group = [each for each in curves if each.seed == seed]
        residuals = _common_residuals(group)
        if residuals is not None and len(group) >= max(2, fewest):
            rows = zip(group, residuals, strict=True)
            found[seed] = Residuals((each.variant, row) for each, row in rows)
    return found


def _shares_more_than_batches(seeds: Sequence[Residuals]) -> bool:
    """Whether the residuals contradict own noises that are independent of each other."""
    everywhere = [name for name in seeds[0] if all(name in each for each in seeds)] if seeds else []
    return shared_unequally([np.array([each[name] for name in everywhere]) for each in seeds])


def _negative(seeds: Sequence[Residuals]) -> frozenset[str]:
    """Variants whose own variance comes out at 0 or below in some seed."""
    return frozenset(name for each in seeds for name, own in each.own.items() if own <= 0)


def _common_residuals(group: Sequence[Curve]) -> Array | None:
    """Residuals of cells that saw the same batches, without the spikes of any of them."""
    steps = group[0].steps
    for each in group[1:]:
        steps = np.intersect1d(steps, each.steps)
    chosen = [each.losses[np.isin(each.steps, steps)] for each in group]
    keep = np.all([np.isfinite(each) for each in chosen], axis=0)
    for each in group:
        for start, end in each.every_spike:
            keep &= (steps < start) | (steps >= end)
    if keep.sum() < FEWEST_POINTS:
        return None
    return np.array([pseudo_residuals(steps[keep], each[keep]) for each in chosen])


def _ratio(
    by_seed: Mapping[int, Residuals],
    name: str,
    baseline: str,
    comparisons: int,
    curves: Sequence[Curve],
) -> tuple[Interval | None, str | None]:
    seeds = [each for each in by_seed.values() if name in each and baseline in each]
    if not seeds:
        return None, TOO_FEW
    if len(seeds) == 1:
        return None, ONE_SEED
    longest = max(len(each.steps) for each in curves)
    if comparisons == 1 and longest < FEWEST_STEPS_OF_TWO:
        return None, TWO_VARIANTS
    mine, theirs = _own(seeds, name), _own(seeds, baseline)
    if (mine <= 0).any():
        return None, BELOW
    if (theirs <= 0).any():
        return None, BASELINE_BELOW
    found = noise_ratio(np.sqrt(mine), np.sqrt(theirs), comparisons)
    if comparisons == 1:
        return found, TWO_VARIANTS
    whole = noise_ratio(_whole(seeds, name), _whole(seeds, baseline), comparisons)
    if is_contradicted(found, whole):
        return None, CONTRADICTED
    return found, None if is_borne_out(found, whole) else IF_INDEPENDENT


def _own(seeds: Sequence[Residuals], name: str) -> Array:
    """The own variance of one variant in each seed."""
    return np.array([each.own[name] for each in seeds])


def _whole(seeds: Sequence[Residuals], name: str) -> Array:
    """All the noise of one variant in each seed, that of the batches with it."""
    return np.array([np.std(each[name], ddof=1) for each in seeds])


def _common_share(curves: Sequence[Curve], name: str, baseline: str) -> float | None:
    """Median over seeds of 1 - var(e_v - e_0) / (var e_v + var e_0)."""
    if name == baseline:
        return None
    both = [_common_residuals(pair) for pair in pairs(curves, name, baseline)]
    shares = [common_share(each[0], each[1]) for each in both if each is not None]
    known = [each for each in shares if each is not None]
    return float(np.median(known)) if known else None


def common_share(one: Array, other: Array) -> float | None:
    """Return 1 - var(e_1 - e_2) / (var e_1 + var e_2), the part of the noise common to both.

    Returns: None where neither moves.
    """
    total = float(np.var(one, ddof=1) + np.var(other, ddof=1))
    return 1 - float(np.var(one - other, ddof=1)) / total if total > 0 else None
