"""What a sweep leaves for the report: `results/<name>/`, the same bytes for the same runs."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
from pipelines.runs import DOCUMENTS, EVALUATIONS, STEPS, Run, read_run

from ablations.looks import looks_up_to, question_digest, record_look
from ablations.planning import Plan, Planned
from ablations.replay import command_of
from components.options import plain
from pipelines.cell import Evaluation
from pipelines.device import torch_version
from pipelines.files import write_json, write_text, write_whole
from pipelines.fingerprint import evaluation_digest

SCHEMA = "ablations.results/1"
LOG_LINES = 20
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


def gather(plan: Plan, store: Path, into: Path) -> dict[str, Any]:
    """Write the results of a grid from the runs of its cells and return the manifest.

    Every file is replaced whole; the manifest last, so that it never describes newer frames than
    there are. Cells without a finished run are in it as `missing`.

    Args:
        plan: the grid's cells and variants.
        store: folder of runs.
        into: `results/<name>`.
    """
    runs = {each.name: read_run(store, each.fingerprint) for each in plan.cells}
    question = question_digest(each.document for each in plan.cells)
    # one seed gives no verdict, nor does a sweep with cells missing: neither is a look
    if all(runs.values()) and len(plan.grid.seeds) > 1:
        record_look(store, question, plan.grid.seeds)
    rows = [_row(each, runs[each.name]) for each in plan.cells]
    looks = looks_up_to(store, question, plan.grid.seeds)
    manifest = _manifest(plan, runs, rows, question, looks)
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


def metrics(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the handful of numbers for `dvc metrics show`: means over seeds, in nats per token."""
    means = {}
    for variant in plan.variants:
        losses = [
            row["loss"]
            for row in rows
            if row["variant"] == variant.name and row["loss"] is not None
        ]
        means[variant.name] = sum(losses) / len(losses) if losses else None
    known = {name: loss for name, loss in means.items() if loss is not None}
    counted = {"done": "complete", "diverged": "diverged", "failed": "failed", "missing": "missing"}
    return {
        "cells": {
            word: sum(row["status"] == status for row in rows) for word, status in counted.items()
        },
        "loss": means,
        "baseline_loss": means[plan.grid.baseline],
        "lowest_mean": min(known, key=lambda name: known[name]) if known else None,
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


def _row(planned: Planned, run: Run | None) -> dict[str, Any]:
    outcome = run.outcome if run is not None else {}
    tokens = outcome.get("tokens")
    status = run.status if run is not None else "missing"
    return {
        "cell": planned.name,
        "variant": planned.variant,
        "seed": planned.cell.seed,
        "fingerprint": planned.fingerprint,
        "status": status,
        "reason": run.reason if run is not None else None,
        "at": run.at if run is not None else None,
        "steps": outcome.get("steps"),
        "tokens": tokens,
        "loss": outcome.get("loss") if status == "complete" else None,
        "parameters": planned.cost.parameters,
        "flops_per_token": planned.cost.flops_per_token,
        "flops": None if tokens is None else tokens * planned.cost.flops_per_token,
        "seconds": outcome.get("seconds"),
        "seconds_per_step": outcome.get("seconds_per_step"),
        "device": outcome.get("device"),
        "hardware": hardware_name(outcome.get("hardware")),
    }


def hardware_name(hardware: Any) -> str | None:
    """Return the machine on one line: the GPU, or the processor and its instruction set."""
    if not isinstance(hardware, Mapping) or not hardware:
        return None
    return ", ".join(str(value) for _, value in sorted(hardware.items()) if value)


def _manifest(
    plan: Plan,
    runs: Mapping[str, Run | None],
    rows: Sequence[Mapping[str, Any]],
    question: str,
    looks: list[list[int]],
) -> dict[str, Any]:
    grid = plan.grid
    first = next(each for each in plan.cells if each.variant == grid.baseline)
    return {
        "schema": SCHEMA,
        "name": grid.results_name,
        "grid": grid.name,
        "preset": grid.preset,
        "question": grid.question,
        "state": "complete" if all(runs.values()) else "partial",
        "command": command_of(grid),
        "grid_file": shown(grid.path),
        "grid_text": grid.text,
        "overrides": list(grid.overrides),
        "baseline": grid.baseline,
        "margin": grid.margin,
        "interval": grid.interval,
        "compare": grid.compare,
        "hold": grid.hold,
        "seeds": list(grid.seeds),
        "claim": None if grid.claim is None else plain(dict(grid.claim)),
        "variants": [_variant(plan, index) for index in range(len(plan.variants))],
        "cells": [
            _cell(plan, each, row, runs[each.name])
            for each, row in zip(plan.cells, rows, strict=True)
        ],
        "looks": {"question": question, "seeds": looks, "declared": None},
        "data": dict(first.data.facts),
        "training": _training(first),
        "environment": _environment(plan, runs),
        "evaluations": [{"name": each.name, "length": each.length} for each in grid.evaluate],
        "code": _code(each.document for each in plan.cells),
    }


def _variant(plan: Plan, index: int) -> dict[str, Any]:
    variant = plan.variants[index]
    cost = next(each.cost for each in plan.cells if each.variant == variant.name)
    return {
        "name": variant.name,
        "label": variant.label,
        "differs": plain(dict(variant.differs)),
        "settings": plain(dict(variant.settings)),
        "parameters": cost.parameters,
        "flops_per_token": cost.flops_per_token,
    }


def _cell(plan: Plan, planned: Planned, row: Mapping[str, Any], run: Run | None) -> dict[str, Any]:
    same = ("cell", "variant", "seed", "fingerprint", "status", "reason", "at")
    failed = run is not None and run.status == "failed"
    return {
        **{key: row[key] for key in same},
        "command": command_of(plan.grid, planned.name),
        "log": last_lines(run.folder / "log.txt") if run is not None and failed else None,
    }


def last_lines(path: Path) -> str | None:
    """Return the end of a log; None where there is none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return "\n".join(text.splitlines()[-LOG_LINES:]) or None


def shown(path: Path) -> str:
    """Return a path relative to the working directory where it lies below it."""
    here = Path.cwd()
    whole = path.resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)


def _training(planned: Planned) -> dict[str, Any]:
    training = planned.cell.training
    return {
        "context": training.context,
        "window": planned.cell.model.options["window"],
        "batch": training.batch,
        "steps": training.steps,
        "tokens_per_step": training.context * training.batch,
        "precision": planned.document["training"]["precision"],
        "engine": training.engine,
    }


def _environment(plan: Plan, runs: Mapping[str, Run | None]) -> dict[str, Any]:
    """Return what the first finished cell ran with; before there is one, what it would run with."""
    for run in runs.values():
        if run is not None and run.outcome.get("environment"):
            return {**run.outcome["environment"], "device": run.outcome.get("device")}
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {
        "python": python,
        "torch": torch_version(),
        "device": plan.device,
        "platform": sys.platform,
    }


def _code(documents: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of all code that the cells can reach."""
    modules = {
        f"{module} {code['digest']}"
        for document in documents
        for module, code in document["code"].items()
    }
    return blake2b("\n".join(sorted(modules)).encode(), digest_size=10).hexdigest()


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
