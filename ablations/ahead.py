"""What a tuning or a search still has to train before anything is judged, in words and as JSON."""

from collections.abc import Collection, Mapping
from typing import Any

from ablations.choices import Choices
from ablations.plan_table import cells_of, counts_of
from ablations.progress import duration
from components.options import shown

EDGE = " (at the edge of what was tried: a better one may lie beyond)"


def ahead(found: Choices, workers: int) -> str:
    """Return the sentence that says what comes first, and what then.

    Args:
        found: what was chosen so far; something is open.
        workers: how many cells train at once.
    """
    seconds = seconds_ahead(found, workers)
    about = (
        "nothing like them was measured yet" if seconds is None else f"about {duration(seconds)}"
    )
    left = _left(found)
    to_train = f"{left} of them to train, {about}" if left else "none of them to train"
    then = f"; then {counts_of(found.outline)}" if found.outline is not None else ""
    return f"{what_comes_first(found)} first, {to_train}{then}"


def what_comes_first(found: Choices) -> str:
    """Return how much is tried: `tuning: 3 variants × 4 points × 2 seeds = 24 cells`."""
    if found.listed is not None:
        variants, cells = len(found.listed.variants), len(found.listed.cells)
        seeds = len(found.listed.grid.seeds)
        points = cells // (variants * seeds)
        return f"tuning: {variants} variants × {points} points × {_seeds(seeds)} = {cells} cells"
    first = found.sought[0]
    trials, seeds = first.search.trials, len(first.seeds)
    variants = len(found.sought)
    most = "at most " if first.search.pruner != "none" else ""
    each = f"{trials} trials × {_seeds(seeds)}"
    if found.grid.left_open.search is not None:
        return f"search: {each} = {most}{cells_of(trials * seeds)}"
    return f"tuning: {variants} variants × {each} = {cells_of(variants * trials * seeds)}"


def seconds_ahead(found: Choices, workers: int) -> float | None:
    """Return about how long what comes first takes; None if nothing like it was measured."""
    if found.listed is not None:
        return found.listed.about(workers)
    known = [each.seconds for each in found.sought if each.left]
    if any(each is None for each in known):
        return None
    rests = [(each.seconds or 0.0) * each.left * len(each.seeds) for each in found.sought]
    return sum(rests) / workers


def so_far(found: Choices) -> list[str]:
    """Return a line for each thing that was chosen, and what became of the trials of a search."""
    return [*_tuned(found.blocks["tuning"]), *_searched(found.blocks["search"])]


def as_json(found: Choices, workers: int) -> dict[str, Any]:
    """Return the blocks `tuning` and `search` of a plan: chosen, and still to do."""
    return {
        name: None if block is None else {**block, **_to_do(found, workers)}
        for name, block in found.blocks.items()
    }


def _to_do(found: Choices, workers: int) -> dict[str, Any]:
    cells = () if found.listed is None else found.listed.cells
    return {
        "over": found.is_settled,
        "to_train": _left(found),
        "seconds": seconds_ahead(found, workers) if found.to_do else 0.0,
        "then": len(found.outline.cells) if found.outline is not None else 0,
        "cells": [
            {"cell": each.name, "fingerprint": each.fingerprint, "state": each.state}
            for each in cells
        ],
    }


def _left(found: Choices) -> int:
    if found.listed is not None:
        return len(found.listed.to_train)
    return sum(each.left * len(each.seeds) for each in found.sought)


def _tuned(block: Mapping[str, Any] | None) -> list[str]:
    if block is None:
        return []
    chosen = {name: each for name, each in block["variants"].items() if each["chosen"] is not None}
    return [
        f"tuned: {name} has {_settings(each['chosen'], each['at_edge'])}"
        for name, each in chosen.items()
    ]


def _searched(block: Mapping[str, Any] | None) -> list[str]:
    if block is None:
        return []
    statuses = [each["status"] for each in block["trials"]]
    kinds = [each for each in ("complete", "pruned", "diverged", "failed") if each in statuses]
    counts = ", ".join(f"{statuses.count(each)} {each}" for each in kinds) or "none has ended"
    lines = [f"searched: of {block['budget']} trials {counts}"]
    if block["best"] is not None:
        best = block["trials"][block["best"]]["settings"]
        lines.append(f"best is trial {block['best']}: {_settings(best, block['at_edge'])}")
    return lines


def _settings(chosen: Mapping[str, Any], at_edge: Collection[str]) -> str:
    return ", ".join(
        f"{key}={_short(value)}" + EDGE * (key in at_edge) for key, value in chosen.items()
    )


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shown(value)


def _seeds(count: int) -> str:
    return f"{count} seed" + ("s" if count != 1 else "")
