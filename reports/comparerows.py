"""The variants of several grids as a table: one scale, or columns that are not to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.cellviews import SIGNS, seeds_text
from reports.claims import Claim
from reports.comparison import Comparison
from reports.manifest import Cell
from reports.marks import IntervalMark, Look, Scale, Tick, common_scale, interval_mark, scale_ticks
from reports.numbers import THIN, fixed, known_amount
from reports.rows import (
    Columns,
    columns,
    difference_text,
    differing,
    interval_text,
    loss_text,
    verdict_word,
)
from reports.sides import Shared, Side
from reports.summaries import Summary, interval
from reports.wording import listed


@dataclass(frozen=True)
class Against:
    """A verdict against the baseline of one grid; `grid` is empty where there is only one."""

    grid: str
    difference: str
    word: str
    limits: str


@dataclass(frozen=True)
class Row:
    """A variant on the scale that all grids share."""

    label: str
    look: Look
    tag: str
    note: str
    drawn: IntervalMark | None
    loss: str
    against: tuple[Against, ...]
    parameters: str
    signs: tuple[str, ...]
    seeds: str


@dataclass(frozen=True)
class Group:
    """The rows of one grid, or those that several have."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Place:
    """A variant in the column of one grid."""

    loss: str
    difference: str
    word: str
    limits: str
    seeds: str


@dataclass(frozen=True)
class BesideRow:
    """A name, and what each grid has under it; None where it has nothing."""

    label: str
    look: Look
    places: tuple[Place | None, ...]


@dataclass(frozen=True)
class Pooled:
    """The table on one scale."""

    ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]


def pooled(comparison: Comparison) -> Pooled:
    """Build one table, those variants first that several grids have."""
    sides, joined = comparison.sides, comparison.joined
    found = [_summary(sides, each) for each in joined]
    scale = common_scale(found)
    claims = [claim for side in sides for claim in side.claims.values()]
    shape = _Shape(columns(found, claims), scale, _common_baseline(comparison, found))
    groups: dict[tuple[int, ...], list[Row]] = {}
    for shared, summary in zip(joined, found, strict=True):
        row = _row(comparison, shared, summary, shape)
        groups.setdefault(tuple(shared.members), []).append(row)
    order = sorted(groups, key=lambda members: (-len(members), members))
    return Pooled(
        () if scale is None else scale_ticks(scale),
        tuple(Group(_title(comparison, each), tuple(groups[each])) for each in order),
    )


def beside(comparison: Comparison) -> tuple[BesideRow, ...]:
    """Build a row for each name, a column for each grid."""
    decimals = [
        columns(tuple(side.summaries.values()), tuple(side.claims.values()))
        for side in comparison.sides
    ]
    return tuple(
        BesideRow(
            mark.label,
            Look(mark),
            tuple(
                _place(side, name, places)
                for side, places in zip(comparison.sides, decimals, strict=True)
            ),
        )
        for name, mark in comparison.marks.items()
    )


def _summary(sides: Sequence[Side], shared: Shared) -> Summary:
    """Summarise the cells of all grids, each seed once: of the first grid that finished it."""
    losses: dict[int, float] = {}
    for place, name in shared.members.items():
        losses = dict(sides[place].losses[name]) | losses
    first, name = next(iter(shared.members.items()))
    values = tuple(losses[seed] for seed in sorted(losses))
    own = sides[first].summaries[name]
    return replace(own, losses=values, wide=interval(values, 0.95), narrow=interval(values, 0.50))


def _common_baseline(comparison: Comparison, found: Sequence[Summary]) -> Summary | None:
    """Return the baseline of all grids; None where they are not one."""
    for shared, summary in zip(comparison.joined, found, strict=True):
        baselines = {p: side.manifest.baseline for p, side in enumerate(comparison.sides)}
        if dict(shared.members) == baselines:
            return summary
    return None


@dataclass(frozen=True)
class _Shape:
    """What all rows share: decimals, the scale, and the baseline of all grids if it is one."""

    places: Columns
    scale: Scale | None
    baseline: Summary | None


def _row(comparison: Comparison, shared: Shared, summary: Summary, shape: _Shape) -> Row:
    first, name = next(iter(shared.members.items()))
    variant = comparison.sides[first].manifest.variant(name)
    statuses = [each.status for each in _cells(comparison.sides, shared)]
    spoken = f"{variant.label}: {_spoken(summary)}"
    baseline = shape.baseline or replace(summary, wide=None)
    is_baseline = comparison.sides[first].manifest.baseline == name
    return Row(
        variant.label,
        Look(comparison.marks[shared.name]),
        _tag(comparison, shared),
        _note(comparison, shared, "" if is_baseline else differing(variant)),
        None if shape.scale is None else interval_mark(summary, shape.scale, baseline, spoken),
        loss_text(summary, shape.places.loss),
        _all_against(comparison, shared, shape),
        known_amount(variant.parameters),
        tuple(SIGNS[status] for status in statuses),
        seeds_text(statuses),
    )


def _cells(sides: Sequence[Side], shared: Shared) -> list[Cell]:
    """Return a cell for each seed, a finished one where any grid has it."""
    found: dict[int, Cell] = {}
    for place, name in shared.members.items():
        for cell in sides[place].manifest.cells:
            if cell.variant != name:
                continue
            if cell.seed not in found or found[cell.seed].status == "missing":
                found[cell.seed] = cell
    return [found[seed] for seed in sorted(found)]


def _tag(comparison: Comparison, shared: Shared) -> str:
    """Write of which grids it is the baseline."""
    of = [
        comparison.names[place]
        for place, name in shared.members.items()
        if comparison.sides[place].manifest.baseline == name
    ]
    if not of:
        return ""
    is_all = len(of) == len(comparison.sides)
    return "baseline" if is_all else f"baseline of {listed(of)}"


def _note(comparison: Comparison, shared: Shared, differs: str) -> str:
    labels = {
        comparison.sides[place].manifest.variant(name).label: comparison.names[place]
        for place, name in shared.members.items()
    }
    others = [f"“{label}” in {grid}" for label, grid in list(labels.items())[1:]]
    return "; ".join(part for part in (differs, *others) if part)


def _all_against(comparison: Comparison, shared: Shared, shape: _Shape) -> tuple[Against, ...]:
    found = []
    has_one_baseline, places = shape.baseline is not None, shape.places
    for place, name in shared.members.items():
        side = comparison.sides[place]
        claim = side.claims.get(name)
        if claim is None:
            continue
        baseline = side.manifest.label(side.manifest.baseline)
        where = f"against {baseline} in {comparison.names[place]}"
        if len(shared.members) == 1:
            where = "" if has_one_baseline else f"against {baseline}"
        found.append(_against(claim, where, places))
    return tuple(found)


def _against(claim: Claim, grid: str, places: Columns) -> Against:
    return Against(
        grid,
        difference_text(claim, places.difference),
        verdict_word(claim),
        interval_text(claim, places.difference),
    )


def _title(comparison: Comparison, members: Sequence[int]) -> str:
    names = [comparison.names[place] for place in members]
    return f"In {listed(names, limit=len(names))}" + (" alone" if len(names) == 1 else "")


def _place(side: Side, name: str, places: Columns) -> Place | None:
    summary = side.summaries.get(name)
    if summary is None:
        return None
    statuses = [each.status for each in side.manifest.cells if each.variant == name]
    claim = side.claims.get(name)
    if claim is None:
        return Place(loss_text(summary, places.loss), "baseline", "", "", seeds_text(statuses))
    against = _against(claim, "", places)
    return Place(
        loss_text(summary, places.loss),
        against.difference,
        against.word,
        against.limits,
        seeds_text(statuses),
    )


def _spoken(summary: Summary) -> str:
    wide = summary.wide
    if wide is None:
        return "no result"
    if wide.low is None or wide.high is None:
        return f"{fixed(wide.mean, 3)}, one seed, no interval"
    ends = f"{fixed(wide.low, 3)} to {fixed(wide.high, 3)}"
    return f"mean {fixed(wide.mean, 3)}, 95{THIN}% interval {ends}"
