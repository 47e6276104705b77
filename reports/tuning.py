"""What was tuned for every variant, with what budget, on which seeds: words and tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reports.choices import Tried, Tuned, Tuning, is_same
from reports.drawings.drawing import Mark, Table
from reports.manifest import Manifest
from reports.marks import Look
from reports.provenance import written
from reports.tunedwords import (
    ended,
    known,
    loss_text,
    named_seeds,
    points_of,
    shared_seeds,
    still_open,
    were,
)
from reports.wording import listed

FEW_ROWS = 24
"""Of the table of points that is not folded."""

NUISANCE = ("optimizer", "schedule", "batching", "training")
"""Kinds of settings that are hyperparameters of the training, not what a variant is."""

MACHINE = ("devices", "engine", "precision", "validations", "context")
"""Of the training, what is no hyperparameter."""

DONE = {"complete": "done"}


@dataclass(frozen=True)
class Value:
    """A chosen value, and whether it lies at the edge of its range."""

    text: str
    is_at_edge: bool


@dataclass(frozen=True)
class Chosen:
    """The row of a variant: what was chosen for it, and among how many points."""

    label: str
    look: Look
    is_baseline: bool
    values: tuple[Value, ...]
    mean: str
    points: str


@dataclass(frozen=True)
class Point:
    """The row of a point that was tried."""

    label: str
    values: tuple[str, ...]
    mean: str
    losses: str
    cells: str
    is_chosen: bool


@dataclass(frozen=True)
class Section:
    """Every word of the section.

    Fields:
        sentence: the budget, the seeds, what judges.
        note: how the tables are read.
        keys: the heads of their columns.
        seeds: the head of the losses by seed.
        points: every point; `is_folded` where there are many.
        fixed: what was not tuned.
    """

    sentence: str
    note: str
    keys: tuple[str, ...]
    seeds: str
    chosen: tuple[Chosen, ...]
    points: tuple[Point, ...]
    is_folded: bool
    fixed_note: str
    fixed: Table


def section(manifest: Manifest, marks: Sequence[Mark]) -> Section | None:
    """Say everything about the tuning; None where the grid tunes nothing."""
    tuning = manifest.tuning
    if tuning is None:
        return None
    points = tuple(_points(manifest, tuning))
    return Section(
        sentence=_budget(manifest, tuning),
        note="Mean final validation loss over the tuning seeds. The chosen point has the lowest "
        "of its variant, so that its mean is too good: it chooses, and judges nothing.",
        keys=tuning.keys,
        seeds=f"By seed ({', '.join(map(str, tuning.seeds))})",
        chosen=tuple(_chosen(manifest, tuning, marks)),
        points=points,
        is_folded=len(points) > FEW_ROWS,
        fixed_note=_fixed_note(tuning),
        fixed=fixed_settings(manifest, tuning.keys),
    )


def fixed_settings(manifest: Manifest, tuned: Sequence[str]) -> Table:
    """Return the hyperparameters of the training that all variants have alike and nobody tuned."""
    base = manifest.variant(manifest.baseline).settings
    rows = tuple(
        (key, written(base[key]))
        for key in sorted(base)
        if _is_nuisance(key)
        and not any(is_same(key, each) for each in tuned)
        and all(each.settings.get(key) == base[key] for each in manifest.variants)
    )
    return Table(("hyperparameter", "value"), rows)


def as_json(tuning: Tuning | None) -> dict[str, Any] | None:
    """Return the tuning as plain values; None where the grid tunes nothing."""
    return None if tuning is None else asdict(tuning)


def _is_nuisance(key: str) -> bool:
    kind, _, rest = key.partition(".")
    return kind in NUISANCE and rest not in MACHINE


def _budget(manifest: Manifest, tuning: Tuning) -> str:
    still = still_open(manifest, tuning)
    keys = listed(tuning.keys, limit=len(tuning.keys))
    how = "all combinations" if tuning.sampler is None else "proposed for it by TPE"
    each = f"{points_of(tuning.trials)} of {keys} ({how}), each trained on"
    trained = f"{each} {named_seeds(tuning.seeds)}"
    if still:
        return (
            f"The tuning is not finished: {listed(still)} points. Every variant, the baseline "
            f"included, is given the same budget: {trained}."
        )
    judged = f"The verdicts are judged on {named_seeds(manifest.seeds)}"
    fresh = "" if shared_seeds(manifest, tuning.seeds) else ", which chose nothing"
    return f"Every variant, the baseline included, had the same budget: {trained}. {judged}{fresh}."


def _chosen(manifest: Manifest, tuning: Tuning, marks: Sequence[Mark]) -> Iterator[Chosen]:
    for variant, mark in zip(manifest.variants, marks, strict=True):
        each = tuning.variants.get(variant.name, Tuned(None, (), ()))
        found = next((one for one in each.trials if _is_chosen(one, each)), None)
        yield Chosen(
            variant.label,
            Look(mark),
            variant.name == manifest.baseline,
            tuple(_value(each, key) for key in tuning.keys),
            loss_text(None if found is None else found.mean),
            f"{ended(tuning, each)} of {tuning.trials}",
        )


def _value(each: Tuned, key: str) -> Value:
    if each.chosen is None:
        return Value("none chosen", is_at_edge=False)
    return Value(written(each.chosen.get(key)), is_at_edge=key in each.at_edge)


def _is_chosen(tried: Tried, each: Tuned) -> bool:
    return each.chosen is not None and dict(tried.settings) == dict(each.chosen)


def _points(manifest: Manifest, tuning: Tuning) -> Iterator[Point]:
    for name, each in known(manifest, tuning):
        for tried in each.trials:
            yield Point(
                manifest.variant(name).label,
                tuple(written(tried.settings.get(key)) for key in tuning.keys),
                loss_text(tried.mean),
                ", ".join(map(loss_text, tried.losses)),
                statuses_text(tried.statuses),
                _is_chosen(tried, each),
            )


def statuses_text(statuses: Sequence[str]) -> str:
    """Write how many cells ended how: `1 done, 1 diverged`."""
    counted: Mapping[str, int] = {each: statuses.count(each) for each in dict.fromkeys(statuses)}
    return ", ".join(f"{many} {DONE.get(each, each)}" for each, many in counted.items())


def _fixed_note(tuning: Tuning) -> str:
    only = listed(tuning.keys, limit=len(tuning.keys))
    return (
        f"Only {only} {were(tuning.keys)} tuned. These hyperparameters are the same for every "
        "variant and may suit one better than another; no interval covers that."
    )
