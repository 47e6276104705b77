"""The validation documents as a second source of noise: a verdict on other texts of this kind."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from reports.contrasts import Contrast
from reports.estimates import Array, Interval, around, student
from reports.frames import Frames
from reports.judged import judging

FEWEST_DOCUMENTS = 2


@dataclass(frozen=True)
class Documents:
    """Validation documents of one cell: numbers, predicted tokens, sums of nats [documents]."""

    numbers: Array
    predicted: Array
    losses: Array


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


def documents_by_cell(frames: Frames) -> Mapping[str, Documents]:
    """Return the documents of every cell in the evaluation that judges, by their number."""
    first = str(judging(frames.manifest)["name"])
    table = frames.documents.filter(pl.col("evaluation") == first).sort("document")
    parts = table.partition_by("cell", as_dict=True)
    return {
        str(cell): Documents(
            part["document"].cast(pl.Float64).to_numpy(),
            part["predicted"].cast(pl.Float64).to_numpy(),
            part["loss"].to_numpy(),
        )
        for (cell,), part in parts.items()
    }


def on_other_documents(
    documents: Mapping[str, Documents], contrast: Contrast, judged: Interval | None
) -> tuple[float, float] | None:
    """Return the limits of a difference on other documents of this kind.

    The variance between documents is added to that between seeds, at the same critical value; for
    one pair of runs there is the one between documents alone, at Student's 95 %.
    """
    if contrast.pairs == 0 or (judged is None and contrast.pairs > 1):
        return None
    paired = _paired(documents, contrast)
    if paired is None:
        return None
    estimate, error = ratio_error(*paired)
    if judged is None:
        half = student(0.975, len(paired[0]) - 1) * error
        return estimate - half, estimate + half
    between_seeds = judged.half_width / judged.critical
    half = judged.critical * math.hypot(between_seeds, error)
    second = around(judged.estimate, half, judged.critical)
    return second.low, second.high


def _paired(documents: Mapping[str, Documents], contrast: Contrast) -> tuple[Array, Array] | None:
    """Predicted tokens, and mean difference over the paired seeds, of every document.

    None unless all of these cells were evaluated on the same documents, with finite losses.
    """
    names = [(f"{contrast.a}/{seed}", f"{contrast.b}/{seed}") for seed in contrast.seeds]
    if any(name not in documents for pair in names for name in pair):
        return None
    first = documents[names[0][0]]
    cells = [documents[name] for pair in names for name in pair]
    same = all(
        np.array_equal(each.numbers, first.numbers)
        and np.array_equal(each.predicted, first.predicted)
        and np.isfinite(each.losses).all()
        for each in cells
    )
    if not same or len(first.numbers) < FEWEST_DOCUMENTS:
        return None
    sums = [documents[a].losses - documents[b].losses for a, b in names]
    return first.predicted, np.mean(sums, axis=0) / first.predicted
