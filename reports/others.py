"""The validation documents as a second source of noise: a verdict on other texts of this kind."""

import math

import numpy as np
import polars as pl

from reports.contrasts import Contrast
from reports.estimates import Array, Interval, around, student
from reports.frames import Frames

FEWEST_DOCUMENTS = 2


def ratio_error(weights: Array, differences: Array) -> tuple[float, float]:
    """Return a weighted mean over documents and its standard error.

    Formula: est = sum n_d x_d / sum n_d; se = sqrt(D/(D-1) sum (n_d (x_d - est))^2) / sum n_d.
    Shapes: weights, differences [documents]; weights are predicted tokens.
    """
    total = float(weights.sum())
    estimate = float((weights * differences).sum()) / total
    squares = float(((weights * (differences - estimate)) ** 2).sum())
    documents = len(weights)
    return estimate, math.sqrt(documents / (documents - 1) * squares) / total


def on_other_documents(
    frames: Frames, contrast: Contrast, judged: Interval | None
) -> tuple[float, float] | None:
    """Return the limits of a difference on other documents of this kind.

    The variance between documents is added to that between seeds, at the same critical value; for
    one pair of runs there is the one between documents alone, at Student's 95 %.
    """
    if contrast.pairs == 0 or (judged is None and contrast.pairs > 1):
        return None
    documents = _paired(frames, contrast)
    if documents is None:
        return None
    estimate, error = ratio_error(*documents)
    if judged is None:
        half = student(0.975, len(documents[0]) - 1) * error
        return estimate - half, estimate + half
    between_seeds = judged.half_width / judged.critical
    half = judged.critical * math.hypot(between_seeds, error)
    second = around(judged.estimate, half, judged.critical)
    return second.low, second.high


def _paired(frames: Frames, contrast: Contrast) -> tuple[Array, Array] | None:
    """Predicted tokens, and mean difference over the paired seeds, of every common document."""
    first = str(frames.manifest.evaluations[0]["name"])
    table = frames.documents.filter(pl.col("evaluation") == first)
    sums = {variant: _by_document(table, variant, contrast) for variant in (contrast.a, contrast.b)}
    both = sums[contrast.a].join(sums[contrast.b], on=["document", "predicted"], suffix="_b")
    if both.height < FEWEST_DOCUMENTS:
        return None
    weights = both["predicted"].cast(pl.Float64).to_numpy()
    difference = (both["loss"] - both["loss_b"]).to_numpy() / weights
    return weights, np.asarray(difference, dtype=np.float64)


def _by_document(table: pl.DataFrame, variant: str, contrast: Contrast) -> pl.DataFrame:
    cells = [f"{variant}/{seed}" for seed in contrast.seeds]
    mine = table.filter(pl.col("cell").is_in(cells) & pl.col("loss").is_finite())
    means = mine.group_by("document", "predicted", maintain_order=True).agg(
        pl.col("loss").mean(), pl.len().alias("seeds")
    )
    return means.filter(pl.col("seeds") == len(cells)).drop("seeds")
