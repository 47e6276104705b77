"""One stage of a sweep: searches, whose cells become known as a sampler proposes them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl

from ablations.backlog import Backlog
from ablations.board import Board
from ablations.candidates import Candidate, Cells
from ablations.choices import Sought
from ablations.command import Command
from ablations.drive import drive
from ablations.ends import Ends
from ablations.interrupts import Interrupts
from ablations.jobs import is_free, jobs_of, row_of
from ablations.progress import Display, display
from ablations.project import Project
from ablations.searching import Searching
from ablations.together import Together
from ablations.training import Trained
from ablations.trials import Trial, one_driver
from ablations.workers import places, train_cell
from components.options import shown as written
from pipelines.runs import Run

Jobs = dict[str, Any]


def search(sought: Sequence[Sought], device: str, command: Command, project: Project) -> Trained:
    """Search to the end; a search that was stopped or killed goes on where it was.

    One search of a grid has as many trials under way as there are workers. Those of variants that
    are tuned have one each, so that what is proposed does not depend on the number of workers.

    Args:
        sought: one search of a grid, or one for each of its variants.
        device: class of device.
        command: says on how many workers, and how it is told.
        project: where components and runs are.

    Raises:
        UserError: another process drives the search.
    """
    most = sum(each.left * len(each.seeds) for each in sought)
    workers = places(device, command.workers)[:most]
    parallel = len(workers) if len(sought) == 1 else 1
    board = Board({}, len(workers), most)
    with (
        one_driver(sought[0].record.path),
        Interrupts() as interrupts,
        display(board, plain=command.plain) as shown,
    ):
        interrupts.on_stop = lambda: shown.event("stopping")
        shown.event("starting", trials=sum(each.left for each in sought), workers=len(workers))
        jobs: Jobs = {}
        searches = [
            Searching(
                each.search, each.seeds, each.record, _cells(each, project), jobs,
                parallel=parallel, told=partial(_tell, each, board, shown),
                begun=partial(_begin, each, board),
            )
            for each in sought
        ]  # fmt: skip
        order, ends = Together(searches), Ends(board, shown, project.store)

        def notify(event: Any) -> None:
            ends.notify(event)
            order.hear(event)

        backlog = Backlog(
            jobs, order, ends,
            is_free=lambda fingerprint: is_free(project, fingerprint),
            stopped=interrupts.stopped,
        )  # fmt: skip
        drive(backlog, workers, train_cell, notify, interrupts.stopped)
    return Trained(board.done, board.total, interrupts.signal)


def _cells(sought: Sought, project: Project) -> Cells:
    return Cells(partial(_candidate, sought, project), sought.proposed.run, _curve)


def _candidate(
    sought: Sought, project: Project, settings: Mapping[str, Any], seed: int
) -> Candidate:
    planned = sought.proposed.plan(settings)
    cell = sought.proposed.cell(settings, seed)
    job = jobs_of(planned, [cell], project)[cell.fingerprint]
    return Candidate(cell.fingerprint, job, cell.cell.training.steps)


def _curve(run: Run) -> list[float]:
    """Return the training losses of a run, step by step."""
    frame = pl.read_parquet(run.folder / "steps.parquet", columns=["loss"])
    return [float(each) for each in frame["loss"]]


def _begin(sought: Sought, board: Board, trial: Trial) -> None:
    """Give the cells of a trial their rows on the board."""
    if not trial.cells:
        board.more = max(board.more - len(sought.seeds), 0)
        return
    for each in sought.proposed.plan(trial.settings).cells:
        name = f"{_title(sought, trial)}/{each.cell.seed}"
        board.add(each.fingerprint, replace(row_of(each), cell=name, expected=sought.seconds))


def _tell(sought: Sought, board: Board, shown: Display, trial: Trial) -> None:
    """Tell how a trial ended; what it leaves behind is not wanted any more."""
    if trial.status == "pruned":
        for fingerprint in trial.cells:
            board.prune(fingerprint)
    facts: dict[str, Any] = {"trial": _title(sought, trial), "status": trial.status}
    facts |= {} if trial.values is None else {"val": f"{trial.values[0]:.3f}"}
    facts |= {} if trial.at is None else {"at": trial.at}
    facts |= {} if trial.reason is None else {"reason": trial.reason}
    shown.event("tried", **facts, **{key: written(v) for key, v in trial.settings.items()})


def _title(sought: Sought, trial: Trial) -> str:
    return f"{sought.label}trial {trial.number}"
