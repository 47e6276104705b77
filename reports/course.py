"""What the runs of a variant do along the way: wander, remember, change the lead, lie apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from reports.autocorrelation import Memory, memory_around_trend
from reports.crossings import Lead, lead
from reports.endings import Tail, tail
from reports.estimates import Array, Interval
from reports.frames import Frames
from reports.judged import during_training
from reports.noise import FEWEST_POINTS
from reports.powerlaw import PowerLaw, binned, power_law
from reports.spikescores import monitor_score, paper_score
from reports.spread import Spread, spread, spread_ratio
from reports.training import Curve, difference, of_variant, pairs
from reports.wander import BINS, SPAN, Motion, motion, motions, trend

SCORES = {"loss": "loss", "gradient_norm": "gradient norm"}


@dataclass(frozen=True)
class Run:
    """One run along the way.

    Fields:
        late: how its last half moves; None below 30 points.
        memory: of the last half around the trend, in steps; None where it cannot be told.
        tokens_per_step: what turns steps into tokens.
        along: 10 stretches of equal width in ln tokens; none below 30 points.
    """

    seed: int
    late: Motion | None
    memory: Memory | None
    tokens_per_step: float
    along: tuple[Motion, ...]


@dataclass(frozen=True)
class Course:
    """What is seen along the runs of one variant.

    Fields:
        runs: of each finished seed.
        leads: of each seed that the baseline finished too, None below 30 points; empty for it.
        spreads: between seeds, at each evaluation of the training.
        tails: of each finished seed, what the last evaluation is worth beside the mean of the last
            20 %; None below 30 evaluations.
        spread_ratio: the last of them as a multiple of the baseline's, or why not; None for it.
        power_law: of the mean curve over seeds, or why there is none.
        scores: of loss and gradient norm, OLMo's two spike scores for each finished seed.
    """

    runs: tuple[Run, ...]
    leads: Mapping[int, Lead | None]
    spreads: tuple[Spread, ...]
    tails: tuple[Tail | None, ...]
    spread_ratio: Interval | str | None
    power_law: PowerLaw | str
    scores: Mapping[str, tuple[tuple[float | None, float | None], ...]]


def courses(frames: Frames, curves: Sequence[Curve]) -> Mapping[str, Course]:
    """Return variant -> what is seen along its runs, in the order of the grid."""
    names = [each.name for each in frames.manifest.variants]
    baseline = frames.manifest.baseline
    spreads = {name: _spreads(frames, name) for name in names}
    scores = _scores(frames)
    return {
        name: Course(
            tuple(_run(each) for each in of_variant(curves, name)),
            {} if name == baseline else _leads(curves, name, baseline),
            spreads[name],
            _tails(frames, name),
            None if name == baseline else _ratio(spreads[name], spreads[baseline], len(names) - 1),
            _law(of_variant(curves, name)),
            {what: each.get(name, ()) for what, each in scores.items()},
        )
        for name in names
    }


def middle(values: Sequence[float | None]) -> float | None:
    """Return the median of the values that are there."""
    known = [each for each in values if each is not None]
    return float(np.median(known)) if known else None


def along(runs: Sequence[Run]) -> tuple[Motion, ...]:
    """Return the stretches of several runs as one: medians over them."""
    told = [each.along for each in runs if each.along]
    return tuple(
        Motion(
            float(np.median([each[place].start for each in told])),
            float(np.median([each[place].end for each in told])),
            middle([each[place].jitter for each in told]),
            middle([each[place].wander for each in told]),
            middle([each[place].jumping for each in told]),
        )
        for place in range(BINS if told else 0)
    )


def _run(curve: Curve) -> Run:
    x, y = curve.finite
    per_step = float(np.median(np.diff(curve.tokens))) if len(curve.tokens) > 1 else 0.0
    if len(x) < FEWEST_POINTS:
        return Run(curve.seed, None, None, per_step, ())
    residuals = y - trend(x, y)
    late = slice(len(x) // 2, None)
    return Run(
        curve.seed,
        motion(x[late], y[late], residuals[late]),
        memory_around_trend(residuals[late], SPAN * len(x)),
        per_step,
        motions(x, y, residuals),
    )


def _leads(curves: Sequence[Curve], name: str, baseline: str) -> Mapping[int, Lead | None]:
    found = pairs(curves, name, baseline)
    return {mine.seed: lead(*difference(mine, theirs)) for mine, theirs in found}


def _spreads(frames: Frames, name: str) -> tuple[Spread, ...]:
    """The spread between the finished seeds of a variant at each evaluation of the training."""
    return tuple(
        spread(float(part["tokens"][0]), part["loss"].to_list())
        for _, part in _evaluations(frames, name).group_by("step", maintain_order=True)
    )


def _tails(frames: Frames, name: str) -> tuple[Tail | None, ...]:
    known = _evaluations(frames, name).filter(pl.col("loss").is_not_null())
    parts = known.partition_by("cell", as_dict=True)
    cells = [each for each in frames.manifest.cells if each.variant == name]
    found = [parts.get((each.cell,)) for each in cells if each.status == "complete"]
    return tuple(
        None
        if part is None
        else tail(part["tokens"].cast(pl.Float64).to_numpy(), part["loss"].to_numpy())
        for part in found
    )


def _evaluations(frames: Frames, name: str) -> pl.DataFrame:
    """The evaluations during the training of the finished cells of a variant, by step."""
    cells = frames.manifest.cells
    done = [each.cell for each in cells if each.variant == name and each.status == "complete"]
    during = pl.col("evaluation") == during_training(frames.manifest)
    return frames.evaluations.filter(during & pl.col("cell").is_in(done)).sort("step")


def _ratio(
    mine: Sequence[Spread], theirs: Sequence[Spread], comparisons: int
) -> Interval | str | None:
    return spread_ratio(mine[-1], theirs[-1], comparisons) if mine and theirs else None


def _law(curves: Sequence[Curve]) -> PowerLaw | str:
    if not curves:
        return "no finished cell"
    shortest = min(curves, key=lambda each: len(each.steps))
    mean = np.mean([each.losses[: len(shortest.steps)] for each in curves], axis=0)
    return power_law(binned(shortest.tokens, mean), shortest.rates)


def _scores(
    frames: Frames,
) -> Mapping[str, Mapping[str, tuple[tuple[float | None, float | None], ...]]]:
    """Of loss and gradient norm: variant -> the two scores of each finished seed."""
    parts = frames.steps.partition_by("cell", as_dict=True)
    found: dict[str, dict[str, tuple[tuple[float | None, float | None], ...]]] = {
        what: {} for what in SCORES
    }
    for cell in frames.manifest.cells:
        part = parts.get((cell.cell,))
        if cell.status != "complete" or part is None:
            continue
        for what, each in found.items():
            values = _finite(part[what])
            scores = (paper_score(values), monitor_score(values))
            each[cell.variant] = (*each.get(cell.variant, ()), scores)
    return found


def _finite(column: pl.Series) -> Array:
    values: Array = column.cast(pl.Float64).to_numpy()
    finite: Array = values[np.isfinite(values)]
    return finite
