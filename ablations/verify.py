"""Train a sample of cells again, elsewhere, and compare them with what the store holds."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from ablations.backlog import Backlog
from ablations.board import Board
from ablations.command import arguments, main_of
from ablations.drive import drive
from ablations.ends import Ends
from ablations.interrupts import Interrupts
from ablations.jobs import jobs_of, open_points, row_of
from ablations.planning import Plan, Planned, plan
from ablations.progress import display, say
from ablations.project import Project, named_grid, project_of
from ablations.study import Trials
from ablations.workers import places, train_cell
from components.errors import Problem, UserError
from pipelines.runs import Run, read_run

USAGE = """\
python -m ablations.verify grid=NAME [key=value ...]

Trains one cached cell of each variant again in a temporary store (or those that only= names) and
compares every step. On the same hardware the bits must be equal, elsewhere the losses within a
tolerance. Exits with 1 if they are not.
"""

TOLERANCE = 0.02
"""Nats per token between instruction sets or GPU models, at any step."""


@dataclass(frozen=True)
class Compared:
    """How a cell that was trained again compares with the stored one.

    Fields:
        cell: `none/3`.
        exact: whether both were trained on the same hardware, so that bits must be equal.
        largest: largest difference of the loss of a step, nats per token; infinite where they do
            not even have the same steps.
        same: whether it is as it should be.
    """

    cell: str
    exact: bool
    largest: float
    same: bool


def main(argv: Sequence[str]) -> int:
    """Verify one grid."""
    command = arguments(argv, USAGE)
    project = project_of(command)
    planned = plan(named_grid(command, project), project, say)
    chosen = sample(planned, command.only)
    workers = places(planned.device, command.workers)[: len(chosen)]
    with tempfile.TemporaryDirectory(prefix="verify-") as folder, Interrupts() as interrupts:
        elsewhere = replace(project, store=Path(folder))
        board = Board({each.fingerprint: row_of(each) for each in chosen}, len(workers))
        with display(board, plain=command.plain) as shown:
            backlog = Backlog(
                jobs_of(planned, chosen, elsewhere),
                Trials(open_points(planned, chosen)),
                ends := Ends(board, shown, elsewhere.store),
                is_free=lambda _: True,
                stopped=interrupts.stopped,
            )
            drive(backlog, workers, train_cell, ends.notify, interrupts.stopped)
        if interrupts.signal is not None:
            return 128 + interrupts.signal
        compared = [compare(each, project, elsewhere) for each in chosen]
    for each in compared:
        sys.stdout.write(f"{told(each)}\n")
    return 0 if all(each.same for each in compared) else 1


def sample(planned: Plan, only: Sequence[str]) -> tuple[Planned, ...]:
    """Return the cells to train again: of each variant one that ended, each with another seed.

    Raises:
        UserError: nothing has been trained.
    """
    ended = [each for each in planned.cells if each.state == "cached"]
    named = [each for each in ended if each.name in only or each.variant in only]
    if only:
        chosen = named
    else:
        by_variant = [[each for each in ended if each.variant == v.name] for v in planned.variants]
        chosen = [own[index % len(own)] for index, own in enumerate(by_variant) if own]
    if not chosen:
        hint = f"python -m ablations.run grid={planned.grid.name} trains them"
        raise UserError(Problem("no cell has been trained that could be verified", hints=(hint,)))
    return tuple(chosen)


def compare(cell: Planned, project: Project, elsewhere: Project) -> Compared:
    """Compare a stored cell with the one trained again, step by step."""
    before = read_run(project.store, cell.fingerprint)
    after = read_run(elsewhere.store, cell.fingerprint)
    if before is None or after is None:
        return Compared(cell.name, exact=False, largest=float("inf"), same=False)
    exact = before.outcome.get("hardware") == after.outcome.get("hardware")
    old, new = _losses(before), _losses(after)
    if before.status != after.status or len(old) != len(new):
        return Compared(cell.name, exact, float("inf"), same=False)
    equal = bool(np.array_equal(old, new, equal_nan=True))
    finite = np.isfinite(old) & np.isfinite(new)
    largest = float(np.max(np.abs(old - new), where=finite, initial=0.0))
    return Compared(cell.name, exact, largest, equal if exact else largest <= TOLERANCE)


def told(compared: Compared) -> str:
    """Return a comparison as a line."""
    rule = "the same hardware" if compared.exact else f"within {TOLERANCE} nats on other hardware"
    word = "same" if compared.same else "DIFFERENT"
    largest = f"largest difference {compared.largest:.6g} nats per token"
    return f"{word:<10} {compared.cell}   {largest} ({rule})"


def _losses(run: Run) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    frame = pl.read_parquet(run.folder / "steps.parquet", columns=["loss"])
    losses: np.ndarray[tuple[int], np.dtype[np.float64]] = frame["loss"].cast(pl.Float64).to_numpy()
    return losses


if __name__ == "__main__":
    main_of(main)
