"""Which variants of a large grid are in colour before the reader picks others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reports.claims import Claim
from reports.drawings.drawing import MARKERS, Mark
from reports.manifest import Manifest
from reports.measures import Measures
from reports.summaries import Summary


def first_pick(
    manifest: Manifest,
    summaries: Sequence[Summary],
    against: Mapping[str, Claim],
    measures: Mapping[str, Measures],
) -> tuple[str, ...]:
    """Return baseline, lowest mean loss, worst resolved, most own noise: those that there are.

    Args:
        manifest: of the grid.
        summaries: of every variant, in the order of the grid.
        against: variant -> its claim against the baseline.
        measures: variant -> its volatility.
    """
    chosen = {manifest.baseline, *_extremes(summaries, against, measures)}
    return tuple(each.name for each in manifest.variants if each.name in chosen)


def in_colour(marks: Sequence[Mark], manifest: Manifest, chosen: Sequence[str]) -> tuple[Mark, ...]:
    """Give the slots to the chosen variants, in the order of the grid: the baseline has the first.

    Each slot has its own marker, so that the colours are never alone in telling them apart.

    Where there are colours for all variants each keeps its own.
    """
    if all(mark.slot is not None for mark in marks):
        return tuple(marks)
    others = [name for name in chosen if name != manifest.baseline]
    slots = {manifest.baseline: 0} | {name: slot for slot, name in enumerate(others, 1)}
    return tuple(
        replace(mark, slot=None)
        if variant.name not in slots
        else replace(mark, slot=slots[variant.name], marker=MARKERS[slots[variant.name]])
        for mark, variant in zip(marks, manifest.variants, strict=True)
    )


def _extremes(
    summaries: Sequence[Summary], against: Mapping[str, Claim], measures: Mapping[str, Measures]
) -> Iterator[str]:
    ended = {each.name: each.wide.mean for each in summaries if each.wide is not None}
    if ended:
        yield min(ended, key=lambda name: ended[name])
    worse = {
        name: each.difference or 0.0 for name, each in against.items() if each.verdict == "worse"
    }
    if worse:
        yield max(worse, key=lambda name: worse[name])
    ratios = {name: each.estimates.own_ratio for name, each in measures.items()}
    noises = {name: ratio.estimate for name, ratio in ratios.items() if ratio is not None}
    jitters = {name: each.estimates.jitter or 0.0 for name, each in measures.items()}
    noisy = noises or jitters
    if noisy:
        yield max(noisy, key=lambda name: noisy[name])
