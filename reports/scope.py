"""What a verdict is about: tokens, size, data, hyperparameters; never more than was trained."""

import polars as pl

from reports import numbers
from reports.choices import QUANTITIES
from reports.frames import Frames
from reports.judged import has_answers
from reports.manifest import Manifest
from reports.tunedwords import tuned_scope


def scope(frames: Frames) -> str:
    """Return the sentence behind every verdict; empty where no cell finished."""
    manifest = frames.manifest
    complete = frames.cells.filter(pl.col("status") == "complete")
    tokens = _largest(complete, manifest.baseline) or _largest(complete)
    parameters = manifest.variant(manifest.baseline).parameters
    if tokens is None:
        return ""
    size = f"{_amount(manifest, tokens)}, {numbers.amount(parameters)} parameters"
    if manifest.hold == "flops":
        size = f"equal FLOPs (the baseline: {size})"
    elif manifest.match is not None:
        size += f" (equal {QUANTITIES[manifest.match.quantity]} for all)"
    return f"At {size}, this data and {tuned_scope(manifest)}."


def _largest(complete: pl.DataFrame, variant: str | None = None) -> int | None:
    own = complete if variant is None else complete.filter(pl.col("variant") == variant)
    tokens = own["tokens"].max()
    return tokens if isinstance(tokens, int) else None


def _amount(manifest: Manifest, tokens: int) -> str:
    """Write the tokens of a cell; of a synthetic task they are fewer than those that are read."""
    if not has_answers(manifest):
        return f"{numbers.amount(tokens)} tokens"
    training = manifest.training
    read = numbers.amount(training["steps"] * training["tokens_per_step"])
    return (
        f"{numbers.amount(tokens)} predicted tokens (of a synthetic task only the answers count; "
        f"{read} are read)"
    )
