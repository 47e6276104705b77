"""What a grid can find with its seeds: asked of the reports as a process, before it trains."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ablations.grid import Grid
from ablations.looks import looks_up_to, pair_digests
from ablations.planning import Plan


def resolvable(planned: Plan, store: Path) -> dict[str, Any] | None:
    """Return the answer of `python -m reports.resolvable`; None where it has none.

    Args:
        planned: the cells that are judged.
        store: folder of runs, which knows what was judged before.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "reports.resolvable", *_words(planned, store)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if ended.returncode:
        return None
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def _words(planned: Plan, store: Path) -> list[str]:
    grid = planned.grid
    first = next(each for each in planned.cells if each.variant == grid.baseline)
    training = first.cell.training
    documents = {each.variant: each.document for each in planned.cells}
    seeds = grid.looks or (len(grid.seeds),)
    pairs = pair_digests(documents, grid)
    *others, _ = looks_up_to(store, pairs, grid.seeds, grid.looks)
    words = {
        "preset": grid.preset,
        "data": first.data.digest,
        "tokens": training.context * training.batch * training.steps,
        "seeds": ",".join(map(str, seeds)),
        "contrasts": len(pairs),
        "margin": grid.margin,
        "interval": _interval(grid),
        "length": grid.judge.length,
        "final": None if grid.final == "last" else grid.final,
        "name": grid.results_name,
        "looked": "yes" if others else None,
    }
    return [f"{key}={value}" for key, value in words.items() if value is not None]


def _interval(grid: Grid) -> str:
    """Return the interval of the family: the floored one is for one reference alone."""
    return "paired" if grid.compare == "all" else grid.interval
