"""One stage of a sweep: cells that are known are trained, on a board, until all have ended."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from ablations.backlog import Backlog
from ablations.board import Board
from ablations.checking import refuse_broken
from ablations.command import Command
from ablations.drive import drive
from ablations.ends import Ends
from ablations.interrupts import Interrupts
from ablations.jobs import is_free, jobs_of, open_points, point_of, row_of
from ablations.plan_table import show
from ablations.planning import Plan, Planned
from ablations.progress import Display, display, is_live, say
from ablations.project import Project
from ablations.study import Trials
from ablations.workers import places, train_cell

INTERRUPTED = 128
"""Exit code of a command that a signal has stopped, less the number of the signal."""


@dataclass(frozen=True)
class Trained:
    """How far a stage came.

    Fields:
        done: cells that need no more training, cached ones among them.
        cells: how many there are.
        signal: the one that stopped it; None if it came to its end.
    """

    done: int
    cells: int
    signal: int | None


@dataclass(frozen=True)
class _How:
    environments: Sequence[Mapping[str, str]]
    stopped: Callable[[], bool]


def train(
    planned: Plan,
    chosen: Sequence[Planned],
    command: Command,
    project: Project,
    *,
    counts: str = "",
    on_end: Callable[[], object] = lambda: None,
) -> Trained:
    """Train what is missing of a plan.

    Args:
        planned: all cells.
        chosen: those of them that are trained, or evaluated.
        command: says on how many workers, and how it is told.
        project: where components and runs are.
        counts: what the table says of how many cells there are, where it cannot tell by itself.
        on_end: is told whenever a cell has ended.

    Raises:
        UserError: a model lets a token see its future; nothing was trained then.
    """
    refuse_broken(planned, chosen, project, say)
    workers = places(planned.device, command.workers)[: max(len(chosen), 1)]
    if not command.plain and is_live(sys.stderr):
        console = Console(file=sys.stderr, highlight=False, markup=False)
        show(planned, len(workers), console, counts)
    first = {each.fingerprint: each for each in reversed(planned.cells)}
    rows = {each.fingerprint: row_of(first[each.fingerprint]) for each in planned.cells}
    board = Board(rows, len(workers))
    with Interrupts() as interrupts, display(board, plain=command.plain) as shown:
        interrupts.on_stop = lambda: shown.event("stopping")
        _tell_plan(shown, planned, len(workers))
        if chosen:
            shown.event("starting", workers=len(workers))
            how = _How(workers, interrupts.stopped)
            ends = Ends(board, shown, project.store, on_end)
            _drive(planned, chosen, project, ends, how)
    return Trained(board.done, board.total, interrupts.signal)


def _drive(
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
