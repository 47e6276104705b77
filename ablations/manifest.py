"""The manifest of a results folder: what was asked, of which cells, what became of each."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ablations.planning import Plan, Planned
from ablations.replay import command_of
from ablations.source_tree import source_tree
from ablations.yaml_source import shown_path
from components.options import plain
from pipelines.device import torch_version
from pipelines.runs import Run

SCHEMA = "ablations.results/1"
LOG_LINES = 20
DATA = ("vocabulary", "tokenizer", "digest")
"""Facts of the data that variants may differ in, and that each variant is read by."""


def manifest_of(
    plan: Plan,
    runs: Mapping[str, Run | None],
    rows: Sequence[Mapping[str, Any]],
    looks: Mapping[str, Any],
    options: Sequence[str],
) -> dict[str, Any]:
    """Return the manifest; nothing in it depends on when or how fast cells were trained.

    `tuning` and `search` are for whoever chose settings to fill in.

    Args:
        plan: the grid's variants and cells.
        runs: by cell name; None where there is none.
        rows: of the table of cells, in grid order.
        looks: digest of what is asked, and the sets of seeds that it was judged at, these last.
        options: of the command line, which the commands need as well.
    """
    grid = plan.grid
    first = next(each for each in plan.cells if each.variant == grid.baseline)
    return {
        "schema": SCHEMA,
        "name": grid.results_name,
        "grid": grid.name,
        "preset": grid.preset,
        "question": grid.question,
        "state": "complete" if all(runs.values()) else "partial",
        "command": command_of(grid, options),
        "grid_file": shown_path(grid.path),
        "grid_text": grid.text,
        "overrides": list(grid.overrides),
        "baseline": grid.baseline,
        "margin": grid.margin,
        "interval": grid.interval,
        "final": grid.final,
        "compare": grid.compare,
        "hold": grid.hold,
        "match": _match(plan),
        "tuning": None,
        "search": None,
        "seeds": list(grid.seeds),
        "claim": None if grid.claim is None else plain(dict(grid.claim)),
        "variants": [_variant(plan, index) for index in range(len(plan.variants))],
        "cells": [
            _cell(row, runs[row["cell"]], command_of(grid, options, row["cell"])) for row in rows
        ],
        "looks": dict(looks),
        "data": dict(first.data.facts),
        "training": _training(first),
        "environment": _environment(plan, runs),
        "evaluations": [
            {"name": each.name, "length": each.length}
            for each in sorted(grid.evaluate, key=lambda each: each != grid.judge)
        ],  # the one that judges first
        "source_tree": source_tree(),
        "code": _code(each.document for each in plan.cells),
    }


def _match(plan: Plan) -> dict[str, Any] | None:
    """Return what was made equal, and the value that was found for each variant."""
    match, solved = plan.grid.match, plan.grid.declared.solved
    if match is None:
        return None
    found = {name: own[match.key].value for name, own in solved.items() if match.key in own}
    return {
        "quantity": match.quantity,
        "key": match.key,
        "tolerance": match.tolerance,
        "solved": found,
    }


def _variant(plan: Plan, index: int) -> dict[str, Any]:
    variant = plan.variants[index]
    planned = next(each for each in plan.cells if each.variant == variant.name)
    cost, facts = planned.cost, planned.data.facts
    return {
        "name": variant.name,
        "label": variant.label,
        "differs": plain(dict(variant.differs)),
        "settings": plain(dict(variant.settings)),
        "parameters": cost.parameters,
        "flops_per_token": cost.flops_per_token,
        "carries": cost.carries,
        "data": {key: facts[key] for key in DATA if key in facts},
    }


def _cell(row: Mapping[str, Any], run: Run | None, command: str) -> dict[str, Any]:
    same = ("cell", "variant", "seed", "fingerprint", "status", "reason", "at")
    failed = run is not None and run.status == "failed"
    return {
        **{key: row[key] for key in same},
        "command": command,
        "log": last_lines(run.folder / "log.txt") if run is not None and failed else None,
    }


def last_lines(path: Path) -> str | None:
    """Return the end of a log; None where there is none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return "\n".join(text.splitlines()[-LOG_LINES:]) or None


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
