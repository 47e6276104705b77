"""What a reader must know before comparing grids, worst first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reports import numbers
from reports.claims import Caveat
from reports.contrasts import ROUNDING
from reports.sides import NOT_NOTED, SIZES, Fact, Shared, Side, differing_settings, namesakes
from reports.wording import capital, listed

MOST_KEYS = 3


def agreement_caveats(
    sides: Sequence[Side], names: Sequence[str], facts: Sequence[Fact], joined: Sequence[Shared]
) -> tuple[Caveat, ...]:
    """Return every caveat of a comparison.

    Args:
        sides: the grids.
        names: of them, for people.
        facts: that they must agree in to be on one scale.
        joined: their variants; none where the grids are not on one scale.
    """
    return (
        *_apart(names, facts),
        *_unfinished(sides, names),
        *_not_the_same(sides, names, joined),
        *_other_losses(sides, names, joined),
        *_judged_otherwise(sides, names),
        *_devices(sides, names),
    )


def apart(fact: Fact, names: Sequence[str]) -> str:
    """Write in what grids differ: `the presets differ: laptop (positions), pythia-14m (memory)`."""
    groups: dict[str, list[str]] = {}
    for name, shown in zip(names, fact.shown, strict=True):
        groups.setdefault(shown, []).append(name)
    if set(groups) == {NOT_NOTED}:
        return f"whether {fact.name} is not noted"
    if len(groups) == 1:
        return f"{fact.name} within a grid: {next(iter(groups))}"
    parts = [
        shown if own == [shown] else f"{shown} ({', '.join(own)})" for shown, own in groups.items()
    ]
    return f"{fact.name}: {', '.join(parts)}"


def _apart(names: Sequence[str], facts: Sequence[Fact]) -> Iterator[Caveat]:
    differing = [each for each in facts if not each.agrees]
    if differing:
        reasons = "; ".join(apart(each, names) for each in differing)
        so = "Losses of different columns are not to be compared."
        if {each.name for each in differing} <= SIZES:
            so = "Columns are different recipes: what lies between them is no variant's effect."
        yield Caveat("not_pooled", f"{reasons[0].upper()}{reasons[1:]}. {so}", "grids")


def _unfinished(sides: Sequence[Side], names: Sequence[str]) -> Iterator[Caveat]:
    for side, name in zip(sides, names, strict=True):
        statuses = [each.status for each in side.manifest.cells]
        if side.manifest.state == "partial":
            missing = statuses.count("missing")
            text = f"{name} is not finished: {missing} of {len(statuses)} cells are missing."
            yield Caveat("unfinished", text, "grids")


def _not_the_same(
    sides: Sequence[Side], names: Sequence[str], joined: Sequence[Shared]
) -> Iterator[Caveat]:
    """Name variants with one name that are not one recipe: nothing joins them."""
    if not joined:
        return
    found: dict[tuple[int, int, str], list[str]] = {}
    for variant, one, other in namesakes(sides, joined):
        why = _why(sides[one], sides[other], variant)
        found.setdefault((one, other, why), []).append(sides[one].manifest.label(variant))
    for (one, other, why), labels in found.items():
        verb = "is" if len(labels) == 1 else "are"
        text = (
            f"{capital(listed(labels))} {verb} not shown to be the same in {names[one]} and in "
            f"{names[other]}: {why}."
        )
        yield Caveat("namesakes", text, "variants")


def _why(one: Side, other: Side, variant: str) -> str:
    ours, theirs = one.manifest.variant(variant), other.manifest.variant(variant)
    keys = differing_settings(ours, theirs)
    if keys:
        return f"{listed(keys, limit=MOST_KEYS)} differ{'s' if len(keys) == 1 else ''}"
    if one.fingerprints(variant).keys().isdisjoint(other.fingerprints(variant)):
        return "they have no seed in common"
    return "the fingerprints differ with equal settings, as after a change of code or of torch"


def _other_losses(
    sides: Sequence[Side], names: Sequence[str], joined: Sequence[Shared]
) -> Iterator[Caveat]:
    """Name cells of one fingerprint with two losses: another machine, or another evaluation."""
    for shared in joined:
        (first, name), *others = shared.members.items()
        ours = sides[first].losses[name]
        for place, called in others:
            theirs = sides[place].losses[called]
            common = [seed for seed in ours if seed in theirs]
            most = max((abs(ours[seed] - theirs[seed]) for seed in common), default=0.0)
            if most > ROUNDING * max(1.0, float(np.max(np.abs([*ours.values(), 1.0])))):
                label = sides[first].manifest.label(name)
                text = (
                    f"The same cells of {label} have other losses in {names[place]} than in "
                    f"{names[first]}, by up to {numbers.fixed(most, 4)} nats; shown are those of "
                    f"{names[first]}."
                )
                yield Caveat("other_losses", text, "variants")


def _judged_otherwise(sides: Sequence[Side], names: Sequence[str]) -> Iterator[Caveat]:
    margins = [_margin(each) for each in sides]
    if len(set(margins)) > 1:
        parts = ", ".join(f"{m} ({name})" for m, name in zip(margins, names, strict=True))
        text = f"The margins differ, so “equivalent” does not mean the same: {parts}."
        yield Caveat("margins", text, "grids")
    seeds = [len(each.manifest.seeds) for each in sides]
    if len(set(seeds)) > 1:
        parts = ", ".join(f"{n} ({name})" for n, name in zip(seeds, names, strict=True))
        text = f"The numbers of seeds differ, and with them what can be resolved: {parts}."
        yield Caveat("seeds", text, "grids")


def _margin(side: Side) -> str:
    margin = side.manifest.margin
    return "none" if margin is None else numbers.margin(margin)


def _devices(sides: Sequence[Side], names: Sequence[str]) -> Iterator[Caveat]:
    found = [_machine(side.manifest.environment) for side in sides]
    if len(set(found)) > 1:
        parts = ", ".join(f"{each} ({name})" for each, name in zip(found, names, strict=True))
        yield Caveat("devices", f"Trained on another device or torch: {parts}.", "grids")


def _machine(environment: Mapping[str, Any]) -> str:
    known = [str(environment[key]) for key in ("device", "torch") if environment.get(key)]
    return " ".join(known) or NOT_NOTED
