"""The figures that are the same for every reader: from frames to what `figures` draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.contrasts import final_losses
from reports.drawings.cost import cost
from reports.drawings.drawing import Drawing, Mark, Table
from reports.drawings.seeds import seeds
from reports.drawings.volatility import MOST_PANELS, Panel, panels, spread_between
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
    return seeds(
        marks, manifest.seeds, losses, baseline, loss_name(manifest), pairing=manifest.pairing
    )


def cost_section(frames: Frames, marks: Sequence[Mark], summaries: Sequence[Summary]) -> Drawing:
    """Draw loss against time."""
    points = [
        (mark, summary.seconds, summary.wide)
        for mark, summary in zip(marks, summaries, strict=True)
        if summary.seconds is not None and summary.wide is not None
    ]
    if not points:
        has_loss = any(summary.losses for summary in summaries)
        has_time = any(summary.seconds is not None for summary in summaries)
        lacks = "no time" if has_loss else "no loss" if has_time else "neither a time nor a loss"
        return Drawing("Cost", "", problem=f"cells.parquet has {lacks} of a finished cell.")
    device = str(frames.manifest.environment.get("device", "device"))
    return cost(points, cost_table(marks, summaries), device, loss_name(frames.manifest))


def cost_table(marks: Sequence[Mark], summaries: Sequence[Summary]) -> Table:
    """Return what a cell of each variant costs."""
    columns = ("variant", "time of a cell", "FLOPs of a cell", "hours of all its cells")
    return Table(columns, tuple(_cost_row(*each) for each in zip(marks, summaries, strict=True)))


@dataclass(frozen=True)
class Multiple:
    """One of the small figures: its anchor, its drawing, the look of its variant.

    Fields:
        follows: whether it is shown only while its variant has a colour.
    """

    id: str
    drawing: Drawing
    mark: Mark
    follows: bool


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
            panel = Panel(mark, spread, measured[variant.name].spikes)
            given.append((_noise(measured[variant.name]), panel))
    # Of many the noisiest comes first; of few each keeps its place in the grid.
    are_many = len(given) > MOST_PANELS
    if are_many:
        given.sort(key=lambda each: -each[0])
    drawn = panels([panel for _, panel in given], window) if given else ()
    return tuple(
        Multiple(f"volatility-{place}", drawing, mark, are_many)
        for place, (mark, drawing) in enumerate(drawn)
    )


def _noise(measured: Measures) -> float:
    """Own noise beside the baseline's; where it cannot be told, less than any."""
    ratio = measured.estimates.own_ratio
    return -1.0 if ratio is None else ratio.estimate


def _cost_row(mark: Mark, summary: Summary) -> tuple[str, ...]:
    seconds = summary.seconds
    time = "–" if seconds is None else time_text(seconds.mean)
    half = half_width(seconds)
    if seconds is not None and half:
        time += f" ({with_half_width(seconds.mean, half)} s)"
    return (mark.label, time, flops(summary.flops), f"{summary.hours:.2f}")
