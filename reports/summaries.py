"""One summary a variant: losses over the seeds, time, and the constants of the x axes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reports.estimates import mean_interval
from reports.frames import Frames
from reports.judged import judging


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with Student's interval; the ends are None below two values."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Summary:
    """What the seeds of one variant gave.

    Fields:
        losses: final validation loss of each complete cell, nats per token, in the order of seeds.
        wide, narrow: 95 % and 50 % interval of the mean loss; None without a complete cell.
        accuracy: share of predicted tokens found likeliest, in the evaluation that judges, with a
            95 % interval; None where no complete cell has it.
        seconds: of a complete cell, with interval; None without one.
        seconds_per_step, tokens_per_step, flops_per_step: None where no cell has them.
        flops: of one complete cell.
        hours: of all cells that ran.
    """

    name: str
    losses: tuple[float, ...]
    wide: Interval | None
    narrow: Interval | None
    accuracy: Interval | None
    seconds: Interval | None
    seconds_per_step: float | None
    tokens_per_step: float | None
    flops_per_step: float | None
    flops: float | None
    hours: float


def summarise(frames: Frames) -> tuple[Summary, ...]:
    """Summarise every variant, in the order of the grid."""
    return tuple(_summary(frames, each.name) for each in frames.manifest.variants)


def interval(values: Sequence[float], level: float) -> Interval | None:
    """Return Student's interval of the mean; None without a value."""
    if not values:
        return None
    if len(values) == 1:
        return Interval(values[0], None, None)
    found = mean_interval(np.array(values), level)
    return Interval(found.estimate, found.low, found.high)


def curve_matrix(frames: Frames) -> NDArray[np.float64]:
    """Training losses [cells, steps] in the order of the manifest; NaN where there is none."""
    order = {each.cell: row for row, each in enumerate(frames.manifest.cells)}
    length = frames.steps["step"].max() if frames.steps.height else 0
    matrix = np.full((len(order), int(str(length))), np.nan)
    for (cell,), rows in frames.steps.group_by("cell", maintain_order=True):
        matrix[order[str(cell)], rows["step"].to_numpy() - 1] = rows["loss"].to_numpy()
    return matrix


def _summary(frames: Frames, name: str) -> Summary:
    ran = frames.cells.filter(pl.col("variant") == name)
    done = ran.filter(pl.col("status") == "complete")
    losses = tuple(done["loss"].drop_nulls().to_list())
    return Summary(
        name=name,
        losses=losses,
        wide=interval(losses, 0.95),
        narrow=interval(losses, 0.50),
        accuracy=interval(_accuracies(frames, done["cell"].to_list()), 0.95),
        seconds=interval(done["seconds"].drop_nulls().to_list(), 0.95),
        seconds_per_step=_middle(ran["seconds_per_step"]),
        tokens_per_step=_middle(ran["tokens"] / ran["steps"]),
        flops_per_step=_middle(ran["flops"] / ran["steps"]),
        flops=_middle(done["flops"]),
        hours=float(ran["seconds"].fill_null(0).sum()) / 3600,
    )


def _accuracies(frames: Frames, cells: Sequence[str]) -> list[float]:
    """Return the last accuracy of each of the cells that has one."""
    rows = frames.evaluations.filter(
        (pl.col("evaluation") == str(judging(frames.manifest)["name"]))
        & pl.col("accuracy").is_not_null()
        & pl.col("cell").is_in(cells)
    ).sort("step")
    last = dict(rows.select("cell", "accuracy").iter_rows())
    return [last[cell] for cell in cells if cell in last]


def _middle(values: pl.Series) -> float | None:
    middle = values.drop_nulls().drop_nans().median()
    return None if middle is None else float(str(middle))
