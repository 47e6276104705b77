"""How volatile each variant trains: jitter, own noise against the baseline's, spikes, seeds.

Steps of the warm-up are left out. The unit of evidence is the seed: the steps of one run say how
noisy this run was, only several runs say how noisy the variant is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from reports.contrasts import final_losses
from reports.estimates import Array, Interval
from reports.frames import Frames
from reports.noise import (
    FEWEST_POINTS,
    agrees,
    jitter,
    noise_ratio,
    own_variances,
    pseudo_residuals,
    shared_unequally,
    spike_events,
    spike_window,
)

FEWEST_STEPS_OF_TWO = 2000
TWO_VARIANTS = "two variants: own noise uncertain"
TOO_FEW = "too few points"
BELOW = "below the noise of the estimate"
SHARED = "too uncertain here, or some variants share more than the batches"
UNCONFIRMED = "not confirmed by the whole noise of the two"
ONE_SEED = "one seed"
Residuals = Mapping[str, Array]  # of the variants, at the same steps of one seed


@dataclass(frozen=True)
class Volatility:
    """What the table shows of one variant.

    Fields:
        jitter: median over seeds of the step-to-step noise in the last half, in nats.
        own_ratio: own noise as a multiple of the baseline's, with its simultaneous interval.
        own_note: why there is no ratio, if there is none.
        common_share: of the noise that one sees, what the batches bring to all variants alike.
        spikes_per_run: mean number of spike events.
        seed_sd: standard deviation of the final loss between seeds.
        seed_sd_limits: its 95 % interval.
        jitters: one for each finished seed.
    """

    jitter: float | None
    own_ratio: Interval | None
    own_note: str | None
    common_share: float | None
    spikes_per_run: float | None
    seed_sd: float | None
    seed_sd_limits: tuple[float, float] | None
    jitters: tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """Training loss of one cell after the warm-up: steps and losses [steps]."""

    variant: str
    seed: int
    steps: Array
    losses: Array
    spikes: tuple[tuple[float, float], ...] = field(default=())


def volatility(frames: Frames) -> Mapping[str, Volatility]:
    """Return the measures of every variant of the grid."""
    curves = training_curves(frames)
    losses = final_losses(frames)
    ratios = own_ratios(frames, curves)
    found = {}
    for variant in frames.manifest.variants:
        mine = [each for each in curves if each.variant == variant.name]
        jitters = [_last_half_jitter(each) for each in mine]
        known = tuple(each for each in jitters if each is not None)
        values = np.array(list(losses[variant.name].values()))
        several = len(values) > 1
        deviation = float(np.std(values, ddof=1)) if several else None
        ratio, note = ratios.get(variant.name, (None, None))
        found[variant.name] = Volatility(
            float(np.median(known)) if known else None,
            ratio,
            note,
            _common_share(curves, variant.name, frames.manifest.baseline),
            float(np.mean([len(each.spikes) for each in mine])) if mine else None,
            deviation,
            None if deviation is None else deviation_interval(deviation, len(values)),
            known,
        )
    return found


def training_curves(frames: Frames) -> tuple[Curve, ...]:
    """Return the curve of every complete cell, without its warm-up, in the order of the grid."""
    parts = frames.steps.partition_by("cell", as_dict=True)
    curves = []
    for cell in frames.manifest.cells:
        part = parts.get((cell.cell,))
        if cell.status == "complete" and part is not None:
            curves.append(_curve(cell.variant, cell.seed, part))
    return tuple(curves)


def _curve(variant: str, seed: int, part: pl.DataFrame) -> Curve:
    """From the first step with the largest learning rate on: before it the rate warms up."""
    first = int(part["learning_rate"].arg_max() or 0)
    steps = part["step"].cast(pl.Float64).to_numpy()
    losses = part["loss"].cast(pl.Float64).to_numpy()
    events = spike_events(losses, spike_window(len(losses)))
    ends = [
        (float(steps[each.start]), float(steps[min(each.end, len(steps) - 1)]))
        for each in events
        if each.start >= first
    ]
    return Curve(variant, seed, steps[first:], losses[first:], tuple(ends))


def _last_half_jitter(curve: Curve) -> float | None:
    half = len(curve.steps) // 2
    return jitter(curve.steps[half:], curve.losses[half:])


def own_ratios(
    frames: Frames, curves: Sequence[Curve]
) -> Mapping[str, tuple[Interval | None, str | None]]:
    """Return, for every variant but the baseline, its own noise as a multiple, or why not."""
    baseline = frames.manifest.baseline
    names = [each.name for each in frames.manifest.variants if each.name != baseline]
    by_seed = _residuals_by_seed(curves, min(3, len(names) + 1))
    if len(names) > 1 and _shares_more_than_batches(list(by_seed.values())):
        return dict.fromkeys(names, (None, SHARED))
    return {name: _ratio(by_seed, name, baseline, len(names), curves) for name in names}


def _residuals_by_seed(curves: Sequence[Curve], fewest: int) -> Mapping[int, Residuals]:
    """Residuals of every variant, of the seeds that have so many variants to compare."""
    found = {}
    for seed in dict.fromkeys(each.seed for each in curves):
        group = [each for each in curves if each.seed == seed]
        residuals = _common_residuals(group)
        if residuals is not None and len(group) >= max(2, fewest):
            found[seed] = {each.variant: row for each, row in zip(group, residuals, strict=True)}
    return found


def _shares_more_than_batches(seeds: Sequence[Residuals]) -> bool:
    """Whether the residuals contradict own noises that are independent of each other."""
    if any((own_variances(np.array(list(each.values()))) <= 0).any() for each in seeds):
        return True
    everywhere = [name for name in seeds[0] if all(name in each for each in seeds)] if seeds else []
    return shared_unequally([np.array([each[name] for name in everywhere]) for each in seeds])


def _common_residuals(group: Sequence[Curve]) -> Array | None:
    """Residuals of cells that saw the same batches, without the spikes of any of them."""
    steps = group[0].steps
    for each in group[1:]:
        steps = np.intersect1d(steps, each.steps)
    chosen = [each.losses[np.isin(each.steps, steps)] for each in group]
    keep = np.all([np.isfinite(each) for each in chosen], axis=0)
    for each in group:
        for start, end in each.spikes:
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
    if (mine <= 0).any() or (theirs <= 0).any():
        return None, BELOW
    found = noise_ratio(np.sqrt(mine), np.sqrt(theirs), comparisons)
    if comparisons == 1:
        return found, TWO_VARIANTS
    whole = noise_ratio(_whole(seeds, name), _whole(seeds, baseline), comparisons)
    return (found, None) if agrees(found, whole) else (None, UNCONFIRMED)


def _own(seeds: Sequence[Residuals], name: str) -> Array:
    """The own variance of one variant in each seed."""
    found = [
        dict(zip(each, own_variances(np.array(list(each.values()))), strict=True)) for each in seeds
    ]
    return np.array([each[name] for each in found])


def _whole(seeds: Sequence[Residuals], name: str) -> Array:
    """All the noise of one variant in each seed, that of the batches with it."""
    return np.array([np.std(each[name], ddof=1) for each in seeds])


def _common_share(curves: Sequence[Curve], name: str, baseline: str) -> float | None:
    """Median over seeds of 1 - var(e_v - e_0) / (var e_v + var e_0)."""
    shares = []
    for curve in curves:
        partner = [c for c in curves if c.variant == baseline and c.seed == curve.seed]
        if curve.variant != name or name == baseline or not partner:
            continue
        residuals = _common_residuals([curve, partner[0]])
        if residuals is not None:
            shares.append(common_share(residuals[0], residuals[1]))
    return float(np.median(shares)) if shares else None


def common_share(one: Array, other: Array) -> float:
    """Return 1 - var(e_1 - e_2) / (var e_1 + var e_2), the part of the noise common to both."""
    total = float(np.var(one, ddof=1) + np.var(other, ddof=1))
    return 1 - float(np.var(one - other, ddof=1)) / total


def deviation_interval(deviation: float, seeds: int) -> tuple[float, float]:
    """Return the 95 % chi-square interval of a standard deviation."""
    from scipy.special import chdtri  # noqa: PLC0415 - scipy is slow to import

    degrees = seeds - 1
    low = deviation * math.sqrt(degrees / float(chdtri(degrees, 0.025)))
    return low, deviation * math.sqrt(degrees / float(chdtri(degrees, 0.975)))
