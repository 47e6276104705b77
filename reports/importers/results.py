"""From runs to a results folder, complete or absent: the files that every report is built from."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from reports.errors import Problem, UserError
from reports.files import read_json, write_json, write_whole
from reports.frames import CELLS, DOCUMENTS, EVALUATIONS, STEPS, read_frames
from reports.importers.identity import SEED, VARIANT
from reports.importers.imported import Imported
from reports.importers.origin import manifest_of
from reports.importers.outcomes import Row, cells_of

FILES = ("cells", "steps", "evaluations", "documents")


def write_results(given: Imported, results: Path) -> Path:
    """Write `results/<name>/` and return it; every file is replaced whole, the manifest last.

    What is written is read once beforehand, so that results that are no results replace nothing.

    Raises:
        UserError: what would be written cannot be read.
    """
    folder = results / given.name
    beside = results / f".{given.name}.{os.getpid()}.part"
    try:
        _fill(beside, given)
        read_frames(beside)
        folder.mkdir(parents=True, exist_ok=True)
        for name in [*(f"{each}.parquet" for each in FILES), "manifest.json"]:
            (beside / name).replace(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def refuse_others(folder: Path, source: Path, *, is_named: bool) -> None:
    """Refuse to replace results that are not those of this source.

    With a name of its own an import may replace another one, but never results of a sweep.
    """
    path = folder / "manifest.json"
    if not folder.exists():
        return
    try:
        held = read_json(path).get("source")
    except (OSError, ValueError, AttributeError):
        held = None
    if held is None:
        what = f"{folder} has results that were not imported"
        raise UserError(Problem(what, "command line", "name", folder.name, (OTHER_NAME,)))
    if held.get("from") != str(source) and not is_named:
        hints = (f"they were imported from {held.get('from')}", OTHER_NAME)
        what = f"{folder} has results of another source"
        raise UserError(Problem(what, "command line", "--from", str(source), hints))


OTHER_NAME = "give this import a name of its own: name=NAME"


def _fill(folder: Path, given: Imported) -> None:
    steps, evaluations = _steps(given), _evaluations(given)
    cells = list(cells_of(given))
    frames = (
        pl.DataFrame([_row(each) for each in cells], schema=CELLS),
        steps.select(pl.col(each).cast(kind) for each, kind in STEPS.items()),
        evaluations,
        _documents(given, cells),
    )
    for name, frame in zip(FILES, frames, strict=True):
        write_whole(folder / f"{name}.parquet", frame.write_parquet)
    write_json(folder / "manifest.json", manifest_of(given, cells))


def _row(cell: Row) -> Row:
    return {key: cell.get(key) for key in CELLS}


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    cell = pl.format("{}/{}", pl.col(VARIANT), pl.col(SEED)).alias("cell")
    return frame.with_columns(cell)


def _steps(given: Imported) -> pl.DataFrame:
    tokens = "tokens" if given.tokens_known else "step"
    return _named(given.runs.steps).with_columns(pl.col(tokens).cast(pl.Int64).alias("tokens"))


def _evaluations(given: Imported) -> pl.DataFrame:
    rows = _named(given.runs.evaluations)
    spent = _steps(given).select("cell", "step", pl.col("tokens").alias("spent")).sort("step")
    rows = rows.sort("step").join_asof(spent, on="step", by="cell", check_sortedness=False)
    own = pl.col("tokens").cast(pl.Int64) if given.tokens_known else pl.col("step")
    columns = {
        "cell": pl.col("cell"),
        "evaluation": pl.lit("validation"),
        "step": pl.col("step"),
        "tokens": pl.coalesce(own, pl.col("spent")),
        "loss": pl.col("validation_loss"),
    }
    made = rows.sort(VARIANT, SEED, "step").select(
        columns.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in EVALUATIONS.items()
    )
    return made.with_columns(pl.lit([], dtype=EVALUATIONS["profile"]).alias("profile"))


def _documents(given: Imported, cells: Sequence[Row]) -> pl.DataFrame:
    last = {each["cell"]: each["steps"] for each in cells if each["status"] == "complete"}
    rows = _named(given.runs.documents).filter(pl.col("cell").is_in(list(last)))
    step = pl.Series("step", [last[each] for each in rows["cell"]], pl.Int32)
    columns = {each: pl.col(each) for each in ("cell", "step", "document", "predicted", "loss")}
    return rows.with_columns(step).select(
        columns.get(name, pl.lit("validation" if name == "evaluation" else None))
        .cast(kind)
        .alias(name)
        for name, kind in DOCUMENTS.items()
    )
