"""What was tuned for every variant, with what budget, on which seeds: words and tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reports.choices import Search, Tried, Tuned, Tuning, is_same
from reports.claims import Caveat
from reports.figures import Mark, Table
from reports.manifest import Manifest
from reports.marks import Look
from reports.numbers import count, fixed
from reports.provenance import written
from reports.wording import capital, listed

PLACES = 4
"""Decimals of a loss that was compared without an interval."""

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


def scope(manifest: Manifest) -> str:
    """Say which hyperparameters a verdict is about, and what was tuned of them, for whom."""
    if manifest.tuning is not None:
        return _scope_of_tuning(manifest.tuning)
    if manifest.search is not None:
        return _scope_of_search(manifest, manifest.search)
    return "these hyperparameters, which were tuned for no variant"


def caveats(manifest: Manifest) -> Iterator[Caveat]:
    """Say where a tuning may have missed the best, or was no fair one."""
    tuning = manifest.tuning
    if tuning is None:
        return
    yield from _not_fresh(manifest, tuning)
    for name, each in _known(manifest, tuning):
        if each.chosen is None and _ended(tuning, each) == tuning.trials:
            text = (
                f"Nothing could be chosen for {manifest.label(name)}: every point that was tried "
                "has a cell that diverged or failed."
            )
            yield Caveat("untuned", text, "tuning")
    for key in tuning.keys:
        at = [(name, each) for name, each in _known(manifest, tuning) if key in each.at_edge]
        if at:
            yield Caveat("edge", _edge(manifest, key, at), "tuning")


def named_seeds(seeds: Sequence[int]) -> str:
    """Write `seed 7`, `seeds 7 and 9`, or `seeds 7 to 11`."""
    ordered = sorted(seeds)
    if len(ordered) == 1:
        return f"seed {ordered[0]}"
    is_row = ordered == list(range(ordered[0], ordered[0] + len(ordered)))
    if is_row and len(ordered) > 2:  # noqa: PLR2004 - of two, both are named
        return f"seeds {ordered[0]} to {ordered[-1]}"
    return f"seeds {listed([str(each) for each in ordered], limit=len(ordered))}"


def loss_text(loss: float | None) -> str:
    """Write a loss that has no interval; a dash where there is none."""
    return "–" if loss is None else fixed(loss, PLACES)


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


def _known(manifest: Manifest, tuning: Tuning) -> list[tuple[str, Tuned]]:
    """Return the variants of the grid that have a tuning, in the order of the grid."""
    names = [each.name for each in manifest.variants]
    return [(name, tuning.variants[name]) for name in names if name in tuning.variants]


def _ended(tuning: Tuning, each: Tuned) -> int:
    """Return how many points of a variant have ended with all their seeds."""
    return sum(
        len(tried.statuses) == len(tuning.seeds) and "missing" not in tried.statuses
        for tried in each.trials
    )


def _are(keys: Sequence[str]) -> str:
    return "was" if len(keys) == 1 else "were"


def _points_of(number: int) -> str:
    return "1 point" if number == 1 else f"{count(number)} points"


def _open(manifest: Manifest, tuning: Tuning) -> list[str]:
    """Name the variants whose tuning is not finished, with how far it is."""
    ended = [(v, _ended(tuning, tuning.variants[v.name])) for v in manifest.variants
             if v.name in tuning.variants]
    short = [(v, done) for v, done in ended if done < tuning.trials]
    short += [(v, 0) for v in manifest.variants if v.name not in tuning.variants]
    return [f"{manifest.label(v.name)} has {done} of {tuning.trials}" for v, done in short]


def _budget(manifest: Manifest, tuning: Tuning) -> str:
    still = _open(manifest, tuning)
    keys = listed(tuning.keys, limit=len(tuning.keys))
    how = "all combinations" if tuning.sampler is None else "proposed for it by TPE"
    each = f"{_points_of(tuning.trials)} of {keys} ({how}), each trained on"
    trained = f"{each} {named_seeds(tuning.seeds)}"
    if still:
        return (
            f"The tuning is not finished: {listed(still)} points. Every variant, the baseline "
            f"included, is given the same budget: {trained}."
        )
    judged = f"The verdicts are judged on {named_seeds(manifest.seeds)}"
    fresh = "" if _shared(manifest, tuning.seeds) else ", which chose nothing"
    return (
        f"Every variant, the baseline included, had the same budget: {trained}. {judged}{fresh}."
    )


def _shared(manifest: Manifest, seeds: Sequence[int]) -> list[int]:
    return sorted({*seeds} & {*manifest.seeds})


def _not_fresh(manifest: Manifest, tuning: Tuning) -> Iterator[Caveat]:
    shared = _shared(manifest, tuning.seeds)
    if shared:
        text = f"{capital(named_seeds(shared)).capitalize()} chose the hyperparameters and judge"
        text += "s" if len(shared) == 1 else ""
        yield Caveat("not_fresh", f"{text} them as well, which flatters what was chosen.", "tuning")


def _edge(manifest: Manifest, key: str, at: Sequence[tuple[str, Tuned]]) -> str:
    parts = [
        f"{manifest.label(name)} ({written((each.chosen or {}).get(key))})" for name, each in at
    ]
    return (
        f"The chosen {key} lies at the edge of what was tried for {listed(parts)}; a better one "
        "may lie beyond it."
    )


def _scope_of_tuning(tuning: Tuning) -> str:
    keys = listed(tuning.keys, limit=len(tuning.keys))
    budget = f"{_points_of(tuning.trials)} on {named_seeds(tuning.seeds)}"
    return (
        f"these hyperparameters, of which {keys} {_are(tuning.keys)} tuned for every variant with "
        f"the same budget ({budget}) and the others for none"
    )


def _scope_of_search(manifest: Manifest, search: Search) -> str:
    keys = listed(search.keys, limit=len(search.keys))
    trials = "1 trial" if len(search.trials) == 1 else f"{count(len(search.trials))} trials"
    baseline = manifest.label(manifest.baseline)
    return (
        f"these hyperparameters: {keys} {_are(search.keys)} searched for in {trials}, nothing was "
        f"tuned for {baseline}"
    )


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
            f"{_ended(tuning, each)} of {tuning.trials}",
        )


def _value(each: Tuned, key: str) -> Value:
    if each.chosen is None:
        return Value("none chosen", is_at_edge=False)
    return Value(written(each.chosen.get(key)), is_at_edge=key in each.at_edge)


def _is_chosen(tried: Tried, each: Tuned) -> bool:
    return each.chosen is not None and dict(tried.settings) == dict(each.chosen)


def _points(manifest: Manifest, tuning: Tuning) -> Iterator[Point]:
    for name, each in _known(manifest, tuning):
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
        f"Only {only} {_are(tuning.keys)} tuned. These hyperparameters are the same for every "
        "variant and may suit one better than another; no interval covers that."
    )
