"""The figures that are the same for every reader: from frames to what `figures` draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.contrasts import final_losses
from reports.figures import Drawing, Mark, Table
from reports.figures.cost import cost
from reports.figures.seeds import seeds
from reports.figures.volatility import Panel, panels, spread_between
from reports.frames import Frames
from reports.judged import loss_name
from reports.measures import Measures
from reports.numbers import flops, with_half_width
from reports.numbers import seconds as time_text
from reports.rows import half_width
from reports.settle import more_seeds
from reports.summaries import Summary, curve_matrix

FEWEST_SEEDS = 2


def seeds_section(frames: Frames, marks: Sequence[Mark]) -> Drawing:
    """Draw the final loss of every seed."""
    manifest = frames.manifest
    found = final_losses(frames)
    if not any(found.values()):
        why = "No cell finished, so there is no final loss."
        if any(each.status == "complete" for each in manifest.cells):
            why = f"No cell has a {loss_name(manifest)}."
        return Drawing("Seeds", "", problem=why)
    if len(manifest.seeds) < FEWEST_SEEDS:
        again = more_seeds(frames, FEWEST_SEEDS)
        return Drawing("Seeds", "", problem="Needs a second seed.", command=again)
    losses = [[found[v.name].get(seed) for seed in manifest.seeds] for v in manifest.variants]
    baseline = [each.name for each in manifest.variants].index(manifest.baseline)
    return seeds(marks, manifest.seeds, losses, baseline, loss_name(manifest))


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
    return cost(points, Table(columns, rows), device, loss_name(frames.manifest))


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


def _cost_row(mark: Mark, summary: Summary) -> tuple[str, ...]:
    seconds = summary.seconds
    time = "–" if seconds is None else time_text(seconds.mean)
    half = half_width(seconds)
    if seconds is not None and half:
        time += f" ({with_half_width(seconds.mean, half)} s)"
    return (mark.label, time, flops(summary.flops), f"{summary.hours:.2f}")
