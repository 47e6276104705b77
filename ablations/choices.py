"""What tuning or a search has chosen for a grid so far, read from the store: nothing is trained."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ablations.choosing_seeds import choosing_seeds
from ablations.decided import at_look
from ablations.earlier import Earlier
from ablations.grid import Grid
from ablations.left_open import first, laid_in, tuned, with_best
from ablations.looks import question_digest
from ablations.planning import Plan, Planned, plan
from ablations.project import Project
from ablations.proposed import Proposed, choosing_grid
from ablations.search import Search, search_digest
from ablations.searched import BEST, search_block, unchanged, unsolvable
from ablations.searched import solved as found_best
from ablations.space import combinations
from ablations.study import View
from ablations.study_views import search_view, tuning_view
from ablations.tree import Problems
from ablations.trials import Record, Trial
from ablations.tune import Tune, Tuned, chosen, chosen_by_sampler, tuning_block, untunable
from ablations.tune import solved as chosen_settings
from components.errors import Problem
from components.options import shown
from pipelines.runs import Run, read_run

Report = Callable[[str], None]


@dataclass(frozen=True)
class Sought:
    """A search: that of a grid, or the one that a sampler makes for a variant that is tuned.

    Fields:
        variant: for which settings are proposed.
        label: what stands before the number of a trial: `none, ` where variants are tuned.
        search, seeds: what is tried, and on which seeds.
        record: of its trials.
        proposed: its cells.
        trials: those of the record that count, in order.
        seconds: that one training takes, by what was measured; None if nothing was.
    """

    variant: str
    label: str
    search: Search
    seeds: tuple[int, ...]
    record: Record
    proposed: Proposed
    trials: tuple[Trial, ...]
    seconds: float | None

    @property
    def left(self) -> int:
        """Trials that have not ended, those that failed in training among them: tried again."""
        ended = sum(not (each.is_open or _failed(each)) for each in self.trials)
        return self.search.trials - ended


@dataclass(frozen=True)
class Choices:
    """What was chosen, and what is still to be trained before everything is.

    Fields:
        grid: with what was chosen laid in; as it was read while something is open.
        outline: the cells that are judged, with settings that stand for those to be chosen; None
            where the grid leaves nothing open.
        listed: the cells of all combinations that are tried; None where a sampler proposes.
        sought: the searches of a sampler.
        is_settled: whether everything was chosen.
        problems: why something cannot be.
        blocks: `tuning` and `search` of the manifest, None where there is no such thing.
        views: studies by name, for dashboards.
    """

    grid: Grid
    outline: Plan | None = None
    listed: Plan | None = None
    sought: tuple[Sought, ...] = ()
    is_settled: bool = True
    problems: tuple[Problem, ...] = ()
    blocks: Mapping[str, Any] = field(default_factory=lambda: {"tuning": None, "search": None})
    views: Mapping[str, View] = field(default_factory=dict)

    @property
    def to_do(self) -> bool:
        """Whether something is to be trained before anything is judged."""
        listed = self.listed is not None and bool(self.listed.to_do)
        return listed or any(each.left for each in self.sought)


@dataclass(frozen=True)
class _Asked:
    """What is asked for, and all that is needed to answer."""

    grid: Grid
    outline: Plan
    project: Project
    earlier: Earlier

    @property
    def names(self) -> list[str]:
        """The variants of the outline."""
        return [each.name for each in self.outline.variants]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that choose."""
        return choosing_seeds(self.grid.left_open.seeds, self.grid.seeds)


def choices(grid: Grid, project: Project, report: Report) -> Choices:
    """Say what the store's runs have chosen for a grid.

    Args:
        grid: as it was read.
        project: where components, data and runs are.
        report: is told what takes long.

    Raises:
        UserError: a variant that cannot be built, with the settings that stand for those to be
            chosen; of tuning by lists, with any of them.
    """
    tune, search = grid.left_open.tune, grid.left_open.search
    if tune is None and search is None:
        return Choices(grid)
    report = _each_once(report)
    outline = plan(_outlined(grid), project, report)
    asked = _Asked(grid, outline, project, Earlier(project.store))
    if search is not None:
        return _searched(asked, search)
    if tune is not None and tune.search is not None:
        return _tuned_by_sampler(asked, tune, tune.search)
    if tune is None:
        raise AssertionError("a grid leaves open what is tuned or what is searched")
    return _tuned(asked, tune, report)


def _each_once(report: Report) -> Report:
    """Return a report that says again nothing that it has said: of every combination, say."""
    said: set[str] = set()

    def once(text: str) -> None:
        if text not in said:
            said.add(text)
            report(text)

    return once


def _outlined(grid: Grid) -> Grid:
    """Return the grid, at its first look, with settings that stand for those to be chosen."""
    search = grid.left_open.search
    looked = grid if grid.looks is None else at_look(grid, grid.looks[0], {})
    if search is None:
        return looked
    return replace(looked, declared=with_best(search, grid.declared, first(search.axes)))


def _tuned(asked: _Asked, tune: Tune, report: Report) -> Choices:
    listed, runs = _listed(asked, tune, report)

    def run_of(variant: str, settings: Mapping[str, Any], seed: int) -> Run | None:
        return runs[variant, _form(settings), seed]

    found = chosen(tune, asked.seeds, asked.names, run_of)
    cells = [each.fingerprint for each in listed.cells]
    return replace(_of_tuning(asked, tune, found, cells), listed=listed)


def _listed(
    asked: _Asked, tune: Tune, report: Report
) -> tuple[Plan, dict[tuple[str, str, int], Run | None]]:
    """Plan the cells of every combination; return them variant by variant, and what they left."""
    grid, outline, names, problems = asked.grid, asked.outline, asked.names, Problems()
    within = choosing_grid(grid, names, (), asked.seeds)
    cells: list[Planned] = []
    runs: dict[tuple[str, str, int], Run | None] = {}
    for point in combinations(tune.axes):
        there = replace(within, declared=laid_in(grid.left_open, grid.declared, names, point))
        planned = problems.attempt(outline, plan, there, asked.project, report, asked.earlier)
        for each in planned.cells:
            key = (each.variant, _form(point), each.cell.seed)
            runs[key] = None if each.unevaluated else each.run
            name = f"{each.variant}, {_called(point)}/{each.cell.seed}"
            cells.append(replace(each, name=name))
    problems.settle()
    cells.sort(key=lambda each: names.index(each.variant))
    return Plan(within, outline.variants, tuple(cells), outline.device), runs


def _tuned_by_sampler(asked: _Asked, tune: Tune, search: Search) -> Choices:
    sought = tuple(_sought(asked, search, name, f"{name}, ") for name in asked.names)
    found = chosen_by_sampler(tune, asked.seeds, {each.variant: each.trials for each in sought})
    cells = [cell for each in sought for trial in each.trials for cell in trial.cells]
    return replace(_of_tuning(asked, tune, found, cells), sought=sought)


def _of_tuning(
    asked: _Asked, tune: Tune, found: Sequence[Tuned], fingerprints: Sequence[str]
) -> Choices:
    grid = asked.grid
    block = {**tuning_block(tune, asked.seeds, found), "spent": _spent(asked, fingerprints)}
    is_settled = all(each.chosen is not None for each in found)
    declared = tuned(tune.axes, grid.declared, chosen_settings(found))
    return Choices(
        replace(grid, declared=declared) if is_settled else grid,
        outline=asked.outline,
        is_settled=is_settled,
        problems=untunable(found),
        blocks={"tuning": block, "search": None},
        views={f"{grid.results_name} tuning": tuning_view(tune, found)},
    )


def _searched(asked: _Asked, search: Search) -> Choices:
    grid = asked.grid
    sought = _sought(asked, search, BEST, "")
    best = found_best(search, sought.trials)
    declared = with_best(search, grid.declared, best[BEST]) if best else grid.declared
    spent = _spent(asked, [cell for trial in sought.trials for cell in trial.cells])
    block = {**search_block(search, asked.seeds, sought.trials), "spent": spent}
    return Choices(
        replace(grid, declared=declared),
        outline=asked.outline,
        sought=(sought,),
        is_settled=bool(best),
        problems=unsolvable(search, sought.trials),
        blocks={"tuning": None, "search": block},
        views={f"{grid.results_name} search": search_view(search, sought.trials)},
    )


def _spent(asked: _Asked, fingerprints: Sequence[str]) -> dict[str, Any]:
    """Return how many of the cells have ended, and their seconds; a pruned one has no end."""
    runs = [read_run(asked.project.store, each) for each in dict.fromkeys(fingerprints)]
    seconds = [each.outcome.get("seconds") for each in runs if each is not None]
    known = [each for each in seconds if each is not None]
    return {"cells": len(seconds), "seconds": sum(known) if len(known) == len(seconds) else None}


def _sought(asked: _Asked, search: Search, variant: str, label: str) -> Sought:
    """Return the search for a variant; `best` of a search begins as the baseline."""
    grid, seeds = asked.grid, asked.seeds
    others = [name for name in asked.names if name != variant]
    proposed = Proposed(
        choosing_grid(grid, [variant], others, seeds), variant, asked.project, asked.earlier
    )
    changed = variant if grid.left_open.search is None else grid.baseline
    document = next(each.document for each in asked.outline.cells if each.variant == changed)
    digest = search_digest(search, seeds, question_digest([document]))
    path = asked.project.store / "studies" / f"{grid.results_name}.trials.jsonl"
    record = Record(path, digest)
    trials = unchanged(record.trials()[: search.trials], proposed.fingerprints)
    seconds = _seconds(asked.outline, variant)
    return Sought(variant, label, search, seeds, record, proposed, trials, seconds)


def _seconds(outline: Plan, variant: str) -> float | None:
    own = [each for each in outline.cells if each.variant == variant]
    known = [each.seconds for each in own if each.seconds is not None]
    known += [each.run.outcome["seconds"] for each in own if each.run and each.state == "cached"]
    return known[0] if known else None


def _failed(trial: Trial) -> bool:
    return trial.status == "failed" and bool(trial.cells)


def _form(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True)


def _called(settings: Mapping[str, Any]) -> str:
    """Return a point as cells are called by it: `learning_rate=0.001`."""
    last = [key.rpartition(".")[2] for key in settings]
    return ", ".join(
        f"{word if last.count(word) == 1 else key}={shown(value)}"
        for word, (key, value) in zip(last, settings.items(), strict=True)
    )
