"""The manifest of an import: what the runs are, where they come from, and what they lack."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from reports.importers.imported import Imported, baseline_of
from reports.importers.mapping import as_yaml
from reports.importers.outcomes import FULL, Row, whole
from reports.importers.raw import FORMATS
from reports.importers.runs import KEY, Runs
from reports.manifest import SCHEMA
from reports.numbers import THIN

TRAINING_LOSS = f"training loss (last 5{THIN}%)"


def manifest_of(given: Imported, cells: Sequence[Row]) -> dict[str, Any]:
    """Return the manifest of an import; `source` says what it is and what it lacks."""
    runs, said = given.runs, given.said
    baseline, _ = baseline_of(runs, said)
    question = said.question or f"Does any of these runs differ from {baseline}?"
    seeds = sorted({each["seed"] for each in cells})
    steps = max(each["steps"] or 0 for each in cells if "steps" in each)
    resolved = as_yaml(said, baseline=baseline, paired=runs.is_paired, question=question)
    return {
        "schema": SCHEMA,
        "name": given.name,
        "grid": given.name,
        "preset": "imported",
        "question": question,
        "state": "complete",
        "command": given.command,
        "grid_file": "no mapping was given" if said.path is None else str(said.path),
        "grid_text": said.text or resolved,
        "overrides": [],
        "baseline": baseline,
        "margin": said.margin,
        "interval": "floored" if runs.is_paired else "paired",
        "compare": "baseline",
        "hold": "tokens",
        "seeds": seeds,
        "claim": None,
        "variants": [_variant(given, each, baseline) for each in runs.variants],
        "cells": [_manifest_cell(given, each) for each in cells],
        "looks": {
            "question": hashlib.blake2b(resolved.encode(), digest_size=10).hexdigest(),
            "seeds": [seeds],
            "declared": None if said.looks is None else list(said.looks),
            "taken": None,
            "stopped": None,
        },
        "data": {"source": f"{FORMATS[given.raw.format]}, {given.raw.path}"}
        | ({} if said.vocabulary is None else {"vocabulary": said.vocabulary}),
        "training": {"context": 1, "steps": steps},
        "environment": {},
        "evaluations": [_evaluation(given)],
        "code": "unknown, since the runs were imported",
        "source": _source(given, cells),
    }


def _variant(given: Imported, name: str, baseline: str) -> dict[str, Any]:
    constants = given.runs.constants.get(name, {})
    return {
        "name": name,
        "label": name,
        "differs": {} if name == baseline else {"variant": name},
        "settings": {"variant": name},
        "parameters": whole(constants.get("parameters")),
        "flops_per_token": constants.get("flops_per_token"),
    }


def _manifest_cell(given: Imported, cell: Row) -> dict[str, Any]:
    same = ("cell", "variant", "seed", "fingerprint", "status", "reason", "at")
    return {
        **{key: cell[key] for key in same if key in cell},
        "command": given.command,
        "log": None,
    }


def _evaluation(given: Imported) -> dict[str, Any]:
    if given.validates:
        return {"name": "validation", "length": None}
    return {"name": "training", "length": None, "called": TRAINING_LOSS}


def _source(given: Imported, cells: Sequence[Row]) -> dict[str, Any]:
    runs, said = given.runs, given.said
    return {
        "from": str(given.raw.path),
        "format": given.raw.format,
        "files": len(given.raw.files),
        "digest": _digest(given.raw.files),
        "paired": runs.is_paired,
        "pairing_said": said.paired is not None,
        "looks_said": said.looks is not None,
        "every": runs.every,
        "first_step": runs.first,
        "lacks": list(_lacks(given, cells)),
        "guesses": list(given.every_guess),
        "notes": [*runs.notes, *_uneven(runs)],
    }


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.blake2b(digest_size=10)
    for each in files:
        digest.update(each.read_bytes())
    return digest.hexdigest()


def _lacks(given: Imported, cells: Sequence[Row]) -> Iterator[str]:
    steps = given.runs.steps
    present: Mapping[str, bool] = {
        "validation loss": given.validates,
        "tokens": given.tokens_known,
        "seconds": any(each.get("seconds") is not None for each in cells),
        "losses of single documents": given.runs.documents.height > 0,
        "gradient norm": bool(steps["gradient_norm"].is_not_null().any()),
        "learning rate": bool(steps["learning_rate"].is_not_null().any()),
        "parameters": any(each.get("parameters") is not None for each in cells),
        "FLOPs": any(each.get("flops") is not None for each in cells),
        "vocabulary": given.said.vocabulary is not None,
    }
    yield from (name for name, there in present.items() if not there)


def _uneven(runs: Runs) -> Iterator[str]:
    """A run's last validation decides, wherever it was; say so where these places differ."""
    if not runs.evaluations.height:
        return
    last = runs.evaluations.group_by(*KEY[:2]).agg(pl.col("step").max())["step"].to_numpy()
    if last.min() < FULL * last.max():
        ends = f"{last.min():,} to {last.max():,}"
        yield f"Runs were validated last at steps {ends}; the last validation of each judges"
