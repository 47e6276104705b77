"""Train a sample of cells again, elsewhere, and compare them with what the store holds."""

import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from ablations.backlog import Backlog
from ablations.board import Board
from ablations.choices import choices
from ablations.command import arguments, main_of
from ablations.drive import drive
from ablations.earlier import Before, Earlier
from ablations.ends import Ends
from ablations.interrupts import Interrupts
from ablations.jobs import jobs_of, open_points, row_of
from ablations.planning import Plan, Planned, plan
from ablations.progress import display, say
from ablations.project import named_grid, project_of, replayed
from ablations.selection import selected
from ablations.study import Trials
from ablations.workers import places, train_cell
from components.errors import Problem, UserError
from pipelines.runs import Run, read_run

USAGE = """\
python -m ablations.verify grid=NAME [key=value ...]

Trains one cell of each variant again in a temporary store (or those that only= names) and compares
every step. On the same hardware the bits must be equal, elsewhere the losses within a tolerance.
Cells that are stale because code changed, and nothing else, are compared with what the code before
made of them: whether a refactoring has kept the numbers. Exits with 1 if they differ, or if a
variant has no cell to compare with.
"""

VERIFY_KEYS = ("workers", "only", "name")
VERIFY_OPTIONS = ("--components", "--plain", "--help")

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
        changed: the first change of the code since the stored cell was trained, if there was one.
    """

    cell: str
    exact: bool
    largest: float
    same: bool
    changed: str | None = None


@dataclass(frozen=True)
class Sample:
    """What to train again.

    Fields:
        cells: one or more of a variant.
        stored: name of a cell -> the fingerprint of the run that it is compared with.
        left_out: a line for each variant that cannot be verified.
    """

    cells: tuple[Planned, ...]
    stored: Mapping[str, str]
    left_out: tuple[str, ...]


def main(argv: Sequence[str]) -> int:
    """Verify one grid."""
    command = replayed(arguments(argv, USAGE, VERIFY_KEYS, VERIFY_OPTIONS))
    project = project_of(command)
    settled = choices(named_grid(command, project), project, say)
    if not settled.is_settled:
        hint = f"python -m ablations.run {shlex.quote('grid=' + command.grid)} goes on"
        raise UserError(Problem("what is judged is not chosen yet", hints=(hint,)))
    planned = plan(settled.grid, project, say)
    selected(planned, command.only)  # refuses names that the grid does not have
    chosen = sample(planned, command.only, project.store)
    workers = places(planned.device, command.workers)[: len(chosen.cells)]
    with tempfile.TemporaryDirectory(prefix="verify-") as folder, Interrupts() as interrupts:
        elsewhere = replace(project, store=Path(folder))
        board = Board({each.fingerprint: row_of(each) for each in chosen.cells}, len(workers))
        with display(board, plain=command.plain) as shown:
            backlog = Backlog(
                jobs_of(planned, chosen.cells, elsewhere),
                Trials(open_points(planned, chosen.cells)),
                ends := Ends(board, shown, elsewhere.store),
                is_free=lambda _: True,
                stopped=interrupts.stopped,
            )
            drive(backlog, workers, train_cell, ends.notify, interrupts.stopped)
        if interrupts.signal is not None:
            return 128 + interrupts.signal
        compared = [
            compare(each, chosen.stored[each.name], project.store, elsewhere.store)
            for each in chosen.cells
        ]
    for line in (*(told(each) for each in compared), *chosen.left_out):
        sys.stdout.write(f"{line}\n")
    return 0 if all(each.same for each in compared) and not chosen.left_out else 1


def sample(planned: Plan, only: Sequence[str], store: Path) -> Sample:
    """Return the cells to train again: of each variant one that ended, each with another seed.

    A variant whose cells are stale because its code changed is compared with its earlier runs.

    Raises:
        UserError: nothing has been trained.
    """
    stored = _stored(planned, Earlier(store))
    cells: list[Planned] = []
    left_out = []
    for index, variant in enumerate(planned.variants):
        own = [each for each in planned.cells if each.variant == variant.name]
        named = [each for each in own if variant.name in only or each.name in only]
        asked = named if only else own
        ended = [each for each in asked if each.name in stored]
        cells += ended if only or not ended else [ended[index % len(ended)]]
        if asked and not ended:
            left_out.append(_left_out(variant.name, asked[0]))
    if not cells and not any(each.state == "stale" for each in planned.cells):
        hint = f"python -m ablations.run {shlex.quote('grid=' + planned.grid.name)} trains them"
        raise UserError(Problem("no cell has been trained that could be verified", hints=(hint,)))
    return Sample(tuple(cells), stored, tuple(left_out))


def compare(cell: Planned, stored: str, store: Path, elsewhere: Path) -> Compared:
    """Compare a stored run with the cell trained again, step by step.

    Args:
        cell: that was trained again.
        stored: fingerprint of the run in `store`, the cell's own or that of the code before.
        store: folder of the stored runs.
        elsewhere: folder of those that were trained again.
    """
    changed = cell.why if stored != cell.fingerprint else None
    before, after = read_run(store, stored), read_run(elsewhere, cell.fingerprint)
    exact, largest, same = False, float("inf"), False
    if before is not None and after is not None:
        exact = before.outcome.get("hardware") == after.outcome.get("hardware")
        old, new = _losses(before), _losses(after)
        if before.status == after.status and len(old) == len(new):
            finite = np.isfinite(old) & np.isfinite(new)
            largest = float(np.max(np.abs(old - new), where=finite, initial=0.0))
            equal = bool(np.array_equal(old, new, equal_nan=True))
            same = equal if exact else largest <= TOLERANCE
    return Compared(cell.name, exact, largest, same, changed)


def told(compared: Compared) -> str:
    """Return a comparison as a line."""
    rule = "the same hardware" if compared.exact else f"within {TOLERANCE} nats on other hardware"
    word = "same" if compared.same else "DIFFERENT"
    largest = f"largest difference {compared.largest:.6g} nats per token"
    line = f"{word:<10} {compared.cell}   {largest} ({rule})"
    if compared.changed is None:
        return line
    numbers = "the same numbers as" if compared.same else "not the numbers from"
    return f"{line}; {numbers} before {compared.changed}"


def _stored(planned: Plan, earlier: Earlier) -> dict[str, str]:
    """Return the run that each cell can be compared with, by the cell's name."""
    found: dict[str, str] = {}
    for each in planned.cells:
        if each.state == "cached":
            found[each.name] = each.fingerprint
        elif (before := earlier.nearest(each.document)) is not None and only_code(before, each):
            found[each.name] = before.fingerprint
    return found


def only_code(before: Before, cell: Planned) -> bool:
    """Say whether an earlier run differs from a cell in nothing but its code."""
    keys = {*before.document, *cell.document} - {"code"}
    return all(before.document.get(key) == cell.document.get(key) for key in keys)


def _left_out(variant: str, cell: Planned) -> str:
    why = f"stale: {cell.why}" if cell.state == "stale" else "no cell of it has been trained"
    return f"not verified: {variant}, {why}"


def _losses(run: Run) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    frame = pl.read_parquet(run.folder / "steps.parquet", columns=["loss"])
    losses: np.ndarray[tuple[int], np.dtype[np.float64]] = frame["loss"].cast(pl.Float64).to_numpy()
    return losses


if __name__ == "__main__":
    main_of(main)
