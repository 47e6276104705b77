"""Each variant in samples of other lengths than the trained one, against the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reports.contrasts import Contrast, Losses, final_losses
from reports.estimates import ALPHA, Interval
from reports.frames import Frames
from reports.intervals import Method, level_of, method_of, shares_of
from reports.judged import during_training, has_answers, judging
from reports.looks import followed, judged
from reports.manifest import Manifest, Variant
from reports.reach import reached, share_beyond
from reports.readings import reading, trained_length
from reports.summaries import Interval as Mean
from reports.summaries import interval as mean_of

Reasons = Mapping[str, str]


@dataclass(frozen=True)
class Point:
    """A variant in one evaluation.

    Fields:
        length: tokens of a sample; of the validation those that training has shown together.
        losses: seed -> final loss.
        mean: over these seeds, with Student's 95 % interval; None without one.
        contrast: with the baseline; None of the baseline itself.
        interval: of the difference; None where there is none.
        reason: why it cannot be evaluated so; empty if it can.
    """

    length: int
    losses: Mapping[int, float]
    mean: Mean | None
    contrast: Contrast | None
    interval: Interval | None
    reason: str

    @property
    def difference(self) -> float | None:
        """Mean of the paired differences to the baseline."""
        if self.contrast is None or not self.contrast.pairs:
            return None
        return float(self.contrast.differences.mean())


@dataclass(frozen=True)
class Evaluation:
    """All variants in one evaluation.

    Fields:
        name: as in the manifest.
        length: tokens of a sample; of the validation those that training has shown together, None
            where variants differ in them.
        is_validation: whether its samples are those of the training.
        is_judging: whether the verdicts are about it.
        method: of the intervals, which hold at once for all contrasts of this evaluation, with the
            probability `level`, and not for those of two evaluations.
        comparisons: contrasts that they hold for.
        beyond: share of the scored tokens that stand beyond the trained length; None where that is
            not known, or where the samples are no longer.
        reach: tokens of the longest sample that there is; None where there is no profile.
        points: one of each variant, in the order of the grid.
    """

    name: str
    length: int | None
    is_validation: bool
    is_judging: bool
    method: Method
    level: float
    comparisons: int
    beyond: float | None
    reach: int | None
    points: tuple[Point, ...]


def lengths(frames: Frames) -> tuple[Evaluation, ...]:
    """Return every evaluation by its length; none where the grid has only the validation.

    The validation stands at the tokens that training has shown together: one window where nothing
    is carried over. A length is read in one window there. Where the two are the same to the bit,
    one of them is left out.
    """
    manifest = frames.manifest
    asked = [each for each in manifest.evaluations if _is_of_a_length(manifest, each)]
    if all(each.get("length") is None for each in asked):
        return ()
    found = [_evaluation(frames, each) for each in asked]
    kept = [each for each in found if not _repeats(each, found)]
    return tuple(sorted(kept, key=lambda each: (_longest(each), not each.is_validation)))


def drawn(evaluations: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
    """Return those that one line joins: not the validation where the same length is there."""
    own = {each.length for each in evaluations if not each.is_validation}
    return tuple(each for each in evaluations if not each.is_validation or each.length not in own)


def as_json(evaluations: Sequence[Evaluation], manifest: Manifest) -> dict[str, Any] | None:
    """Return the numbers for machines; None where the grid has only the validation."""
    if not evaluations:
        return None
    return {
        "trained": trained_length(manifest),
        "evaluations": [
            {
                "name": each.name,
                "length": each.length,
                "is_judging": each.is_judging,
                "beyond": each.beyond,
                "reach": each.reach,
                "interval": each.method,
                "level": each.level,
                "comparisons": each.comparisons,
                "v": [_plain(point) for point in each.points],
            }
            for each in evaluations
        ],
    }


def _is_of_a_length(manifest: Manifest, evaluation: Mapping[str, Any]) -> bool:
    whole = evaluation["name"] == during_training(manifest)
    return whole or evaluation.get("length") is not None


def _evaluation(frames: Frames, evaluation: Mapping[str, Any]) -> Evaluation:
    manifest, name = frames.manifest, str(evaluation["name"])
    is_judging = name == judging(manifest)["name"]
    rows = _last(frames, name)
    losses = final_losses(frames) if is_judging else _losses(manifest, rows)
    looks = {each.pair: each.decided_at for each in judged(manifest, final_losses(frames)).outcomes}
    outcomes = followed(manifest, losses, looks).outcomes
    contrasts = [each.contrast for each in outcomes]
    found = {each.pair: each.interval for each in outcomes if each.interval is not None}
    shares = shares_of(manifest, contrasts)
    method = method_of(manifest, shares.against_baseline, shares.floored_alpha)
    against = {each.a: each for each in contrasts if each.b == manifest.baseline}
    length, reasons = evaluation.get("length"), _reasons(manifest, rows)
    trained = trained_length(manifest)

    def point(variant: Variant) -> Point:
        own, pair = losses[variant.name], (variant.name, manifest.baseline)
        return Point(
            int(length or reading(manifest, variant).trained),
            own,
            mean_of(list(own.values()), 0.95),
            against.get(variant.name),
            found.get(pair),
            reasons.get(variant.name, ""),
        )

    return Evaluation(
        name,
        trained if length is None else int(length),
        length is None,
        is_judging,
        method,
        1 - (ALPHA if method == "always-valid" else level_of(manifest)),
        shares.comparisons,
        None
        if length is None or trained is None or has_answers(manifest)
        else share_beyond(frames, name, int(length), trained),
        None if length is None else reached(frames, name),
        tuple(point(each) for each in manifest.variants),
    )


def _last(frames: Frames, name: str) -> Mapping[str, tuple[float | None, str | None]]:
    """Return cell -> loss and reason after its last step, in one evaluation."""
    rows = frames.evaluations.filter(pl.col("evaluation") == name).sort("step")
    columns = rows.select("cell", "loss", "reason").iter_rows()
    return {cell: (loss, reason) for cell, loss, reason in columns}


def _losses(manifest: Manifest, rows: Mapping[str, tuple[float | None, str | None]]) -> Losses:
    found: dict[str, dict[int, float]] = {each.name: {} for each in manifest.variants}
    for cell in manifest.cells:
        loss, _ = rows.get(cell.cell, (None, None))
        if cell.status == "complete" and loss is not None:
            found[cell.variant][cell.seed] = loss
    return found


def _reasons(manifest: Manifest, rows: Mapping[str, tuple[float | None, str | None]]) -> Reasons:
    """Return variant -> why a cell of it that was trained has no loss."""
    found: dict[str, str] = {}
    for cell in manifest.cells:
        loss, reason = rows.get(cell.cell, (None, None))
        if cell.status == "complete" and loss is None and reason:
            found.setdefault(cell.variant, reason.rstrip("."))
    return found


def _longest(evaluation: Evaluation) -> int:
    return evaluation.length or max(each.length for each in evaluation.points)


def _repeats(evaluation: Evaluation, every: Sequence[Evaluation]) -> bool:
    """Whether another one, which judges or is the validation, is the same to the bit."""
    rank = (evaluation.is_judging, evaluation.is_validation)
    return any(
        (other.is_judging, other.is_validation) > rank
        and other.length == evaluation.length
        and [each.losses for each in other.points] == [each.losses for each in evaluation.points]
        for other in every
    )


def _plain(point: Point) -> dict[str, Any]:
    mean, interval = point.mean, point.interval
    contrast = point.contrast
    return {
        "length": point.length,
        "mean": None if mean is None else mean.mean,
        "low": None if mean is None else mean.low,
        "high": None if mean is None else mean.high,
        "seeds_n": len(point.losses),
        "difference": None
        if contrast is None or not contrast.pairs
        else {
            "difference": point.difference,
            "low": None if interval is None else interval.low,
            "high": None if interval is None else interval.high,
            "pairs": contrast.pairs,
        },
        "reason": point.reason or None,
    }
