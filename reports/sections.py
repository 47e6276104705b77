"""The figures that are the same for every reader: from frames to what `figures` draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reports.contrasts import final_losses
from reports.estimates import student
from reports.figures import Drawing, Mark, Table
from reports.figures.cost import cost
from reports.figures.profile import Difference, profile
from reports.figures.seeds import seeds
from reports.figures.volatility import Panel, panels, spread_between
from reports.frames import Frames
from reports.measures import Measures
from reports.numbers import flops, with_half_width
from reports.numbers import seconds as time_text
from reports.rows import half_width
from reports.settle import more_seeds
from reports.summaries import Summary, curve_matrix

Array = NDArray[np.float64]
# A profile of a long context is drawn as so many means of neighbouring positions.
MOST_POSITIONS = 128
FEWEST_SEEDS = 2


def seeds_section(frames: Frames, marks: Sequence[Mark]) -> Drawing:
    """Draw the final loss of every seed."""
    manifest = frames.manifest
    found = final_losses(frames)
    if not any(found.values()):
        return Drawing("Seeds", "", problem="No cell finished, so there is no final loss.")
    if len(manifest.seeds) < FEWEST_SEEDS:
        again = more_seeds(frames, FEWEST_SEEDS)
        return Drawing("Seeds", "", problem="Needs a second seed.", command=again)
    losses = [[found[v.name].get(seed) for seed in manifest.seeds] for v in manifest.variants]
    baseline = [each.name for each in manifest.variants].index(manifest.baseline)
    return seeds(marks, manifest.seeds, losses, baseline)


def cost_section(frames: Frames, marks: Sequence[Mark], summaries: Sequence[Summary]) -> Drawing:
    """Draw loss against time."""
    points = [
        (mark, summary.seconds, summary.wide)
        for mark, summary in zip(marks, summaries, strict=True)
        if summary.seconds is not None and summary.wide is not None
    ]
    if not points:
        why = "cells.parquet has neither a time nor a loss of a finished cell."
        return Drawing("Cost", "", problem=why)
    columns = ("variant", "time of a cell", "FLOPs of a cell", "hours of all its cells")
    rows = tuple(_cost_row(*each) for each in zip(marks, summaries, strict=True))
    device = str(frames.manifest.environment.get("device", "device"))
    return cost(points, Table(columns, rows), device)


def profile_section(frames: Frames, marks: Sequence[Mark]) -> Drawing:
    """Draw the loss by token position as a difference to the baseline."""
    title, manifest = "Loss by token position", frames.manifest
    found = _profiles(frames)
    base = found.get(manifest.baseline, {})
    if not base:
        why = "evaluations.parquet has no profile of a finished cell of the baseline."
        return Drawing(title, "", problem=why)
    lines = []
    for variant, mark in zip(manifest.variants, marks, strict=True):
        own = found.get(variant.name, {})
        pairs = [own[seed] - base[seed] for seed in own if seed in base]
        if variant.name != manifest.baseline and pairs:
            lines.append(_difference(mark, np.array(pairs)))
    if not lines:
        return Drawing(title, "", problem="No variant shares a finished seed with the baseline.")
    length = len(next(iter(base.values())))
    block = _block(frames)
    positions: Array = block * np.arange(length, dtype=np.float64) + (block + 1) / 2
    reference = next(mark for mark in marks if mark.slot == 0)
    window = int(manifest.training.get("window") or manifest.training["context"])
    return profile(positions, lines, reference, window, block)


def profile_json(frames: Frames) -> dict[str, Any] | None:
    """Return the mean profile of every variant with half-widths over seeds, for machines."""
    found = _profiles(frames)
    lengths = {len(each) for own in found.values() for each in own.values()}
    if not lengths:
        return None
    block = _block(frames)
    return {
        "x": (block * np.arange(max(lengths)) + (block + 1) / 2).tolist(),
        "window": frames.manifest.training.get("window"),
        "v": [_mean_profile(found.get(each.name, {})) for each in frames.manifest.variants],
    }


@dataclass(frozen=True)
class Multiple:
    """One of the small figures: its anchor, its drawing, the look of its variant."""

    id: str
    drawing: Drawing
    mark: Mark


def volatility_multiples(
    frames: Frames, marks: Sequence[Mark], measured: Mapping[str, Measures]
) -> tuple[Multiple, ...]:
    """Draw the spread between seeds of every variant that has two seeds or more."""
    matrix = curve_matrix(frames)
    steps = matrix.shape[1]
    window = max(1, steps // 48)
    given = []
    for variant, mark in zip(frames.manifest.variants, marks, strict=True):
        done = [
            row
            for row, cell in enumerate(frames.manifest.cells)
            if cell.variant == variant.name and cell.status == "complete"
        ]
        if len(done) >= FEWEST_SEEDS:
            spread = spread_between(matrix[done], window)
            given.append(Panel(mark, spread, measured[variant.name].spikes))
    drawn = panels(given, window) if given else ()
    return tuple(
        Multiple(f"volatility-{place}", drawing, mark)
        for place, (mark, drawing) in enumerate(drawn)
    )


def _profiles(frames: Frames) -> dict[str, dict[int, Array]]:
    """Variant -> seed -> final profile, as means of blocks of neighbouring positions."""
    name = str(frames.manifest.evaluations[0]["name"])
    rows = frames.evaluations.filter(
        (pl.col("evaluation") == name) & pl.col("profile").is_not_null()
    )
    last = {row["cell"]: row["profile"] for row in rows.sort("step").iter_rows(named=True)}
    block = _block(frames)
    found: dict[str, dict[int, Array]] = {}
    for cell in frames.manifest.cells:
        if cell.status == "complete" and last.get(cell.cell):
            values = np.array(last[cell.cell], dtype=np.float64)
            means = values[: len(values) // block * block].reshape(-1, block).mean(axis=1)
            found.setdefault(cell.variant, {})[cell.seed] = means
    return found


def _block(frames: Frames) -> int:
    lengths = frames.evaluations["profile"].list.len().drop_nulls()
    longest = int(str(lengths.max())) if len(lengths) else 1
    return max(1, -(-longest // MOST_POSITIONS))


def _difference(mark: Mark, pairs: Array) -> Difference:
    half = None
    if len(pairs) >= FEWEST_SEEDS:
        scatter = np.std(pairs, axis=0, ddof=1) / np.sqrt(len(pairs))
        half = student(0.975, len(pairs) - 1) * scatter
    return Difference(mark, pairs.mean(axis=0), half)


def _mean_profile(own: Mapping[int, Array]) -> dict[str, Any]:
    if not own:
        return {"mean": None, "half_width": None}
    found = _difference(Mark("", None, ""), np.array(list(own.values())))
    half = None if found.half is None else found.half.tolist()
    return {"mean": found.mean.tolist(), "half_width": half}


def _cost_row(mark: Mark, summary: Summary) -> tuple[str, ...]:
    seconds = summary.seconds
    time = "–" if seconds is None else time_text(seconds.mean)
    half = half_width(seconds)
    if seconds is not None and half:
        time += f" ({with_half_width(seconds.mean, half)} s)"
    return (mark.label, time, flops(summary.flops), f"{summary.hours:.2f}")
