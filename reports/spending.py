"""Final loss against what a cell cost: time, or FLOPs."""

from collections.abc import Sequence

import polars as pl

from reports.choices import Search
from reports.drawings.cost import cost_in_flops
from reports.drawings.drawing import Drawing, Mark
from reports.frames import Frames
from reports.judged import loss_name
from reports.manifest import Manifest
from reports.numbers import count, seconds
from reports.sections import cost_section, cost_table
from reports.summaries import Interval, Summary, interval
from reports.switches import Shown, Switch


def cost_switch(frames: Frames, marks: Sequence[Mark], summaries: Sequence[Summary]) -> Switch:
    """Let the reader choose between time and FLOPs."""
    time = Shown("cost", "time", cost_section(frames, marks, summaries))
    flops = Shown("cost-flops", "FLOPs", flops_section(frames, marks, summaries))
    return Switch("cost-over", "Cost in", (time, flops))


def choosing(manifest: Manifest) -> str:
    """Say what the trainings took that chose settings and judge nothing; empty without any.

    The costs of the variants do not hold them.
    """
    named = (("tuning", manifest.tuning), ("search", manifest.search))
    block, spent = next(
        ((name, each.spent) for name, each in named if each is not None and each.spent is not None),
        ("", None),
    )
    if spent is None or not spent.cells:
        return ""
    pruned = _pruned(manifest.search)
    ended = " that were trained to their end" if pruned else ""
    took = "" if spent.seconds is None else f", which took {seconds(spent.seconds)} of training"
    cells = f"{count(spent.cells)} cell{'' if spent.cells == 1 else 's'}"
    return f"Not in these numbers: {cells} of the {block}{ended}{took}{pruned}."


def _pruned(search: Search | None) -> str:
    trials = () if search is None else search.trials
    pruned = sum(each.status == "pruned" for each in trials)
    return f", and {pruned} pruned trial{'' if pruned == 1 else 's'}" if pruned else ""


def flops_section(frames: Frames, marks: Sequence[Mark], summaries: Sequence[Summary]) -> Drawing:
    """Draw loss against the training FLOPs of a cell."""
    points = [
        (mark, spent, summary.wide)
        for mark, summary in zip(marks, summaries, strict=True)
        if (spent := _flops(frames, summary.name)) is not None and summary.wide is not None
    ]
    if not points:
        why = "cells.parquet has no FLOPs of a finished cell, so there is no loss against them."
        return Drawing("Cost", "", problem=why)
    return cost_in_flops(points, cost_table(marks, summaries), loss_name(frames.manifest))


def _flops(frames: Frames, name: str) -> Interval | None:
    """Return the mean over finished cells; without limits where all cost the same."""
    done = (pl.col("variant") == name) & (pl.col("status") == "complete")
    values = frames.cells.filter(done)["flops"].drop_nulls().to_list()
    if len({*values}) == 1:
        return Interval(values[0], None, None)
    return interval(values, 0.95)
