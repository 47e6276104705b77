"""Cells as the page and the terminal name them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.frames import Frames
from reports.manifest import Cell
from reports.numbers import count, fixed, seconds

SIGNS = {"complete": "●", "diverged": "×", "failed": "!", "pruned": "–", "missing": "?"}


@dataclass(frozen=True)
class CellView:
    """A cell in words.

    Fields:
        name: "rotary, seed 0".
        status: done, diverged, failed, pruned or missing.
        short: for the map of cells: its loss, or a sign and what happened.
        title: of the block that a cell has which is not done; `reason` is its first sentence.
        log: last lines; empty where there are none.
    """

    name: str
    status: str
    short: str
    title: str
    reason: str
    fingerprint: str
    command: str
    log: str
    time: str


def status_word(status: str) -> str:
    """Return the word for a status; "complete" reads done."""
    return "done" if status == "complete" else status


def cell_views(frames: Frames) -> dict[str, CellView]:
    """Return cell -> its words, in the order of the grid."""
    table = frames.cells.select("loss", "steps", "seconds").iter_rows(named=True)
    return {
        cell.cell: _view(frames, cell, row)
        for cell, row in zip(frames.manifest.cells, table, strict=True)
    }


def counts(statuses: Sequence[str]) -> str:
    """Write `14 done, 1 diverged, 0 failed, 0 pruned, 0 missing`."""
    return ", ".join(f"{statuses.count(name)} {status_word(name)}" for name in SIGNS)


def seeds_text(statuses: Sequence[str]) -> str:
    """Write `4 of 5 done, 1 diverged`."""
    others = [name for name in SIGNS if name != "complete" and name in statuses]
    done = f"{statuses.count('complete')} of {len(statuses)} done"
    return ", ".join([done, *(f"{statuses.count(name)} {name}" for name in others)])


def cells_title(frames: Frames) -> str:
    """Return the heading of the map of cells."""
    return f"Cells: {counts([each.status for each in frames.manifest.cells])}"


def unfinished_lines(frames: Frames) -> tuple[str, ...]:
    """Return one line for each cell that went wrong, and one for all that are missing."""
    views = cell_views(frames)
    lines = [
        f"{SIGNS[each.status]} {views[each.cell].title}: {each.reason or 'no reason recorded'}"
        for each in frames.manifest.cells
        if each.status not in {"complete", "missing"}
    ]
    missing = sum(each.status == "missing" for each in frames.manifest.cells)
    return (*lines, *([f"? {missing} missing: {frames.manifest.command}"] if missing else []))


def _view(frames: Frames, cell: Cell, row: dict[str, Any]) -> CellView:
    name = f"{frames.manifest.label(cell.variant)}, seed {cell.seed}"
    status = status_word(cell.status)
    at = "" if cell.at is None else f" at step {count(cell.at)}"
    planned = frames.manifest.training.get("steps")
    of_all = f" of {count(planned)}" if at and isinstance(planned, int) else ""
    done = cell.status == "complete"
    sign = f"{SIGNS[cell.status]} {status}" if cell.at is None else f"× step {count(cell.at)}"
    return CellView(
        name=name,
        status=status,
        short=fixed(row["loss"], 3) if done else sign,
        title=f"{name}: {status}{at}{of_all}",
        reason=_reason(cell, row["steps"]),
        fingerprint=cell.fingerprint,
        command=cell.command,
        log=cell.log or "",
        time="–" if row["seconds"] is None else seconds(row["seconds"]),
    )


def _reason(cell: Cell, steps: int | None) -> str:
    if cell.status == "missing":
        return "It has not run yet. The command runs it."
    why = cell.reason or "No reason was recorded"
    ran = (
        f" It ran {count(steps)} steps; its curve is drawn up to the last finite one."
        if steps
        else ""
    )
    after = "" if cell.status == "diverged" else " The command tries it again."
    return f"{why[:1].upper()}{why[1:]}.{ran}{after}"
