"""Train what a grid still misses and gather its results: the DVC stage, and half of `run`.

As a stage it exits with 0 when cells failed: the manifest records them, the report shows them, and
`ablations.check` is what fails.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from ablations.backlog import Backlog
from ablations.board import Board
from ablations.command import Command, arguments, main_of
from ablations.decided import (
    ENDS,
    at_look,
    ended,
    is_over,
    judged,
    open_variants,
    still_decided,
)
from ablations.drive import drive
from ablations.ends import Ends
from ablations.gather import gather
from ablations.grid import Grid
from ablations.interrupts import Interrupts
from ablations.jobs import is_free, jobs_of, open_points, point_of, row_of
from ablations.plan_table import show
from ablations.planning import Plan, Planned, plan
from ablations.progress import Display, display, is_live, say
from ablations.project import Project, named_grid, project_of
from ablations.selection import selected
from ablations.study import Trials, write_study
from ablations.workers import places, train_cell
from components.errors import Problem, UserError
from pipelines.runs import read_run

USAGE = """\
python -m ablations.sweep grid=NAME [key=value ...]

Trains the cells of a grid that are missing, and writes results/NAME/. Exits with 0 when cells
failed: python -m ablations.check grid=NAME tells.
"""


@dataclass(frozen=True)
class Swept:
    """What a sweep did.

    Fields:
        plan: what there was to do.
        done: cells with a result now, cached ones among them.
        manifest: of the results; None if it was stopped before the end.
        signal: the one that stopped it.
    """

    plan: Plan
    done: int
    manifest: dict[str, Any] | None
    signal: int | None

    @property
    def stopped_line(self) -> str:
        """What to say when it was stopped."""
        return f"{self.done} of {len(self.plan.cells)} cells done; the same command resumes"


@dataclass(frozen=True)
class _How:
    environments: Sequence[Mapping[str, str]]
    stopped: Callable[[], bool]


def main(argv: Sequence[str]) -> int:
    """Sweep one grid."""
    command = arguments(argv, USAGE)
    swept = sweep(command, project_of(command))
    if swept.signal is not None:
        say(swept.stopped_line)
        return 128 + swept.signal
    return 0


def sweep(command: Command, project: Project) -> Swept:
    """Validate and build every cell, train those that are missing, write results and study.

    A grid with looks is judged at each, and goes on with what is not decided.

    Raises:
        UserError: everything that is wrong with the grid; nothing was trained then.
    """
    _refuse_storage(command)
    grid = named_grid(command, project)
    for warning in grid.warnings:
        say(f"warning: {warning}")
    if grid.looks is None:
        return _stage(plan(grid, project, say), command, project)
    return _until_decided(grid, grid.looks, command, project)


def _until_decided(grid: Grid, looks: Sequence[int], command: Command, project: Project) -> Swept:
    """Train the seeds of each look, judge, and go on with what is open and within the budget."""
    decided: dict[str, Any] = {}
    swept: Swept | None = None
    for index, look in enumerate(looks):
        here = at_look(grid, look, decided)
        planned = plan(here, project, say)
        if swept is not None and is_over(grid, planned):
            return _ended(swept, project, "budget")
        say(f"look {index + 1} of {len(looks)}, at {look} seeds")
        swept = _stage(planned, command, project)
        if swept.manifest is None or swept.manifest["state"] != "complete":
            return swept
        going_on = open_variants(judged(grid.results_name))
        if not going_on:
            return _ended(swept, project, "decided")
        names = [variant.name for variant in swept.plan.variants]
        decided = still_decided(here, names, going_on)
    if swept is None:
        raise AssertionError("a grid with looks has at least one")
    return _ended(swept, project, "exhausted")


def _ended(swept: Swept, project: Project, why: str) -> Swept:
    say(f"no further look: {ENDS[why]}")
    folder = project.results / swept.plan.grid.results_name
    return replace(swept, manifest=ended(folder, swept.manifest or {}, why))


def _stage(planned: Plan, command: Command, project: Project) -> Swept:
    """Train what is missing of a plan, and gather."""
    chosen = selected(planned, command.only)
    workers = places(planned.device, command.workers)[: max(len(chosen), 1)]
    if not command.plain and is_live(sys.stderr):
        show(planned, len(workers), Console(file=sys.stderr, highlight=False, markup=False))
    board = Board({each.fingerprint: row_of(each) for each in planned.cells}, len(workers))
    with Interrupts() as interrupts, display(board, plain=command.plain) as shown:
        interrupts.on_stop = lambda: shown.event("stopping")
        _tell_plan(shown, planned, len(workers))
        if chosen:
            shown.event("starting", workers=len(workers))
            how = _How(workers, interrupts.stopped)
            _train(planned, chosen, project, Ends(board, shown, project.store), how)
    if interrupts.signal is not None:
        return Swept(planned, board.done, None, interrupts.signal)
    name = planned.grid.results_name
    manifest = gather(planned, project.store, project.results / name, command.kept)
    points = [
        point_of(planned, each, read_run(project.store, each.fingerprint)) for each in planned.cells
    ]
    write_study(project.store / "studies" / f"{name}.log", name, points)
    return Swept(planned, board.done, manifest, None)


def _train(
    planned: Plan, chosen: Sequence[Planned], project: Project, ends: Ends, how: _How
) -> None:
    cached = [point_of(planned, each, each.run) for each in planned.cells if not each.to_do]
    backlog = Backlog(
        jobs_of(planned, chosen, project),
        Trials([*cached, *open_points(planned, chosen)]),
        ends,
        is_free=lambda fingerprint: is_free(project, fingerprint),
        stopped=how.stopped,
    )
    drive(backlog, how.environments, train_cell, ends.notify, how.stopped)


def _refuse_storage(command: Command) -> None:
    if command.storage is not None:
        hint = "the study is a journal, runs/studies/NAME.log, written anew by every sweep"
        what = "another storage of the study is not supported yet"
        raise UserError(Problem(what, "command line", "storage", command.storage, (hint,)))


def _tell_plan(shown: Display, planned: Plan, workers: int) -> None:
    counts = Counter(each.state for each in planned.cells)
    facts: dict[str, Any] = {"grid": planned.grid.results_name, "preset": planned.grid.preset}
    facts |= {"cells": len(planned.cells), "cached": counts["cached"]}
    evaluations = len(planned.to_do) - len(planned.to_train)
    facts |= {"to_train": len(planned.to_train)}
    facts |= {"to_evaluate": evaluations} if evaluations else {}
    about = planned.about(workers) if planned.to_train else None
    facts |= {} if about is None else {"about": f"{about:.0f}s"}
    shown.event("plan", **facts)


if __name__ == "__main__":
    main_of(main)
