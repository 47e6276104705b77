"""The validation documents as a second source of noise: a verdict on other texts of this kind."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from reports.contrasts import Contrast
from reports.estimates import Array, Interval, around, student
from reports.frames import Frames
from reports.judged import judging

FEWEST_DOCUMENTS = 2


@dataclass(frozen=True)
class DocumentNoise:
    """Seeds and documents as two sources of the noise of a difference, documents weighted alike.

    Fields:
        mean: of the difference over seeds and documents, nats per token.
        ms_seed, ms_document, ms_residual: mean squares of the two-way table.
        var_fixed_documents: variance of the mean for these documents and other seeds.
        var_new_documents: for other documents as well; never below that of these documents.
        satterthwaite_df: degrees of freedom of the latter.
        pairing: how much smaller the spread of documents is in the difference than in the loss.
    """

    mean: float
    ms_seed: float
    ms_document: float
    ms_residual: float
    var_fixed_documents: float
    var_new_documents: float
    satterthwaite_df: float | None
    pairing: float | None = None


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


def seed_by_document(differences: Array) -> DocumentNoise:
    """Split the variance of a mean difference into that of seeds and that of documents.

    Formula: var = (MS_seed + MS_doc - MS_res) / (S D), with Satterthwaite's degrees of freedom;
    MS_seed / (S D) for these documents alone. The mean squares are of independent sources, so a
    sum that falls below MS_seed is noise, and MS_seed stands.
    Shapes: differences [seeds, documents], two of each at least, nats per token.
    """
    seeds, documents = differences.shape
    mean = float(differences.mean())
    by_seed = differences.mean(axis=1, keepdims=True) - mean
    by_document = differences.mean(axis=0, keepdims=True) - mean
    rest = differences - mean - by_seed - by_document
    degrees = (seeds - 1, documents - 1, (seeds - 1) * (documents - 1))
    seed = documents * float((by_seed**2).sum()) / degrees[0]
    document = seeds * float((by_document**2).sum()) / degrees[1]
    residual = float((rest**2).sum()) / degrees[2]
    squares = (seed, document, residual)
    total = max(seed, seed + document - residual)
    spread = sum(square**2 / each for square, each in zip(squares, degrees, strict=True))
    freedom = total**2 / spread if spread else None
    cells = seeds * documents
    return DocumentNoise(mean, *squares, seed / cells, total / cells, freedom)


def document_noise(documents: Mapping[str, Documents], contrast: Contrast) -> DocumentNoise | None:
    """Return both sources of noise of a contrast; None below two pairs or where no documents pair.

    Documents count alike here, however long: the interval on other documents weights them.
    """
    if contrast.pairs < FEWEST_DOCUMENTS:
        return None
    rows = _losses(documents, contrast)
    if rows is None:
        return None
    ours, theirs = rows
    found = seed_by_document(ours - theirs)
    spread = float(np.std((ours - theirs).mean(axis=0), ddof=1))
    whole = float(np.std(theirs.mean(axis=0), ddof=1))
    return replace(found, pairing=whole / spread if spread else None)


def documents_by_cell(frames: Frames) -> Mapping[str, Documents]:
    """Return the documents of every cell in the evaluation that judges, by their number.

    Documents are kept of the last evaluation alone: a mean of several has none.
    """
    if frames.manifest.final == "tail":
        return {}
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
    """Predicted tokens, and mean difference over the paired seeds, of every document."""
    rows = _losses(documents, contrast)
    if rows is None:
        return None
    weights = documents[f"{contrast.a}/{contrast.seeds[0]}"].predicted
    return weights, (rows[0] - rows[1]).mean(axis=0)


def _losses(documents: Mapping[str, Documents], contrast: Contrast) -> tuple[Array, Array] | None:
    """Nats per token of both variants [pairs, documents].

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
    ours = np.array([documents[a].losses for a, _ in names]) / first.predicted
    theirs = np.array([documents[b].losses for _, b in names]) / first.predicted
    return ours, theirs
