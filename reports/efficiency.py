"""Equal budgets and equal losses: what each variant had reached by then, and what it took."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from reports.claims import Claim
from reports.contrasts import Losses
from reports.estimates import Array
from reports.frames import Frames
from reports.judged import during_training, is_last_validation, judging
from reports.looks import Outcome, followed
from reports.numbers import amount, flops, seconds

By = Literal["tokens", "seconds", "flops"]
NAMES: Mapping[By, str] = {"tokens": "tokens", "seconds": "seconds", "flops": "FLOPs"}
Curve = tuple[Array, Array]
"""Budgets spent, ascending and positive, and the validation loss at each [evaluations]."""


@dataclass(frozen=True)
class Budget:
    """All variants at one budget.

    Fields:
        by: what is equal.
        is_secondary: whether it is no part of what the grid holds equal, or of what judges.
        at: how much of it: the smallest that a finished cell spent. None where nothing is compared.
        outcomes: one of each contrast, with 95 % for all of this budget together.
        problem: why nothing is compared; empty if something is.
    """

    by: By
    is_secondary: bool
    at: float | None
    outcomes: tuple[Outcome, ...]
    problem: str


def loss_at(curve: Curve, budget: float) -> float | None:
    """Return the loss at a budget, linear in its logarithm between two evaluations.

    Returns:
        None before the first evaluation and after the last: nothing is extrapolated.
    """
    used, losses = curve
    if not len(used) or not used[0] <= budget <= used[-1]:
        return None
    return float(np.interp(math.log(budget), np.log(used), losses))


def bits_per_byte(loss: float, tokens: int, size: int) -> float:
    """Return a loss that does not depend on the tokenizer.

    Formula: loss / ln 2 x tokens / bytes.

    Args:
        loss: nats per token.
        tokens: that were predicted.
        size: of the same text, in bytes.
    """
    return loss / math.log(2) * tokens / size


def equal_budgets(frames: Frames, claims: Sequence[Claim]) -> tuple[Budget, ...]:
    """Compare all variants at equal tokens, seconds and FLOPs.

    Seconds are comparable on one machine type alone. Each budget has its own 5 %; what the grid
    does not hold equal is secondary. Contrasts decided at a look are judged on its seeds.
    """
    decided = {(each.a, each.b): each.decided_at for each in claims if each.decided_at is not None}
    return tuple(_budget(frames, by, decided) for by in ("tokens", "seconds", "flops"))


def curves_by(frames: Frames, by: By) -> Mapping[str, Curve]:
    """Return cell -> budget spent and validation loss, of every finished cell that has both."""
    name = during_training(frames.manifest)
    complete = frames.cells.filter(pl.col("status") == "complete")
    scale = complete.select("cell", "seconds_per_step", "flops_per_token")
    used = {
        "tokens": pl.col("tokens").cast(pl.Float64),
        "seconds": pl.col("step") * pl.col("seconds_per_step"),
        "flops": pl.col("tokens") * pl.col("flops_per_token"),
    }[by].alias("used")
    rows = frames.evaluations.filter(
        (pl.col("evaluation") == name) & pl.col("loss").is_not_null()
    ).join(scale, on="cell")
    known = rows.select("cell", used, "loss").filter(pl.col("used") > 0).sort("cell", "used")
    parts = known.partition_by("cell", as_dict=True)
    return {
        str(cell): (part["used"].to_numpy(), part["loss"].to_numpy())
        for (cell,), part in parts.items()
    }


def bits(frames: Frames) -> Mapping[str, float]:
    """Return variant -> mean bits per byte of its finished cells, in the evaluation that judges."""
    name = str(judging(frames.manifest)["name"])
    sizes = frames.documents.filter(pl.col("evaluation") == name).group_by("cell")
    sums = sizes.agg(pl.col("predicted").sum(), pl.col("bytes").sum())
    complete = frames.cells.filter((pl.col("status") == "complete") & pl.col("loss").is_not_null())
    columns = ("variant", "loss", "predicted", "bytes")
    found: dict[str, list[float]] = {}
    for variant, loss, tokens, size in complete.join(sums, on="cell").select(columns).iter_rows():
        if size:
            found.setdefault(variant, []).append(bits_per_byte(loss, tokens, size))
    return {
        each.name: float(np.mean(found[each.name]))
        for each in frames.manifest.variants
        if each.name in found
    }


def spent(budget: Budget) -> str:
    """Write what is equal and how much of it: `tokens (122.9 k)`, `seconds (6.2 s)`."""
    write = {"tokens": amount, "seconds": seconds, "flops": flops}[budget.by]
    return f"{NAMES[budget.by]} ({write(budget.at)})"


def as_json(budgets: Sequence[Budget]) -> list[dict[str, Any]]:
    """Return the numbers for machines."""
    return [
        {
            "by": each.by,
            "secondary": each.is_secondary,
            "at": each.at,
            "problem": each.problem or None,
            "claims": [_plain(outcome) for outcome in each.outcomes],
        }
        for each in budgets
    ]


def _budget(frames: Frames, by: By, decided: Mapping[tuple[str, str], int]) -> Budget:
    problem = _incomparable(frames) if by == "seconds" else ""
    curves = {} if problem else curves_by(frames, by)
    secondary = by != frames.manifest.hold or not is_last_validation(frames.manifest)
    if not curves:
        problem = problem or f"No finished cell was evaluated over its {NAMES[by]}."
        return Budget(by, secondary, None, (), problem)
    at = min(float(used[-1]) for used, _ in curves.values())
    judged = followed(frames.manifest, _losses(frames, curves, at), decided)
    outcomes = tuple(each for each in judged.outcomes if each.contrast.pairs)
    problem = "" if outcomes else f"No two variants were evaluated around the same {NAMES[by]}."
    return Budget(by, secondary, at, outcomes, problem)


def _losses(frames: Frames, curves: Mapping[str, Curve], at: float) -> Losses:
    found: dict[str, dict[int, float]] = {each.name: {} for each in frames.manifest.variants}
    for cell in frames.manifest.cells:
        loss = loss_at(curves[cell.cell], at) if cell.cell in curves else None
        if loss is not None:
            found[cell.variant][cell.seed] = loss
    return found


def _incomparable(frames: Frames) -> str:
    finished = frames.cells.filter(pl.col("status") == "complete")
    kinds = [*_distinct(finished, "device"), *_distinct(finished, "hardware")]
    if not kinds:
        return ""
    return f"Seconds are not compared: the cells ran on {' and '.join(kinds)}."


def _distinct(finished: pl.DataFrame, column: str) -> Iterator[str]:
    values = finished[column].drop_nulls().unique(maintain_order=True).to_list()
    if len(values) > 1:
        yield from values


def _plain(outcome: Outcome) -> dict[str, Any]:
    interval = outcome.interval
    return {
        "a": outcome.contrast.a,
        "b": outcome.contrast.b,
        "verdict": outcome.word,
        "difference": float(outcome.contrast.differences.mean()),
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "interval": outcome.method,
        "pairs": outcome.contrast.pairs,
    }
