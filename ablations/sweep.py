"""Train what a grid still misses and gather its results: the DVC stage, and half of `run`.

As a stage it exits with 0 when cells failed: the manifest records them, the report shows them, and
`ablations.check` is what fails.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ablations.backlog import Backlog, loss_of
from ablations.board import QUEUED, Board, Row
from ablations.command import Command, arguments, main_of
from ablations.drive import drive
from ablations.ends import Ends
from ablations.gather import gather
from ablations.interrupts import Interrupts
from ablations.planning import Plan, Planned, plan
from ablations.progress import Display, display
from ablations.project import Project, named_grid, project_of
from ablations.selection import selected
from ablations.study import Point, Trials, parameters, write_study
from ablations.workers import places, train_cell
from pipelines.runs import Run, is_locked, read_run

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


def main(argv: Sequence[str]) -> int:
    """Sweep one grid."""
    command = arguments(argv, USAGE)
    swept = sweep(command, project_of(command))
    if swept.signal is not None:
        print(swept.stopped_line, file=sys.stderr)
        return 128 + swept.signal
    return 0


def sweep(command: Command, project: Project) -> Swept:
    """Validate and build every cell, train those that are missing, write results and study.

    Raises:
        UserError: everything that is wrong with the grid; nothing was trained then.
    """
    grid = named_grid(command, project)
    for warning in grid.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    planned = plan(grid, project, _say)
    chosen = selected(planned, command.only)
    workers = places(planned.device, command.workers)[: max(len(chosen), 1)]
    board = Board({each.fingerprint: _row(each) for each in planned.cells}, len(workers))
    with Interrupts() as interrupts, display(board, plain=command.plain) as shown:
        interrupts.on_stop = lambda: shown.event("stopping")
        _tell_plan(shown, planned)
        if chosen:
            _train(planned, chosen, project, Ends(board, shown, project.store), workers, interrupts)
    if interrupts.signal is not None:
        return Swept(planned, board.done, None, interrupts.signal)
    manifest = gather(planned, project.store, project.results / grid.results_name)
    points = [
        _point(planned, each, read_run(project.store, each.fingerprint)) for each in planned.cells
    ]
    write_study(project.store / "studies" / f"{grid.results_name}.log", grid.results_name, points)
    return Swept(planned, board.done, manifest, None)


def _train(
    planned: Plan,
    chosen: Sequence[Planned],
    project: Project,
    ends: Ends,
    workers: Sequence[Any],
    interrupts: Interrupts,
) -> None:
    from pipelines.execute import Job  # noqa: PLC0415  # torch, which a cached sweep does not need

    jobs = {
        each.fingerprint: Job(
            each.cell,
            each.fingerprint,
            each.document,
            each.data.folder,
            project.store,
            planned.grid.evaluate,
            project.components,
        )
        for each in chosen
    }
    cached = [each for each in planned.cells if not each.to_do]
    points = [_point(planned, each, each.run) for each in cached]
    points += [_point(planned, each, None) for each in chosen]
    backlog = Backlog(
        jobs,
        Trials(points),
        ends,
        is_free=lambda fingerprint: not is_locked(project.store, fingerprint),
        stopped=interrupts.stopped,
    )
    drive(backlog, workers, train_cell, ends.notify, interrupts.stopped)


def _point(planned: Plan, cell: Planned, run: Run | None) -> Point:
    """Return a cell for the study, with what the store has of it."""
    settings = {each.name: each.settings for each in planned.variants}[cell.variant]
    keys = dict.fromkeys(key for each in planned.variants for key in each.differs)
    return Point(
        cell.fingerprint,
        cell.variant,
        cell.cell.seed,
        {"variant": cell.variant, **parameters(settings, list(keys), cell.cell.seed)},
        run.status if run is not None else "missing",
        loss_of(run) if run is not None else None,
    )


def _row(cell: Planned) -> Row:
    state = QUEUED if cell.to_do else "cached"
    return Row(cell.name, cell.variant, cell.cell.training.steps, cell.seconds, state)


def _tell_plan(shown: Display, planned: Plan) -> None:
    counts = Counter(each.state for each in planned.cells)
    facts: dict[str, Any] = {"grid": planned.grid.results_name, "preset": planned.grid.preset}
    facts |= {"cells": len(planned.cells), "cached": counts["cached"]}
    evaluations = len(planned.to_do) - len(planned.to_train)
    facts |= {"to_train": len(planned.to_train)}
    facts |= {"to_evaluate": evaluations} if evaluations else {}
    shown.event("plan", **facts)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main_of(main)
