"""Training losses as a reader wants to see them: which cells, over what, how much smoothed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reports.drawings.drawing import Drawing, Mark
from reports.drawings.lines import Line
from reports.drawings.losscurves import Axis, curves, difference
from reports.errors import Problem, UserError, nearest
from reports.frames import Frames
from reports.smoothing import LARGEST_WEIGHT, VIEWPORT, ema, time_weighted_ema
from reports.summaries import Summary, curve_matrix, summarise

Array = NDArray[np.float64]
Kind = Literal["wandb", "tensorboard"]
Along = Literal["step", "tokens", "seconds", "flops"]

CURVES = {"curves": "Loss curves", "difference": "Training loss, difference to the baseline"}
"""The figures that a reader's choice changes, with their titles."""

AXES: Mapping[str, Axis] = {
    "step": Axis("training step", "step %{x:,.0f}", 1.0),
    "tokens": Axis("tokens seen (millions)", "%{x:.3f} million tokens", 1e-6),
    "seconds": Axis("seconds of training", "%{x:,.1f} s", 1.0),
    "flops": Axis("FLOPs of training (10¹²)", "%{x:,.3f} × 10¹² FLOPs", 1e-12),
}
PAIRED = ("step", "tokens")


@dataclass(frozen=True)
class Choice:
    """What is drawn, and how.

    Fields:
        smoothing: 0 to 0.999, of the formula `kind`.
        x: what the curves stand over.
        variants: names; None for those that have a colour on the page.
        seeds: None for all.
    """

    smoothing: float = 0.9
    kind: Kind = "wandb"
    x: Along = "step"
    variants: Sequence[str] | None = None
    seeds: Collection[int] | None = None


@dataclass(frozen=True)
class _Asked:
    """What is drawn: the choice, of these results, with these colours."""

    frames: Frames
    marks: Mapping[str, Mark]
    summaries: Mapping[str, Summary]
    choice: Choice


def curve_drawing(frames: Frames, marks: Sequence[Mark], name: str, choice: Choice) -> Drawing:
    """Draw `curves` or `difference`.

    Args:
        frames: the results.
        marks: of the variants, in the order of the grid.
        name: which of the two.
        choice: what is drawn, and how.

    Raises:
        UserError: the choice names what is not there, or nothing is left to draw.
    """
    _check(frames, choice)
    names = [each.name for each in frames.manifest.variants]
    summaries = {each.name: each for each in summarise(frames)}
    asked = _Asked(frames, dict(zip(names, marks, strict=True)), summaries, choice)
    axis, said, left_out = AXES[choice.x], _said(choice), _left_out(asked)
    if name == "curves":
        return curves(_lines(asked), axis, said, left_out)
    if choice.x not in PAIRED:
        what = f"{choice.x} of two variants do not pair, so there is no difference at the same ones"
        raise UserError(Problem(what, "", "x", choice.x, (f"known: {', '.join(PAIRED)}",)))
    baseline = asked.marks[frames.manifest.baseline]
    return difference(_differences(asked), axis, said, baseline, left_out)


def smoothed(values: Array, choice: Choice) -> Array:
    """Return one curve [steps] as the page smooths it; what is not finite is skipped."""
    known = np.flatnonzero(np.isfinite(values))
    found = np.full(len(values), np.nan)
    if not len(known):
        return found
    if choice.kind == "tensorboard":
        found[known] = ema(values[known], choice.smoothing)
        return found
    # A run that stopped is smoothed as the others are: by the steps of the longest.
    share = (known[-1] - known[0]) / max(1, len(values) - 1)
    steps = known.astype(np.float64)
    found[known] = time_weighted_ema(steps, values[known], choice.smoothing, VIEWPORT * share)
    return found


def _lines(asked: _Asked) -> list[Line]:
    matrix = curve_matrix(asked.frames)
    found = []
    for name in _shown(asked):
        rows = _rows(asked, matrix, name)
        found += _line(asked, name, rows, [matrix[row] for row in rows])
    return _some(found, asked)


def _differences(asked: _Asked) -> list[Line]:
    matrix, baseline = curve_matrix(asked.frames), asked.frames.manifest.baseline
    cells = asked.frames.manifest.cells
    base = {cells[row].seed: row for row in _rows(asked, matrix, baseline)}
    found = []
    for name in _shown(asked):
        if name == baseline:
            continue
        rows = [row for row in _rows(asked, matrix, name) if cells[row].seed in base]
        pairs = [matrix[row] - matrix[base[cells[row].seed]] for row in rows]
        found += _line(asked, name, rows, pairs)
    return _some(found, asked)


def _line(asked: _Asked, name: str, rows: Sequence[int], values: Sequence[Array]) -> list[Line]:
    """Return the line of a variant; none where it has no curve or nothing to stand over."""
    factor = _factor(asked.summaries[name], asked.choice.x)
    if not rows or factor is None:
        return []
    cells, unit = asked.frames.manifest.cells, AXES[asked.choice.x].unit
    return [
        Line(
            mark=asked.marks[name],
            x=np.arange(1, len(values[0]) + 1, dtype=np.float64) * (factor * unit),
            seeds=tuple(cells[row].seed for row in rows),
            statuses=tuple(cells[row].status for row in rows),
            raw=np.array(values),
            smooth=np.array([smoothed(each, asked.choice) for each in values]),
            is_baseline=name == asked.frames.manifest.baseline,
        )
    ]


def _some(found: list[Line], asked: _Asked) -> list[Line]:
    if found:
        return found
    why = f"steps.parquet has no loss of what was chosen over {AXES[asked.choice.x].title}"
    raise UserError(Problem("there is no curve to draw", str(asked.frames.folder), hints=(why,)))


def _rows(asked: _Asked, matrix: Array, name: str) -> list[int]:
    """Return the rows of the matrix that are drawn of a variant."""
    seeds = asked.choice.seeds
    return [
        row
        for row, cell in enumerate(asked.frames.manifest.cells)
        if cell.variant == name
        and (seeds is None or cell.seed in seeds)
        and np.isfinite(matrix[row]).any()
    ]


def _factor(summary: Summary, x: str) -> float | None:
    by_axis = {
        "step": 1.0,
        "tokens": summary.tokens_per_step,
        "seconds": summary.seconds_per_step,
        "flops": summary.flops_per_step,
    }
    return by_axis[x]


def _shown(asked: _Asked) -> list[str]:
    coloured = [name for name, mark in asked.marks.items() if mark.slot is not None]
    return coloured if asked.choice.variants is None else list(asked.choice.variants)


def _left_out(asked: _Asked) -> str:
    others = len(asked.marks) - len({*_shown(asked)})
    if not others:
        return ""
    return f" {others} other variant{' is' if others == 1 else 's are'} not drawn."


def _said(choice: Choice) -> str:
    if not choice.smoothing:
        return "no smoothing"
    formula = {"wandb": "W&B", "tensorboard": "TensorBoard"}[choice.kind]
    return f"{formula} smoothing {choice.smoothing:g}"


def _check(frames: Frames, choice: Choice) -> None:
    names = [each.name for each in frames.manifest.variants]
    _known("kind", [choice.kind], get_args(Kind))
    _known("x", [choice.x], get_args(Along))
    _known("variants", choice.variants or [], names)
    seeds = [str(seed) for seed in frames.manifest.seeds]
    _known("seeds", [str(seed) for seed in choice.seeds or []], seeds)
    if not 0 <= choice.smoothing <= LARGEST_WEIGHT:
        hints = (f"expected: 0 to {LARGEST_WEIGHT}",)
        raise UserError(Problem("not a smoothing", "", "smoothing", str(choice.smoothing), hints))


def _known(key: str, given: Sequence[str], known: Sequence[str]) -> None:
    for each in given:
        if each not in known:
            hints = (f"known: {', '.join(known)}", *nearest(each, known))
            raise UserError(Problem(f"unknown {key.removesuffix('s')}", "", key, each, hints))
