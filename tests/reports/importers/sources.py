"""Small sources: tables of runs, and what is read from them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reports.frames import Frames, read_frames
from reports.importers.command import Request, bring_in

STEPS = 40


def curve(end: float, seed: int, steps: int = STEPS) -> list[float]:
    """A training loss that falls towards `end`, with noise."""
    noise = np.random.default_rng([seed, round(1000 * end)]).normal(0, 0.02, steps)
    return list(end + 2 * np.exp(-np.arange(1, steps + 1) / 8) + noise)


def rows_of(
    losses: Mapping[str, Sequence[float]], seeds: Sequence[int] | None = None, steps: int = STEPS
) -> list[dict[str, Any]]:
    """One row for each step; the last step of each run has the validation loss that is given."""
    rows = []
    for variant, ends in losses.items():
        for place, end in enumerate(ends):
            seed = place if seeds is None else seeds[place]
            for step, loss in enumerate(curve(end, seed, steps), 1):
                row = {"variant": variant, "seed": seed, "step": step, "loss": loss}
                rows.append(row | {"validation_loss": end if step == steps else None})
    return rows


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as a table, None as nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def without(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Leave columns out."""
    return [{key: value for key, value in row.items() if key not in names} for row in rows]


def imported(source: Path, mapping: str = "", name: str | None = None) -> Frames:
    """Import a source into `results/` beside it and read what was written."""
    path = source.parent / "mapping.yaml"
    path.write_text(mapping, encoding="utf-8")
    request = Request(source, path if mapping else None, name, frozenset())
    results = source.parent / "results"
    return read_frames(results / bring_in(request, results))


def finals(frames: Frames) -> dict[str, float | None]:
    """Cell -> final loss."""
    return dict(zip(frames.cells["cell"], frames.cells["loss"], strict=True))
