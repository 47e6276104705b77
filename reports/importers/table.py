"""Tables of runs: CSV, TSV, Parquet and JSON lines, in one file or a folder of them."""

import csv
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import polars as pl

from reports.errors import Problem, UserError
from reports.importers.raw import PLACE, RUN, Raw, frame_of, run_name, stacked
from reports.importers.wandb import Row, flat

DOCUMENTS = "documents"
PANEL = re.compile(r"(?P<run>.+) - (?P<key>[^-]+?)(?P<limit>__MIN|__MAX)?")
"""Columns of a chart that Weights & Biases exports: `NAME - train/loss`, with limits beside it."""


def _read_csv(path: Path, separator: str | None = None) -> pl.DataFrame:
    between = _separator(path) if separator is None else separator
    try:
        # As text: what a column means decides what may stand in it.
        return pl.read_csv(path, separator=between, infer_schema=False, encoding="utf8-lossy")
    except pl.exceptions.ComputeError as error:
        raise ValueError(_ragged(path, between) or str(error)) from None


def _separator(path: Path) -> str:
    """Return `;` where the heading has that alone, as spreadsheets of many countries write it."""
    with path.open(encoding="utf-8", errors="replace") as file:
        heading = file.readline()
    return ";" if ";" in heading and "," not in heading else ","


def _ragged(path: Path, separator: str) -> str | None:
    """Name the first line that has more fields than the heading; None where that is not it."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file, suppress(csv.Error):
        rows = csv.reader(file, delimiter=separator)
        columns = len(next(rows, ()))
        for row in rows:
            if len(row) > columns:
                return f"line {rows.line_num} has {len(row)} fields, the heading has {columns}"
    return None


def _read_lines(path: Path) -> pl.DataFrame:
    rows: list[Row] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is no object")  # noqa: TRY004 - of the file, not of us
        rows.append({name: each for key, value in row.items() for name, each in _flat(key, value)})
    return frame_of(rows)


def _flat(key: str, value: object) -> list[tuple[str, float | str | None]]:
    return list(flat(key, value).items())


READERS: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": lambda path: _read_csv(path, "\t"),
    ".parquet": pl.read_parquet,
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
}


def read_tables(path: Path) -> Raw:
    """Read a table, or all tables below a folder, below each other.

    A file called `documents` holds the losses of single validation documents.

    Raises:
        UserError: a file cannot be read, or there are no rows.
    """
    files = [path] if path.is_file() else table_files(path)
    frames: list[pl.DataFrame] = []
    documents: list[pl.DataFrame] = []
    for file in files:
        frame = _charted(_placed(_read(file), file, path))
        (documents if file.stem == DOCUMENTS and len(files) > 1 else frames).append(frame)
    kept = [each for each in frames if each.height]
    if not kept:
        raise UserError(Problem("there are no rows", str(path)))
    return Raw(
        path,
        "table",
        tuple(files),
        stacked(kept),
        stacked(documents) if documents else None,
    )


def table_files(folder: Path) -> list[Path]:
    """Return the tables below a folder, in the order of their names."""
    return sorted(each for each in folder.rglob("*") if each.suffix in READERS and each.is_file())


def _read(path: Path) -> pl.DataFrame:
    try:
        return READERS[path.suffix](path)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        hints = (str(error).splitlines()[0],)
        raise UserError(Problem("the file cannot be read", str(path), hints=hints)) from None


def _placed(frame: pl.DataFrame, file: Path, root: Path) -> pl.DataFrame:
    """Add run and place. Rows of text files are counted from the line below the heading."""
    first = 2 if file.suffix in {".csv", ".tsv"} else 1
    numbers = pl.int_range(first, first + frame.height, eager=True).cast(pl.String)
    return frame.with_columns(
        pl.lit(run_name(file, root)).alias(RUN), (f"{file.name}:" + numbers).alias(PLACE)
    )


def _charted(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn the columns of an exported chart, one for each run, into rows; else leave the frame."""
    found = {name: match for name in frame.columns if (match := PANEL.fullmatch(name))}
    values = {name: each for name, each in found.items() if each["limit"] is None}
    rest = [name for name in frame.columns if name not in found]
    if not values or len(rest) > 3:  # noqa: PLR2004 - the step, run and place
        return frame
    parts = [
        frame.select(
            *(pl.col(each) for each in rest if each != RUN),
            pl.lit(match["run"]).alias(RUN),
            pl.col(name).alias(match["key"]),
        )
        for name, match in values.items()
    ]
    return stacked(parts)
