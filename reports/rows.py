"""The rows of the variants table: everything as text, with the places of its interval mark."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.cellviews import SIGNS, CellView, cell_views, seeds_text
from reports.claims import Claim
from reports.drawings.drawing import Mark
from reports.frames import Frames
from reports.judged import has_answers
from reports.manifest import Variant
from reports.marks import IntervalMark, Look, Scale, interval_mark
from reports.measures import Measures
from reports.numbers import (
    NO_INTERVAL,
    NO_RESULT,
    NOT_KNOWN,
    THIN,
    decimals,
    decimals_alone,
    fixed,
    flops,
    interval,
    known_amount,
    seconds,
    signed,
    with_half_width,
)
from reports.provenance import written
from reports.summaries import Interval, Summary

_WORDS = {"one_seed": "no verdict", "unresolved": "not resolved"}


@dataclass(frozen=True)
class Row:
    """One variant of the table; `cells` has None where the grid has no cell of that seed."""

    name: str
    label: str
    look: Look
    is_baseline: bool
    is_shown: bool
    could_be_best: bool
    differs: str
    drawn: IntervalMark | None
    loss: str
    accuracy: str
    difference: str
    word: str
    interval: str
    parameters: str
    flops: str
    time: str
    noise: str
    noise_interval: str
    seed_signs: tuple[str, ...]
    seeds: str
    cells: tuple[CellView | None, ...]


@dataclass(frozen=True)
class Columns:
    """Decimals that all rows of a column share: those of its widest interval."""

    loss: int
    difference: int
    accuracy: int


@dataclass(frozen=True)
class Table:
    """What the rows are made of; sequences and mappings cover every variant of the grid.

    Fields:
        marks, summaries: in the order of the grid.
        claims: variant -> its verdict against the baseline.
        measures: variant -> its volatility.
        scale: of the interval marks; None where nothing has a result.
        candidates: that could be the best; empty where that says nothing of a variant.
    """

    frames: Frames
    marks: Sequence[Mark]
    summaries: Sequence[Summary]
    claims: Mapping[str, Claim]
    measures: Mapping[str, Measures]
    scale: Scale | None
    candidates: Collection[str] = ()

    @property
    def baseline(self) -> Summary:
        """The summary of the baseline."""
        name = self.frames.manifest.baseline
        return next(each for each in self.summaries if each.name == name)


def rows(table: Table) -> tuple[Row, ...]:
    """Build every row, in the order of the grid."""
    places = columns(table.summaries, tuple(table.claims.values()))
    views = cell_views(table.frames)
    many = range(len(table.frames.manifest.variants))
    return tuple(_row(table, index, places, views) for index in many)


def columns(summaries: Sequence[Summary], claims: Sequence[Claim]) -> Columns:
    """Choose the decimals of the two columns with intervals."""
    losses = (half_width(each.wide) for each in summaries)
    ends = ((each.low, each.high) for each in claims)
    halves = [(high - low) / 2 for low, high in ends if low is not None and high is not None]
    alone = max((decimals_alone(each.difference) for each in claims), default=0)
    right = [half for half in (half_width(each.accuracy) for each in summaries) if half]
    return Columns(
        _shared(losses),
        _shared(halves) if halves else alone,
        decimals(100 * max(right)) if right else 1,
    )


def half_width(given: Interval | None) -> float | None:
    """Return half the width of an interval; None where there is none."""
    if given is None or given.low is None or given.high is None:
        return None
    return (given.high - given.low) / 2


def verdict_word(claim: Claim) -> str:
    """Return the word of the table for a verdict."""
    return _WORDS.get(claim.verdict, claim.verdict)


def difference_text(claim: Claim, places: int) -> str:
    """Write the difference, `+0.047`."""
    return "no pair" if claim.difference is None else signed(claim.difference, places)


def interval_text(claim: Claim, places: int) -> str:
    """Write the interval, `+0.026 to +0.068`, or why there is none."""
    if claim.low is not None and claim.high is not None:
        return interval(claim.low, claim.high, places)
    if claim.difference is None:
        return ""
    return NO_INTERVAL if claim.pairs == 1 else f"no interval ({claim.pairs} pairs)"


def loss_text(summary: Summary, places: int) -> str:
    """Write `3.204 ± 0.011`; the value alone from one seed."""
    if summary.wide is None:
        return NO_RESULT
    half = half_width(summary.wide)
    return with_half_width(summary.wide.mean, half, places if half else None)


def accuracy_text(summary: Summary, places: int) -> str:
    """Write `99.7 ± 0.4 %`, the share of answers that are right."""
    found = summary.accuracy
    if found is None:
        return NO_RESULT
    half = half_width(found)
    shown = with_half_width(100 * found.mean, half and 100 * half, places)
    return f"{shown}{THIN}%"


def differing(variant: Variant) -> str:
    """Return what makes a variant, unless its label says it already."""
    if len(variant.differs) == 1 and variant.label in map(written, variant.differs.values()):
        return ""
    return ", ".join(f"{key}: {written(value)}" for key, value in variant.differs.items())


def _row(table: Table, index: int, places: Columns, views: Mapping[str, CellView]) -> Row:
    variant, mark = table.frames.manifest.variants[index], table.marks[index]
    summary = table.summaries[index]
    manifest = table.frames.manifest
    own = {each.seed: each for each in manifest.cells if each.variant == variant.name}
    is_baseline = variant.name == manifest.baseline
    claim = table.claims.get(variant.name)
    measured = table.measures[variant.name]
    statuses = [each.status for each in own.values()]
    return Row(
        name=variant.name,
        label=variant.label,
        look=Look(mark),
        is_baseline=is_baseline,
        is_shown=mark.slot is not None,
        could_be_best=variant.name in table.candidates,
        differs="" if is_baseline else differing(variant),
        drawn=_drawn(table, variant.label, summary),
        loss=loss_text(summary, places.loss),
        accuracy=accuracy_text(summary, places.accuracy) if has_answers(manifest) else "",
        difference="–" if claim is None else _difference(claim, summary, statuses, places),
        word="" if claim is None else verdict_word(claim),
        interval="" if claim is None else interval_text(claim, places.difference),
        parameters=known_amount(variant.parameters),
        flops=_flops(summary),
        time="–" if summary.seconds is None else seconds(summary.seconds.mean),
        noise=_own_noise(measured) if is_baseline else measured.ratio_text,
        noise_interval="" if is_baseline else measured.ratio_interval,
        seed_signs=tuple(SIGNS[status] for status in statuses),
        seeds=seeds_text(statuses),
        cells=tuple(views[own[seed].cell] if seed in own else None for seed in manifest.seeds),
    )


def _flops(summary: Summary) -> str:
    is_unknown = summary.flops is None and summary.losses
    return NOT_KNOWN if is_unknown else flops(summary.flops)


def _own_noise(baseline: Measures) -> str:
    """Write the unit of the column, the baseline's own noise; a dash where nothing was measured."""
    return "1" if baseline.course.runs else "–"


def _difference(claim: Claim, summary: Summary, statuses: Sequence[str], places: Columns) -> str:
    """Write the difference; a variant that was trained may have no loss to take it from."""
    if summary.wide is None and "complete" in statuses:
        return "cannot be evaluated"
    return difference_text(claim, places.difference)


def _drawn(table: Table, label: str, summary: Summary) -> IntervalMark | None:
    if table.scale is None:
        return None
    return interval_mark(summary, table.scale, table.baseline, _spoken(label, summary))


def _spoken(label: str, summary: Summary) -> str:
    wide = summary.wide
    if wide is None:
        return f"{label}: no result"
    if wide.low is None or wide.high is None:
        return f"{label}: {fixed(wide.mean, 3)}, one seed, no interval"
    ends = f"{fixed(wide.low, 3)} to {fixed(wide.high, 3)}"
    return f"{label}: mean {fixed(wide.mean, 3)}, 95{THIN}% interval {ends}"


def _shared(halves: Iterable[float | None]) -> int:
    known = [each for each in halves if each]
    return decimals(max(known, default=None))
