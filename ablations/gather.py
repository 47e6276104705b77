"""What a sweep leaves for the report: `results/<name>/`, the same bytes for the same runs."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ablations.grid import Grid
from ablations.looks import looks_up_to, pair_digests, question_digest, record_look
from ablations.manifest import manifest_of
from ablations.planning import Plan, Planned
from ablations.tail import GONE, tail_mean
from pipelines.cell import Evaluation
from pipelines.files import write_json, write_text, write_whole
from pipelines.fingerprint import evaluation_digest
from pipelines.runs import DOCUMENTS, EVALUATIONS, STEPS, Run, read_run

POINTS = 100
"""Of a curve for dvc."""

CELLS: Mapping[str, type[pl.DataType]] = {
    "cell": pl.String,
    "variant": pl.String,
    "seed": pl.Int32,
    "fingerprint": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "at": pl.Int32,
    "steps": pl.Int32,
    "tokens": pl.Int64,
    "loss": pl.Float64,
    "parameters": pl.Int64,
    "flops_per_token": pl.Float64,
    "flops": pl.Float64,
    "seconds": pl.Float64,
    "seconds_per_step": pl.Float64,
    "device": pl.String,
    "hardware": pl.String,
}


def gather(
    plan: Plan,
    store: Path,
    into: Path,
    options: Sequence[str] = (),
    blocks: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the results of a grid from the runs of its cells and return the manifest.

    Every file is replaced whole; the manifest last, so that it never describes newer frames than
    there are. Cells without a finished run are in it as `missing`.

    Args:
        plan: the grid's cells and variants.
        store: folder of runs.
        into: `results/<name>`.
        options: of the command line that the commands in the manifest need as well.
        blocks: of the manifest, `tuning` and `search`: what chose the settings of the variants.
    """
    runs = {each.name: read_run(store, each.fingerprint) for each in plan.cells}
    rows = [_row(each, runs[each.name], plan.grid) for each in plan.cells]
    looks = _looks(plan, store, runs)
    manifest = {**manifest_of(plan, runs, rows, looks, options), **(blocks or {})}
    steps = _concat(plan, runs, STEPS, _steps_of)
    _write_frame(into / "steps.parquet", steps)
    _write_frame(
        into / "evaluations.parquet", _concat(plan, runs, EVALUATIONS, _evaluations_of(plan, ""))
    )
    _write_frame(
        into / "documents.parquet",
        _concat(plan, runs, DOCUMENTS, _evaluations_of(plan, ".documents")),
    )
    _write_frame(into / "cells.parquet", pl.DataFrame(rows, schema=CELLS))
    write_text(into / "curve.csv", curve(plan, steps).write_csv(float_precision=6))
    write_json(into / "metrics.json", metrics(plan, rows))
    write_json(into / "manifest.json", manifest)
    return manifest


def _looks(plan: Plan, store: Path, runs: Mapping[str, Run | None]) -> dict[str, Any]:
    """Record this look, and return it with those that came before.

    One seed gives no verdict, nor does a sweep with cells missing: neither is a look. Contrasts
    that an earlier look decided are not looked at again.
    """
    grid, complete = plan.grid, all(runs.values())
    documents = {each.variant: each.document for each in plan.cells}
    still_open = {name: each for name, each in documents.items() if name not in grid.asked}
    if complete and len(grid.seeds) > 1:
        record_look(store, pair_digests(still_open, grid), grid.seeds, grid.looks)
    pairs = pair_digests(documents, grid)
    reached = len(grid.seeds) if complete else len(grid.seeds) - 1
    return {
        "question": question_digest((e.document for e in plan.cells), grid.judge, grid.final),
        "seeds": looks_up_to(store, pairs, grid.seeds, grid.looks),
        "declared": None if grid.looks is None else list(grid.looks),
        "taken": None if grid.looks is None else [each for each in grid.looks if each <= reached],
        "stopped": None,
    }


def metrics(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the handful of numbers for `dvc metrics show`: means over seeds, in nats per token."""
    means = {}
    for variant in plan.variants:
        losses = [
            row["loss"]
            for row in rows
            if row["variant"] == variant.name
            and row["loss"] is not None
            and math.isfinite(row["loss"])
        ]
        means[variant.name] = sum(losses) / len(losses) if losses else None
    counted = {"done": "complete", "diverged": "diverged", "failed": "failed", "missing": "missing"}
    return {
        "cells": {
            word: sum(row["status"] == status for row in rows) for word, status in counted.items()
        },
        "loss": means,
        "baseline_loss": means[plan.grid.baseline],
    }


def curve(plan: Plan, steps: pl.DataFrame) -> pl.DataFrame:
    """Return variant, step, loss for `dvc plots`: the training loss, mean over seeds, 100 points.

    Each point is the mean of the steps since the last one; the report has every step.
    """
    variant_of = {each.name: each.variant for each in plan.cells}
    last = steps.select(pl.col("step").max()).item() or 1
    order = {variant.name: index for index, variant in enumerate(plan.variants)}
    width = max(1, -(-last // POINTS))
    return (
        steps.with_columns(
            pl.col("cell").replace_strict(variant_of, return_dtype=pl.String).alias("variant"),
            ((pl.col("step") - 1) // width * width + width).alias("step"),
        )
        .group_by("variant", "step", maintain_order=True)
        .agg(pl.col("loss").cast(pl.Float64).mean())
        .sort(pl.col("variant").replace_strict(order, return_dtype=pl.Int32), "step")
    )


def _row(planned: Planned, run: Run | None, grid: Grid) -> dict[str, Any]:
    outcome = run.outcome if run is not None else {}
    steps = outcome.get("steps")
    status = run.status if run is not None else "missing"
    loss, reason = None, run.reason if run is not None else None
    if run is not None and status == "complete":
        loss, why = _judged(planned, run, grid)
        reason = reason or why
    return {
        "cell": planned.name,
        "variant": planned.variant,
        "seed": planned.cell.seed,
        "fingerprint": planned.fingerprint,
        "status": status,
        "reason": reason,
        "at": run.at if run is not None else None,
        "steps": steps,
        "tokens": outcome.get("tokens"),
        "loss": loss,
        "parameters": planned.cost.parameters,
        "flops_per_token": planned.cost.flops_per_token,
        "flops": None if steps is None else steps * _flops_per_step(planned),
        "seconds": outcome.get("seconds"),
        "seconds_per_step": outcome.get("seconds_per_step"),
        "device": outcome.get("device"),
        "hardware": hardware_name(outcome.get("hardware")),
    }


def _judged(planned: Planned, run: Run, grid: Grid) -> tuple[float | None, str | None]:
    """Return the final loss of a complete cell in the evaluation that judges, or why it has none.

    What a worker could not evaluate has neither, and the report says that it failed.
    """
    if grid.judge.length is None and grid.final == "last":
        return run.outcome.get("loss"), None
    path = run.folder / "evaluations" / f"{_digest(grid.judge, planned)}.parquet"
    if not path.exists():
        return None, GONE if grid.final == "tail" else None
    evaluations = pl.read_parquet(path)
    if grid.final == "tail":
        return tail_mean(evaluations)
    rows = evaluations.to_dicts()
    return (rows[-1]["loss"], rows[-1]["reason"]) if rows else (None, None)


def _flops_per_step(planned: Planned) -> float:
    """Return the FLOPs of one step: places that predict nothing are computed as well."""
    training = planned.cell.training
    return training.batch * training.context * planned.cost.flops_per_token


def hardware_name(hardware: Any) -> str | None:
    """Return the machine on one line: the GPU, or the processor and its instruction set."""
    if not isinstance(hardware, Mapping) or not hardware:
        return None
    return ", ".join(str(value) for _, value in sorted(hardware.items()) if value)


def _steps_of(_: Planned, run: Run) -> list[Path]:
    return [run.folder / "steps.parquet"]


def _evaluations_of(plan: Plan, suffix: str) -> Callable[[Planned, Run], list[Path]]:
    def files(planned: Planned, run: Run) -> list[Path]:
        return [
            run.folder / "evaluations" / f"{_digest(each, planned)}{suffix}.parquet"
            for each in plan.grid.evaluate
        ]

    return files


def _digest(evaluation: Evaluation, planned: Planned) -> str:
    return evaluation_digest(evaluation, planned.cell)


def _concat(
    plan: Plan,
    runs: Mapping[str, Run | None],
    schema: Mapping[str, Any],
    files: Callable[[Planned, Run], list[Path]],
) -> pl.DataFrame:
    """Put the files of all cells below one another, each row with its cell, in grid order."""
    frames = [pl.DataFrame(schema={"cell": pl.String, **schema})]
    for planned in plan.cells:
        run = runs[planned.name]
        for path in files(planned, run) if run is not None else []:
            if path.exists():
                frame = pl.read_parquet(path).select(*schema)
                frames.append(frame.select(pl.lit(planned.name).alias("cell"), pl.all()))
    return pl.concat(frames)


def _write_frame(path: Path, frame: pl.DataFrame) -> None:
    write_whole(path, frame.rechunk().write_parquet)
