"""A complete results folder from synthetic curves: what a sweep would have left."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

CONTEXT = 32
BATCH = 4
DOCUMENTS = 8
PREDICTED = 120 + 40 * np.arange(DOCUMENTS)
LABELS = {"none": "no positions"}
CANNOT = "positions/learned has 32 positions, 0 to 31: there is none for 127"

STEPS = {
    "cell": pl.String,
    "step": pl.Int32,
    "tokens": pl.Int64,
    "loss": pl.Float32,
    "gradient_norm": pl.Float32,
    "learning_rate": pl.Float64,
}
EVALUATIONS = {
    "cell": pl.String,
    "evaluation": pl.String,
    "step": pl.Int32,
    "tokens": pl.Int64,
    "loss": pl.Float64,
    "reason": pl.String,
    "document_loss": pl.Float64,
    "accuracy": pl.Float64,
    "bits_per_byte": pl.Float64,
    "predicted": pl.Int64,
    "profile": pl.List(pl.Float32),
}
DOCUMENTS_SCHEMA = {
    "cell": pl.String,
    "evaluation": pl.String,
    "step": pl.Int32,
    "document": pl.Int32,
    "predicted": pl.Int32,
    "correct": pl.Int32,
    "bytes": pl.Int64,
    "loss": pl.Float64,
}
CELLS = {
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


def results(
    folder: Path,
    losses: Mapping[str, Sequence[float | None]],
    *,
    name: str = "positions",
    baseline: str | None = None,
    seeds: Sequence[int] | None = None,
    status: Mapping[str, str] | None = None,
    steps: int = 60,
    steps_of: Mapping[str, int] | None = None,
    noise: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
    margin: float | None = 0.01,
    interval: str = "floored",
    compare: str = "baseline",
    hold: str = "tokens",
    claim: Mapping[str, Any] | None = None,
    looks: Sequence[Sequence[int]] | None = None,
    declared: Sequence[int] | None = None,
    taken: Sequence[int] | None = None,
    stopped: str | None = None,
    asked: Mapping[str, int] | None = None,
    evaluations: Sequence[tuple[str, int | None]] = (("validation", None),),
    question: str = "Does the decoder need explicit positions?",
    hardware: Mapping[str, str] | None = None,
    context: int = CONTEXT,
    reach: int | None = None,
    beyond: Mapping[str, Mapping[str, Sequence[float | None]]] | None = None,
    blocks: Mapping[str, Any] | None = None,
) -> Path:
    """Write `folder/results/<name>/` and return it.

    Args:
        folder: where `results/` is put.
        losses: variant -> final loss of every seed in the first evaluation; None is a missing cell,
            or one that cannot be evaluated so where `status` says that it is complete.
        name: of the grid.
        baseline: its variant; the first of `losses` unless said.
        seeds: 0, 1, 2, ... unless said.
        status: "variant/seed" -> diverged, failed or missing; all others are complete.
        steps: of a run.
        steps_of: variant -> its own number of steps, for unequal budgets.
        noise: variant -> standard deviation of its own noise by step in nats, 0.01 unless said.
        labels: variant -> label; else the name, but "no positions" for none.
        margin: of the grid, in nats per token.
        interval: floored or paired.
        compare: baseline or all.
        hold: tokens or flops.
        claim: what somebody reported.
        looks: sets of seeds at which this question was judged; the seeds of this grid unless said.
        declared: looks that the grid declared, as numbers of seeds.
        taken: those of them that all their cells exist for.
        stopped: why no further look is taken.
        asked: variant -> how many of its seeds were asked for; all of them unless said.
        evaluations: (name, length) of each; the first is the one that judges.
        question: of the grid.
        hardware: "variant/seed" -> name of the machine.
        context: positions of a profile.
        reach: the last position that a validation document has; the context unless said.
        beyond: evaluation -> variant -> loss of every seed where it is not that of the first one;
            None where it cannot be evaluated so.
        blocks: tuning, search and match as a manifest holds them; those of a grid that has them.
    """
    grid = _Synthetic(
        losses,
        tuple(range(len(next(iter(losses.values()))))) if seeds is None else tuple(seeds),
        dict(status or {}),
        steps,
        dict(steps_of or {}),
        dict(noise or {}),
        tuple(evaluations),
        dict(hardware or {}),
        context,
        reach,
        dict(beyond or {}),
        dict(asked or {}),
    )
    into = folder / "results" / name
    into.mkdir(parents=True, exist_ok=True)
    cells = grid.cells()
    manifest = {
        "schema": "ablations.results/1",
        "name": name,
        "grid": name,
        "preset": "laptop",
        "question": question,
        "state": "partial" if any(each["status"] == "missing" for each in cells) else "complete",
        "command": f"python -m ablations.run grid={name}",
        "grid_file": f"ablations/grids/{name}.yaml",
        "grid_text": f"question: {question}\nbaseline: {{positions: rotary}}\n",
        "overrides": [],
        "baseline": baseline or next(iter(losses)),
        "margin": margin,
        "interval": interval,
        "compare": compare,
        "hold": hold,
        "seeds": list(grid.seeds),
        "claim": None if claim is None else dict(claim),
        "variants": [
            {
                "name": variant,
                "label": (labels or LABELS).get(variant, variant),
                "differs": {} if index == 0 else {"positions": variant},
                "settings": {"positions": variant, "model.width": 64, "training.steps": steps},
                "parameters": 120_000 + index,
                "flops_per_token": 7.2e5 + index,
            }
            for index, variant in enumerate(losses)
        ],
        "cells": [
            {
                "cell": each["cell"],
                "variant": each["variant"],
                "seed": each["seed"],
                "fingerprint": each["fingerprint"],
                "status": each["status"],
                "reason": each["reason"],
                "at": each["at"],
                "command": f"python -m ablations.run grid={name} 'only={each['cell']}'",
                "log": "Traceback (most recent call last):\nOSError: <disk> is full\n"
                if each["status"] == "failed"
                else None,
            }
            for each in cells
        ],
        "looks": {
            "question": "5f1c09d77aa24be1c09d",
            "seeds": [list(each) for each in (looks or [grid.seeds])],
            "declared": None if declared is None else list(declared),
            "taken": None if taken is None else list(taken),
            "stopped": stopped,
        },
        "data": {
            "source": "synthetic curves; no text was read",
            "licence": "CC0-1.0",
            "licences": [{"package": "nothing", "version": "1", "licence": "CC0-1.0"}],
            "corpus": "embedded",
            "tokenizer": "byte",
            "vocabulary": 257,
            "train": {"documents": 100, "tokens": 100_000, "bytes": 99_900},
            "validation": {
                "documents": DOCUMENTS,
                "tokens": int(PREDICTED.sum()) + DOCUMENTS,
                "bytes": int(PREDICTED.sum()),
            },
            "left_out": {"duplicates": 1, "shared_paragraphs": 2},
            "digest": "0123456789abcdef0123",
            "text_digest": "3210fedcba9876543210",
        },
        "training": {
            "context": CONTEXT,
            "window": CONTEXT // 2,
            "batch": BATCH,
            "steps": steps,
            "tokens_per_step": CONTEXT * BATCH,
        },
        "environment": {
            "python": "3.11.7",
            "torch": "2.13.0",
            "device": "cpu",
            "platform": "linux-x86_64",
        },
        "evaluations": [{"name": each, "length": length} for each, length in evaluations],
        "code": "c0de0123456789abcdef",
        **(blocks or {}),
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False)
    (into / "manifest.json").write_text(text + "\n", encoding="utf-8")
    pl.DataFrame(cells, schema=CELLS).write_parquet(into / "cells.parquet")
    grid.steps_frame(cells).write_parquet(into / "steps.parquet")
    grid.evaluations_frame(cells).write_parquet(into / "evaluations.parquet")
    grid.documents_frame(cells).write_parquet(into / "documents.parquet")
    return into


def edit_manifest(folder: Path, **changes: Any) -> None:
    """Change fields of a manifest that was written; the value ... removes the field."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    kept = {key: value for key, value in manifest.items() if value is not ...}
    path.write_text(json.dumps(kept), encoding="utf-8")


def as_probe(folder: Path) -> Path:
    """Let results be those of a synthetic task, and return their folder."""
    data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["data"]
    edit_manifest(folder, data={**data, "corpus": "recall", "probe": {"probe_items": 4}})
    return folder


@dataclass(frozen=True)
class _Synthetic:
    losses: Mapping[str, Sequence[float | None]]
    seeds: tuple[int, ...]
    status: dict[str, str]
    steps: int
    steps_of: dict[str, int]
    noise: dict[str, float]
    evaluations: tuple[tuple[str, int | None], ...]
    hardware: dict[str, str]
    context: int
    reach: int | None
    beyond: dict[str, Mapping[str, Sequence[float | None]]]
    asked: dict[str, int]

    def cells(self) -> list[dict[str, Any]]:
        return [
            self._cell(index, variant, place, seed)
            for index, variant in enumerate(self.losses)
            for place, seed in enumerate(self.seeds)
            if place < self.asked.get(variant, len(self.seeds))
        ]

    def _cell(self, index: int, variant: str, place: int, seed: int) -> dict[str, Any]:
        name = f"{variant}/{seed}"
        loss = self.losses[variant][place]
        status = self.status.get(name, "missing" if loss is None else "complete")
        planned = self.steps_of.get(variant, self.steps)
        at = planned * 2 // 3 if status == "diverged" else None
        ran = {"complete": planned, "diverged": at, "failed": None, "missing": None}[status]
        trained = status in {"complete", "diverged"}
        tokens = None if ran is None else ran * CONTEXT * BATCH
        per_token = 7.2e5 + index
        per_step = 0.011 + 0.001 * index
        reason = {"diverged": "loss is NaN", "failed": "OSError: <disk> is full"}.get(status)
        reason = CANNOT if status == "complete" and loss is None else reason
        return {
            "cell": name,
            "variant": variant,
            "seed": seed,
            "fingerprint": hashlib.blake2b(name.encode(), digest_size=10).hexdigest(),
            "status": status,
            "reason": reason,
            "at": at,
            "steps": ran,
            "tokens": tokens,
            "loss": loss if status == "complete" else None,
            "parameters": 120_000 + index,
            "flops_per_token": per_token,
            "flops": None if tokens is None else tokens * per_token,
            "seconds": None if ran is None else ran * per_step,
            "seconds_per_step": per_step if trained else None,
            "device": "cpu" if trained else None,
            "hardware": self.hardware.get(name, "Synthetic CPU, AVX2") if trained else None,
        }

    def curve(self, cell: Mapping[str, Any]) -> np.ndarray:
        """Training loss of each step: a fall, the batch's noise (common), and its own noise."""
        ran = cell["steps"]
        steps = np.arange(1, ran + 1)
        end = cell["loss"] if cell["loss"] is not None else 3.3
        own = int.from_bytes(cell["variant"].encode()[:4].ljust(4, b"."))
        batch = np.random.default_rng([cell["seed"], 1]).normal(0, 0.05, 100_000)[:ran]
        noise = np.random.default_rng([cell["seed"], 2, own]).normal(0, 1, 100_000)[:ran]
        fall = 2.2 * np.exp(-5 * steps / self.steps) * (1 + 0.1 * np.cos(steps / 9))
        losses = end + fall + batch + self.noise.get(cell["variant"], 0.01) * noise
        if cell["status"] == "diverged":
            losses[-1] = np.nan
        return losses

    def steps_frame(self, cells: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        frames = [pl.DataFrame(schema=STEPS)]
        for cell in cells:
            if cell["steps"] is None:
                continue
            step = np.arange(1, cell["steps"] + 1)
            columns = {
                "cell": [cell["cell"]] * len(step),
                "step": step,
                "tokens": step * CONTEXT * BATCH,
                "loss": self.curve(cell),
                "gradient_norm": 0.5 + 2 / np.sqrt(step),
                "learning_rate": 3e-3 * (1 + np.cos(np.pi * step / self.steps)) / 2,
            }
            frames.append(pl.DataFrame(columns, schema=STEPS, strict=False))
        return pl.concat(frames)

    def evaluations_frame(self, cells: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        rows = []
        for cell in cells:
            if cell["status"] != "complete":
                continue
            for name, length in self.evaluations:
                last = cell["steps"]
                evaluated = sorted({max(1, last * k // 5) for k in range(1, 6)})
                at = evaluated if length is None else [last]
                rows += [self._evaluation(cell, name, length, step) for step in at]
        return pl.DataFrame(rows, schema=EVALUATIONS)

    def final(self, cell: Mapping[str, Any], name: str) -> float | None:
        """The final loss of a complete cell in one evaluation."""
        other = self.beyond.get(name, {}).get(cell["variant"])
        return cell["loss"] if other is None else other[self.seeds.index(cell["seed"])]

    def _evaluation(
        self, cell: Mapping[str, Any], name: str, length: int | None, step: int
    ) -> dict[str, Any]:
        final = self.final(cell, name)
        if final is None:
            return {
                **dict.fromkeys(EVALUATIONS),
                "cell": cell["cell"],
                "evaluation": name,
                "step": step,
                "tokens": step * CONTEXT * BATCH,
                "reason": CANNOT,
                "predicted": 0,
                "profile": [],
            }
        loss = final + 2.2 * np.exp(-5 * step / cell["steps"]) * (step < cell["steps"])
        place = np.arange(1, (length or self.context) + 1)
        profile = 0.8 / np.sqrt(place)
        profile = loss + profile - profile.mean()
        reached = place <= (self.reach or len(place))
        return {
            "cell": cell["cell"],
            "evaluation": name,
            "step": step,
            "tokens": step * CONTEXT * BATCH,
            "loss": float(loss),
            "reason": None,
            "document_loss": float(loss) + 0.02,
            "accuracy": float(np.exp(-loss)),
            "bits_per_byte": float(loss) / np.log(2),
            "predicted": int(PREDICTED.sum()),
            "profile": [p if r else None for p, r in zip(profile.tolist(), reached, strict=True)],
        }

    def documents_frame(self, cells: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        difficulty = 0.3 * np.sin(1 + np.arange(DOCUMENTS))
        difficulty -= np.average(difficulty, weights=PREDICTED)
        rows = []
        for index, cell in enumerate(cells):
            if cell["status"] != "complete":
                continue
            own = 0.01 * np.cos(index + 1.7 * np.arange(DOCUMENTS))
            own -= np.average(own, weights=PREDICTED)
            sums = {
                name: (final + difficulty + own) * PREDICTED
                for name, _ in self.evaluations
                if (final := self.final(cell, name)) is not None
            }
            rows += [
                {
                    "cell": cell["cell"],
                    "evaluation": name,
                    "step": cell["steps"],
                    "document": document,
                    "predicted": int(PREDICTED[document]),
                    "correct": int(PREDICTED[document]) // 2,
                    "bytes": int(PREDICTED[document]),
                    "loss": float(sums[name][document]),
                }
                for name in sums
                for document in range(DOCUMENTS)
            ]
        return pl.DataFrame(rows, schema=DOCUMENTS_SCHEMA)
