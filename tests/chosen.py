"""Blocks of a manifest for grids that tune or search, with losses that follow from the settings."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

RATE = "optimizer.learning_rate"
RATES = (0.001, 0.003, 0.01)
HIDDEN = "mlp.activation"
RANGES = {
    RATE: {"low": 1e-4, "high": 1e-2, "log": True, "step": None},
    "model.layers": {"low": 2, "high": 8, "log": False, "step": 1},
    HIDDEN: {"values": ["gelu", "<b>silu</b>", "relu"]},
}


def tried(rate: float, losses: Sequence[float | None], *statuses: str) -> dict[str, Any]:
    """Return one point; its cells are complete unless said."""
    words = list(statuses or ["complete"] * len(losses))
    finished = [each for each in losses if each is not None]
    good = set(words) == {"complete"}
    return {
        "settings": {RATE: rate},
        "losses": list(losses),
        "statuses": words,
        "mean": sum(finished) / len(finished) if good else None,
    }


def tuned(*trials: Mapping[str, Any], at_edge: Sequence[str] = ()) -> dict[str, Any]:
    """Return a variant's tuning with the lowest mean chosen; nothing while a cell is missing."""
    means = {index: each["mean"] for index, each in enumerate(trials) if each["mean"] is not None}
    is_open = any("missing" in each["statuses"] for each in trials)
    best = None if is_open or not means else min(means, key=lambda index: means[index])
    return {
        "chosen": None if best is None else dict(trials[best]["settings"]),
        "at_edge": list(at_edge),
        "trials": [dict(each) for each in trials],
    }


def tuning(variants: Mapping[str, Any], seeds: Sequence[int] = (1000, 1001)) -> dict[str, Any]:
    """Return the block of a grid that tunes the learning rate with three points for each."""
    return {
        "seeds": list(seeds),
        "keys": [RATE],
        "sampler": None,
        "trials": len(RATES),
        "variants": dict(variants),
        "spent": {"cells": 2 * len(RATES) * len(variants), "seconds": 96.0},
    }


def usual_tuning(*names: str) -> dict[str, Any]:
    """Return a finished tuning: the middle rate is chosen, the highest diverges once."""
    return tuning(
        {
            name: tuned(
                tried(0.001, [3.31 + 0.01 * place, 3.33]),
                tried(0.003, [3.21 + 0.01 * place, 3.23]),
                tried(0.01, [3.4, None], "complete", "diverged"),
            )
            for place, name in enumerate(names)
        }
    )


def trial(number: int, status: str = "complete") -> dict[str, Any]:
    """Return a trial of three settings; low discrepancy, so that none is repeated."""
    share = (0.5 + number * 0.618034) % 1
    rate, layers = 10 ** (-4 + 2 * share), 2 + number * 5 % 7
    activation = RANGES[HIDDEN]["values"][number % 3]
    loss = 3.2 + 0.3 * (math.log10(rate) + 2.6) ** 2 + 0.02 * (8 - layers) + 0.01 * (number % 3)
    pruned = status == "pruned"
    return {
        "number": number,
        "settings": {RATE: rate, "model.layers": layers, HIDDEN: activation},
        "status": status,
        "values": [loss] if status == "complete" else None,
        "at": 40 if pruned else None,
        "reported": [[20, loss + 1.0], [40, loss + 0.1]] if pruned else [],
        "steps": 300 if pruned else None,
        "reason": {"diverged": "loss is <NaN>", "failed": "OSError"}.get(status),
        "cells": [f"{number:020d}"],
    }


def search(
    count: int = 40,
    *,
    statuses: Mapping[int, str] | None = None,
    budget: int | None = None,
    seeds: Sequence[int] = (1000,),
    importance: str | None = "fANOVA",
    at_edge: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the block of a search, over unless `budget` says that more trials are to come."""
    trials = [trial(number, (statuses or {}).get(number, "complete")) for number in range(count)]
    known = {each["number"]: each["values"][0] for each in trials if each["values"]}
    over = budget is None or budget == count
    shares = {RATE: 0.7, "model.layers": 0.2, HIDDEN: 0.1}
    spread = 0.05 if importance == "fANOVA" else 0.0
    return {
        "sampler": "tpe",
        "pruner": "hyperband" if "pruned" in (statuses or {}).values() else "none",
        "objectives": ["loss"],
        "keys": list(RANGES),
        "ranges": RANGES,
        "seeds": list(seeds),
        "budget": budget or count,
        "trials": trials,
        "best": min(known, key=lambda number: known[number]) if over and known else None,
        "at_edge": list(at_edge),
        "front": [],
        "spent": {"cells": len(known), "seconds": 12.5 * len(known)},
        "importance": None
        if importance is None or len(known) < 20
        else {
            "evaluator": importance,
            "forests": 10 if importance == "fANOVA" else None,
            "best": None if importance == "fANOVA" else 0.125,
            "trials": len(known),
            "keys": {
                key: {"mean": share, "low": share - spread, "high": share + spread}
                for key, share in shares.items()
            },
        },
    }
