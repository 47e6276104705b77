"""The curves of a grid: a row for each step of each cell, as frames and as tidy CSV."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import polars as pl

from reports.frames import STEPS, Frames
from reports.judged import during_training
from reports.manifest import Cell

VALIDATION_LOSS = "validation_loss"


def write_curves(frames: Frames, file: BinaryIO) -> None:
    """Write variant, seed, step, tokens, loss, validation_loss, and what else each step has.

    A number is the shortest one that reads back as the same bits. Cells follow in the order of the
    grid; the text of one of them is in memory at a time.
    """
    given = {during_training(frames.manifest): VALIDATION_LOSS}
    heading = _joined(frames.steps.head(0), _losses(frames, given).head(0))
    file.write(_tidy("", 0, heading).write_csv().encode())
    for cell, curve in curves_by_cell(frames, given):
        tidy = _tidy(cell.variant, cell.seed, curve)
        file.write(tidy.write_csv(include_header=False).encode())


def curves_by_cell(
    frames: Frames, evaluations: Mapping[str, str]
) -> Iterator[tuple[Cell, pl.DataFrame]]:
    """Return each cell that was trained or evaluated with its steps in ascending order.

    An evaluation that has no finite loss is NaN; a step that was not evaluated is null.

    Args:
        frames: the results.
        evaluations: name of an evaluation -> column for its loss.
    """
    steps = frames.steps.partition_by("cell", as_dict=True)
    losses = _losses(frames, evaluations)
    evaluated = losses.partition_by("cell", as_dict=True)
    for cell in frames.manifest.cells:
        key = (cell.cell,)
        if key in steps or key in evaluated:
            own = steps.get(key, frames.steps.head(0))
            yield cell, _joined(own, evaluated.get(key, losses.head(0)))


def without_curves(frames: Frames) -> tuple[Cell, ...]:
    """Return the cells of which there is nothing to export."""
    known = {*frames.steps["cell"].unique(), *frames.evaluations["cell"].unique()}
    return tuple(each for each in frames.manifest.cells if each.cell not in known)


def _losses(frames: Frames, evaluations: Mapping[str, str]) -> pl.DataFrame:
    """Cell, step, tokens, and a column for each evaluation; the last value of a step counts."""
    named = frames.evaluations.filter(pl.col("evaluation").is_in(list(evaluations)))
    columns = [
        pl.col("loss").filter(pl.col("evaluation") == name).last().alias(column)
        for name, column in evaluations.items()
    ]
    finite = named.with_columns(pl.col("loss").fill_null(float("nan")))
    grouped = finite.group_by("cell", "step", maintain_order=True)
    return grouped.agg(pl.col("tokens").last(), *columns)


def _joined(steps: pl.DataFrame, losses: pl.DataFrame) -> pl.DataFrame:
    """Put the losses of evaluations beside the steps; one of no step has a row of its own."""
    own = steps.select(each for each in STEPS if each != "cell")
    both = own.join(losses.drop("cell"), on="step", how="full", coalesce=True, suffix="_evaluated")
    tokens = pl.coalesce("tokens", "tokens_evaluated").alias("tokens")
    return both.with_columns(tokens).drop("tokens_evaluated").sort("step")


def _tidy(variant: str, seed: int, curve: pl.DataFrame) -> pl.DataFrame:
    first = ("step", "tokens", "loss", VALIDATION_LOSS)
    rest = [name for name in curve.columns if name not in first]
    named = (pl.lit(variant).alias("variant"), pl.lit(seed).alias("seed"))
    return curve.select(*named, *first, *rest)
