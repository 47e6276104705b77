"""Whether the rules on arrays say what the functions of the reports say, sweep by sweep."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.verdicts_noise import Sweeps
from benchmarks.verdicts_rules import (
    MARGIN,
    WORDS,
    Integers,
    Judged,
    asked,
    could_be_best,
    judge,
    named_best,
)
from reports.best import standings
from reports.estimates import ALPHA
from reports.intervals import method_of
from reports.looks import Judgement, judged
from reports.manifest import Cell, Looks, Manifest, Variant

Losses = dict[str, dict[int, float]]


def disagreements(
    sweeps: Sweeps, looks: Sequence[int], rule: str, places: Sequence[int]
) -> Iterator[str]:
    """Judge some sweeps by both, and say where they differ."""
    fast = judge(sweeps, looks, rule)
    could = could_be_best(sweeps, fast, looks, rule)
    trained, named = asked(fast), named_best(fast, could)
    for place in places:
        manifest, losses = _grid(sweeps.losses[place], trained[place], looks, rule)
        slow = judged(manifest, losses)
        yield from _contrasts(place, fast, slow)
        best = _best(manifest, losses, slow, dict(zip(losses, trained[place], strict=True)))
        if best != [f"v{index}" for index in np.flatnonzero(named[place])]:
            yield f"sweep {place}: the best are {best} and {np.flatnonzero(named[place])}"


def _contrasts(place: int, fast: Judged, slow: Judgement) -> Iterator[str]:
    for index, each in enumerate(slow.outcomes):
        word = WORDS[fast.words[place, index]]
        limits = float(fast.low[place, index]), float(fast.high[place, index])
        reached = None if word == "unresolved" else int(fast.looks[place, index])
        ours = (each.interval.low, each.interval.high) if each.interval else (math.nan, math.nan)
        same = np.allclose(limits, ours, rtol=1e-9, atol=1e-12)
        if not same or (word, reached) != (each.word, each.decided_at):
            said = f"{each.word} {ours} at {each.decided_at}"
            yield f"sweep {place}, contrast {index}: {said}, and {word} {limits} at {reached}"


def _best(
    manifest: Manifest, losses: Losses, judgement: Judgement, trained: dict[str, int]
) -> list[str]:
    """The variants that a report names: could be the best, and neither worse nor diverged."""
    words = {each.contrast.a: each.word for each in judgement.outcomes}
    kept = {name: own for name, own in losses.items() if words.get(name) != "diverged"}
    comparisons, alpha = len(losses) - 1, ALPHA / len(manifest.looks.declared or (0,))
    method = method_of(manifest, comparisons, alpha)
    found = standings(kept, comparisons, method, alpha, trained)
    beaten = {manifest.baseline} if "better" in words.values() else set()
    worse = beaten | {name for name, word in words.items() if word == "worse"}
    return [each.name for each in found if each.could_be_best and each.name not in worse]


def _grid(
    losses: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    trained: Integers,
    looks: Sequence[int],
    rule: str,
) -> tuple[Manifest, Losses]:
    """A manifest in memory, with the cells that the looks asked for."""
    cells = [
        Cell(f"v{v}/{s}", f"v{v}", s, "", _status(loss), None, None, "", None)
        for v, row in enumerate(losses)
        for s, loss in enumerate(row[: int(trained[v])])
    ]
    finished: Losses = {f"v{v}": {} for v in range(len(losses))}
    for cell in cells:
        if cell.status == "complete":
            finished[cell.variant][cell.seed] = float(losses[int(cell.variant[1:]), cell.seed])
    seeds = tuple(range(max(looks)))
    return Manifest(
        name="simulated",
        grid="simulated",
        preset="none",
        question="",
        state="complete",
        command="",
        grid_file="",
        grid_text="",
        overrides=(),
        baseline="v0",
        margin=MARGIN,
        interval="paired" if rule == "paired" else "floored",
        compare="baseline",
        hold="tokens",
        seeds=seeds,
        claim=None,
        variants=tuple(Variant(name, name, {}, {}, None, None) for name in finished),
        cells=tuple(cells),
        looks=Looks("", (seeds,), tuple(looks), tuple(looks)),
        data={},
        training={},
        environment={},
        evaluations=(),
        code="",
    ), finished


def _status(loss: float) -> str:
    return "diverged" if math.isnan(loss) else "complete"
