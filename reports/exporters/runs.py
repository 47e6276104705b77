"""A folder of TensorBoard runs: an event file for each cell, all of them or none."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from reports.errors import Problem, UserError
from reports.exporters.curves import curves_by_cell
from reports.exporters.events import first_record, scalars_record
from reports.files import write_whole
from reports.frames import Frames

FILE = "events.out.tfevents.0000000000.ablations"
"""Programs look for `tfevents`; where others write time and host, the same results are the same."""

TRAINING: Mapping[str, str] = {
    "loss": "train/loss",
    "gradient_norm": "train/gradient_norm",
    "learning_rate": "train/learning_rate",
}
"""Column of steps.parquet -> tag."""

UNSAFE = re.compile(r"[%/\\\x00-\x1f\x7f]")
LONGEST = 200  # bytes of a folder's name; file systems allow 255


def write_runs(frames: Frames, folder: Path) -> int:
    """Write `folder/NAME/VARIANT/SEED/` for each cell that has a curve, and return how many.

    An earlier export is replaced as a whole.

    Raises:
        UserError: the folder of this grid has files of something else.
    """
    into = folder / frames.manifest.name
    _refuse_others(into)
    beside = folder / f".{frames.manifest.name}.{os.getpid()}.part"
    try:
        written = _fill(beside, frames)
        shutil.rmtree(into, ignore_errors=True)
        beside.replace(into)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return written


def run_folder(variant: str, seed: int) -> Path:
    """Return the folder of a run; what a folder cannot be called is written as `%2F`."""
    name = UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", variant)
    name = name.replace(".", "%2E") if name in {".", ".."} else name
    if len(name.encode()) > LONGEST:
        digest = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
        name = f"{name.encode()[:LONGEST].decode(errors='ignore')}~{digest}"
    return Path(name, str(seed))


def records(curve: pl.DataFrame, seconds_per_step: float) -> Iterator[bytes]:
    """Return the records of one event file; all scalars of a step are in one.

    Shapes: curve has `step`, and a column for each tag; nulls are left out.
    """
    yield first_record()
    tags = [name for name in curve.columns if name != "step"]
    single = curve.select("step", pl.col(tags).cast(pl.Float32))
    for step, *values in single.iter_rows():
        known = [each for each in zip(tags, values, strict=True) if each[1] is not None]
        if known:
            yield scalars_record(step, step * seconds_per_step, known)


def seconds_per_step(cell: Mapping[str, Any]) -> float:
    """Return how far apart in time two steps are written; 1 where nobody took the time.

    Results have the time of a whole cell, not that of a step, nor when it began.
    """
    seconds, steps = cell["seconds"], cell["steps"]
    if seconds is not None and steps:
        return float(seconds) / int(steps)
    return 1.0 if cell["seconds_per_step"] is None else float(cell["seconds_per_step"])


def _fill(folder: Path, frames: Frames) -> int:
    evaluations = {name: f"{name}/loss" for name in _evaluations(frames)}
    table = {row["cell"]: row for row in frames.cells.iter_rows(named=True)}
    folder.mkdir(parents=True)
    written = 0
    for cell, curve in curves_by_cell(frames, evaluations):
        tags = curve.drop("tokens").rename({**TRAINING})
        made = records(tags, seconds_per_step(table[cell.cell]))
        _write(folder / run_folder(cell.variant, cell.seed) / FILE, made)
        written += 1
    return written


def _evaluations(frames: Frames) -> list[str]:
    return frames.evaluations["evaluation"].unique(maintain_order=True).to_list()


def _write(path: Path, made: Iterator[bytes]) -> None:
    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            file.writelines(made)

    write_whole(path, write)


def _refuse_others(folder: Path) -> None:
    """Replace nothing but an earlier export."""
    if not folder.exists():
        return
    found = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    others = [each for each in found if each.is_file() and each.name != FILE]
    if others:
        hints = (f"{len(others)} of them, as {others[0]}", "say another folder: to=PATH")
        what = "the folder has files that are no export"
        raise UserError(Problem(what, "command line", "to", str(folder.parent), hints))
