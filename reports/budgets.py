"""Whether all variants had the same budget, as the grid says that they have."""

import polars as pl

from reports import numbers
from reports.frames import Frames
from reports.wording import capital, listed

TOLERANCE = {"tokens": 0.0, "flops": 0.01}  # equal FLOPs are met to a whole number of steps


def unequal(frames: Frames) -> str:
    """Return the sentence that names variants of another budget; empty if all are equal.

    What is held equal is compared: mean tokens, or FLOPs, of the finished cells.
    """
    manifest, hold = frames.manifest, frames.manifest.hold
    complete = frames.cells.filter(pl.col("status") == "complete")
    means = dict(complete.group_by("variant").agg(pl.col(hold).mean()).iter_rows())
    ours = means.get(manifest.baseline)
    if not ours:
        return ""
    parts = []
    for variant in manifest.variants:
        theirs = means.get(variant.name)
        if theirs is not None and abs(theirs / ours - 1) > TOLERANCE[hold]:
            name = manifest.label(variant.name)
            parts.append(f"{name} {_difference(theirs / ours - 1, hold)}")
    return f"{capital(listed(parts))}." if parts else ""


def _difference(share: float, hold: str) -> str:
    size = numbers.percent(min(abs(share), 1.0)) if share < 0 else numbers.percent(share)
    if hold == "tokens":
        return f"saw {size} {'fewer' if share < 0 else 'more'} tokens"
    return f"used {size} {'fewer' if share < 0 else 'more'} FLOPs"
