"""What a source holds, before anybody said what its columns mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

Format = Literal["table", "tensorboard", "wandb"]

RUN, PLACE = "@run", "@place"
"""Columns that importers add: the run that a row is of, and where the row stands."""

FORMATS: Mapping[Format, str] = {
    "table": "a table",
    "tensorboard": "TensorBoard event files",
    "wandb": "Weights & Biases files",
}


@dataclass(frozen=True)
class Raw:
    """The rows of a source.

    Fields:
        path: as it was given.
        format: of the source.
        files: that were read.
        rows: in the order of the source; RUN and PLACE, and the source's own columns as text or
            numbers.
        documents: rows about single validation documents; None where there are none.
        keeps_last: whether a value that was logged again replaces the first one, as in logs.
        notes: what a reader must know about the reading, `run-x.wandb is cut off`.
    """

    path: Path
    format: Format
    files: tuple[Path, ...]
    rows: pl.DataFrame
    documents: pl.DataFrame | None = None
    keeps_last: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        """The source's own columns."""
        return tuple(each for each in self.rows.columns if each not in {RUN, PLACE})


def run_name(path: Path, root: Path) -> str:
    """Return the name of a run from where its file lies: relative, without the suffix."""
    if path == root:
        return path.stem
    return path.relative_to(root).with_suffix("").as_posix()


def stacked(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Put frames below each other; columns that one lacks are null there."""
    return pl.concat(frames, how="diagonal_relaxed")


def frame_of(rows: Sequence[Mapping[str, float | str | None]]) -> pl.DataFrame:
    """Return rows with any keys as a frame; a column with texts and numbers is one of texts."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if any(isinstance(each, str) for each in values):
            texts = [None if each is None else str(each) for each in values]
            columns[name] = pl.Series(name, texts, pl.String)
        else:
            columns[name] = pl.Series(name, values, pl.Float64)
    return pl.DataFrame(columns)
