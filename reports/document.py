"""report.json: what the page says, for machines. Versioned: readers refuse an unknown major."""

from typing import Any

import polars as pl

from reports import (
    effects,
    efficiency,
    matched,
    misleading,
    provenance,
    searchviews,
    targets,
    tuning,
)
from reports.claims import Claim
from reports.drawings.drawing import STYLE
from reports.encode import MISSING, QUANTUM
from reports.estimates import student
from reports.judged import during_training, judged_length, judging
from reports.lengths import as_json
from reports.material import Material
from reports.profiles import profile_json
from reports.summaries import Summary
from reports.tiers import Stored, curves_block, steps_file

SCHEMA = "ablations.report/1"


def document(material: Material) -> dict[str, Any]:
    """Return report.json: everything but the curves, which are in steps.parquet."""
    manifest, verdict = material.frames.manifest, material.verdict
    return {
        "schema": SCHEMA,
        "title": manifest.name,
        "question": manifest.question,
        "grid": manifest.name,
        "preset": manifest.preset,
        "built": material.built.isoformat(timespec="seconds"),
        "state": manifest.state,
        "verdict": dict(verdict.as_json()),
        "baseline": material.baseline_place,
        "seeds": list(manifest.seeds),
        "margin": manifest.margin,
        "interval": manifest.interval,
        "compare": manifest.compare,
        "hold": manifest.hold,
        "final": manifest.final,
        "variants": [_variant(material, place) for place in range(len(manifest.variants))],
        "cells": _cells(material),
        "evaluations": _evaluations(material),
        "judged": {"evaluation": judging(manifest)["name"], "length": judged_length(manifest)},
        "figures": dict(material.figures),
        "mislead": misleading.as_json(material.misleading),
        "profile": profile_json(material.frames),
        "lengths": as_json(material.lengths, manifest),
        "effects": effects.as_json(material.effects),
        "efficiency": {
            "budgets": efficiency.as_json(material.budgets),
            "target": targets.as_json(material.targets),
            "bits_per_byte": dict(efficiency.bits(material.frames)),
        },
        "settle": [plan.as_json() for plan in material.plans],
        "tuning": tuning.as_json(manifest.tuning),
        "search": searchviews.as_json(manifest.search),
        "match": matched.as_json(manifest.match),
        "provenance": _provenance(material),
        "files": [vars(file) for file in provenance.files(material.frames.folder)],
    }


def page_data(material: Material, stored: Stored) -> dict[str, Any]:
    """Return what the page's script reads beside report.json: the form of the curves, the style."""
    most = len(material.frames.manifest.seeds)
    curves = {
        "dtype": "int32",
        "missing": MISSING,
        "codec": "gzip",
        "shuffle": 4,
        "quantum": QUANTUM,
        **curves_block(stored, steps_file(material)),
        "first_step": 1,
        "element": "data-curves",
        # Index = number of seeds: Student's quantile of the 95 % bands.
        "student": [None, None, *(student(0.975, pairs - 1) for pairs in range(2, most + 1))],
    }
    return {"curves": curves, "style": STYLE}


def _variant(material: Material, place: int) -> dict[str, Any]:
    variant = material.frames.manifest.variants[place]
    mark, summary = material.marks[place], material.summaries[place]
    claim = material.against_baseline.get(variant.name)
    return {
        "id": variant.name,
        "label": variant.label,
        "slot": mark.slot,
        "marker": mark.marker,
        "is_shown": mark.slot is not None,
        "differs": dict(variant.differs),
        "parameters": variant.parameters,
        "tokens_per_step": summary.tokens_per_step,
        "flops_per_step": summary.flops_per_step,
        "seconds_per_step": summary.seconds_per_step,
        "loss": _loss(summary),
        "accuracy": None if summary.accuracy is None else vars(summary.accuracy),
        "difference": None if claim is None else _difference(claim),
        "flip_probability": None if claim is None else claim.flip_probability,
        "volatility": material.measures[variant.name].as_json(),
    }


def _loss(summary: Summary) -> dict[str, Any] | None:
    wide, narrow = summary.wide, summary.narrow
    if wide is None or narrow is None:
        return None
    return {
        "mean": wide.mean,
        "low": wide.low,
        "high": wide.high,
        "low50": narrow.low,
        "high50": narrow.high,
        "seeds_n": len(summary.losses),
    }


def _difference(claim: Claim) -> dict[str, Any]:
    return {
        "difference": claim.difference,
        "low": claim.low,
        "high": claim.high,
        "verdict": claim.verdict,
        "pairs": claim.pairs,
        "wins": claim.wins,
    }


def _cells(material: Material) -> list[dict[str, Any]]:
    manifest = material.frames.manifest
    place = {each.name: index for index, each in enumerate(manifest.variants)}
    table = material.frames.cells.select("loss", "seconds").iter_rows(named=True)
    return [
        {
            "cell": cell.cell,
            "variant": cell.variant,
            "v": place[cell.variant],
            "seed": cell.seed,
            "status": cell.status,
            "at": cell.at,
            "reason": cell.reason,
            "val": row["loss"],
            "seconds": row["seconds"],
            "fingerprint": cell.fingerprint,
            "command": cell.command,
        }
        for cell, row in zip(manifest.cells, table, strict=True)
    ]


def _evaluations(material: Material) -> list[dict[str, Any]]:
    manifest = material.frames.manifest
    place = {each.cell: index for index, each in enumerate(manifest.cells)}
    name = during_training(manifest)
    rows = material.frames.evaluations.filter(
        (pl.col("evaluation") == name) & pl.col("loss").is_not_null()
    )
    return [
        {"cell": place[cell], "step": step, "loss": loss}
        for cell, step, loss in rows.select("cell", "step", "loss").iter_rows()
        if cell in place
    ]


def _provenance(material: Material) -> dict[str, Any]:
    manifest, folder = material.frames.manifest, material.frames.folder
    return {
        "manifest_digest": provenance.digest(folder / "manifest.json"),
        "command": manifest.command,
        "grid_file": manifest.grid_file,
        "overrides": list(manifest.overrides),
        "code": manifest.code,
        "source_tree": None if manifest.source_tree is None else dict(manifest.source_tree),
        "data": dict(manifest.data),
        "training": dict(manifest.training),
        "environment": dict(manifest.environment),
        "hardware": list(provenance.machines(material.frames)),
        "version": provenance.package_version(),
    }
