"""The loss beyond the trained length as the page and the terminal say it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.drawings.drawing import Drawing, Mark, Table
from reports.drawings.lengths import Lengths, Line, Loss, by_length
from reports.judged import loss_words, multiple
from reports.lengths import Evaluation, Point, drawn
from reports.manifest import Manifest
from reports.marks import Look
from reports.numbers import (
    NO_INTERVAL,
    NO_RESULT,
    count,
    decimals,
    fixed,
    interval,
    percent,
    signed,
    with_half_width,
)
from reports.reach import windows_sentence
from reports.readings import trained_length, windows_words
from reports.rows import half_width
from reports.wording import capital, listed

BEYOND = "Beyond the trained length"
OTHER = "Other lengths than the trained"
CANNOT = "cannot be evaluated"
NAMED_IN_A_LINE = 6
LENGTHS_IN_A_SENTENCE = 6


@dataclass(frozen=True)
class Column:
    """An evaluation as the head of a column: `1,024 tokens`, and what that is."""

    length: str
    note: str


@dataclass(frozen=True)
class Cell:
    """A variant in one evaluation, as text; `interval` is that of the difference."""

    loss: str
    difference: str
    interval: str

    @property
    def is_words(self) -> bool:
        """Whether there is no loss, but the words for that."""
        return self.loss == CANNOT


@dataclass(frozen=True)
class Row:
    """A variant in all evaluations."""

    label: str
    look: Look
    is_baseline: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Section:
    """Every word of the section.

    Fields:
        note: what the table says, and what its intervals hold for.
        reasons: why variants cannot be evaluated so, a sentence each.
    """

    drawing: Drawing
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str
    reasons: tuple[str, ...]


def title(manifest: Manifest, evaluations: Sequence[Evaluation]) -> str:
    """Return the heading: whether any of the lengths is beyond the trained one."""
    trained = trained_length(manifest)
    longest = max((each.length or 0 for each in evaluations), default=0)
    return BEYOND if trained is None or longest > trained else OTHER


def section(
    manifest: Manifest, evaluations: Sequence[Evaluation], marks: Sequence[Mark]
) -> Section:
    """Say everything about the evaluations, of which there is one at least."""
    columns = tuple(_column(manifest, each) for each in evaluations)
    cells = [_cells(each) for each in evaluations]
    rows = tuple(
        Row(mark.label, Look(mark), variant.name == manifest.baseline, own)
        for mark, variant, own in zip(
            marks, manifest.variants, zip(*cells, strict=True), strict=True
        )
    )
    return Section(
        drawing(manifest, evaluations, marks),
        columns,
        rows,
        _note(manifest, evaluations),
        _reasons(manifest, evaluations),
    )


def drawing(
    manifest: Manifest, evaluations: Sequence[Evaluation], marks: Sequence[Mark]
) -> Drawing:
    """Draw the mean losses by length."""
    heading, chosen = title(manifest, evaluations), drawn(evaluations)
    lines = [Line(mark, _losses(chosen, place)) for place, mark in enumerate(marks)]
    if not any(line.losses for line in lines):
        return Drawing(heading, "", problem="No cell has a loss at any of the lengths.")
    ticks = sorted({each.length for evaluation in chosen for each in evaluation.points})
    windows = windows_sentence(manifest)
    over = Lengths(ticks, trained_length(manifest), windows, _verdicts(manifest))
    table = _table(manifest, evaluations, marks)
    return by_length(over, sorted(lines, key=_baseline_last), heading, table)


def _losses(chosen: Sequence[Evaluation], place: int) -> list[Loss]:
    """Return what one line joins: one loss at a length, not the validation where there are two."""
    own = {each.length for each in chosen if not each.is_validation}
    points = [
        each.points[place]
        for each in chosen
        if not each.is_validation or each.points[place].length not in own
    ]
    found = [(each.length, each.mean) for each in points if each.mean is not None]
    return sorted(found, key=lambda each: each[0])


def terminal_lines(manifest: Manifest, evaluations: Sequence[Evaluation]) -> list[str]:
    """Say the shortest and the longest evaluation that does not judge, a line each."""
    others = [each for each in evaluations if not each.is_judging]
    ends = (*others[:1], *others[1:][-1:])
    return [f"{_where(manifest, each)}: {_said(manifest, each)}" for each in ends]


def _verdicts(manifest: Manifest) -> str:
    return f"The verdicts are about the {loss_words(manifest)}."


def _baseline_last(line: Line) -> bool:
    """Whether a line is drawn above all others."""
    return line.mark.slot == 0


def _column(manifest: Manifest, evaluation: Evaluation) -> Column:
    notes = ["validation"] if evaluation.is_validation else []
    notes += _read(manifest, evaluation)
    if evaluation.is_judging:
        notes.append("judged")
    return Column(_tokens(evaluation), ", ".join(notes))


def _tokens(evaluation: Evaluation) -> str:
    length = evaluation.length
    return "trained length" if length is None else f"{count(length)} tokens"


def _read(manifest: Manifest, evaluation: Evaluation) -> list[str]:
    """Say how the samples are read, which tells two evaluations of one length apart."""
    length = None if evaluation.is_validation else evaluation.length
    windows, trained = windows_words(manifest, length), trained_length(manifest)
    times = [] if length is None or trained is None else [multiple(length, trained)]
    return [*([windows] if windows else []), *times]


def _cells(evaluation: Evaluation) -> tuple[Cell, ...]:
    """Write a column; its decimals are those of its widest interval."""
    losses = _shared(half_width(each.mean) for each in evaluation.points)
    differences = _shared(
        each.interval.half_width for each in evaluation.points if each.interval is not None
    )
    return tuple(_cell(each, losses, differences) for each in evaluation.points)


def _cell(point: Point, losses: int, differences: int) -> Cell:
    if point.mean is None:
        return Cell(CANNOT if point.reason else NO_RESULT, "", "")
    half = half_width(point.mean)
    loss = with_half_width(point.mean.mean, half, losses)
    if point.contrast is None:
        return Cell(loss, "", "")
    if point.difference is None:
        return Cell(loss, "no pair", "")
    limits, pairs = point.interval, point.contrast.pairs
    shown = signed(point.difference, differences if limits else None)
    if limits is not None:
        return Cell(loss, shown, interval(limits.low, limits.high, differences))
    if point.contrast.is_identical:
        return Cell(loss, "equal to the bit", "")
    return Cell(loss, shown, NO_INTERVAL if pairs == 1 else f"no interval ({pairs} pairs)")


def _shared(halves: Iterable[float | None]) -> int:
    return decimals(max((each for each in halves if each), default=None))


def _note(manifest: Manifest, evaluations: Sequence[Evaluation]) -> str:
    said = (_intervals(manifest, evaluations), windows_sentence(manifest), _beyond(evaluations))
    return " ".join(each for each in said if each)


def _beyond(evaluations: Sequence[Evaluation]) -> str:
    """Say how many of the tokens stand where training has never been."""
    parts = [
        f"{percent(each.beyond)} in samples of {count(each.length)}"
        for each in evaluations
        if each.beyond is not None and each.length is not None
    ]
    said = listed(parts, limit=LENGTHS_IN_A_SENTENCE)
    return f"Beyond the trained length stand, of the tokens, {said}." if parts else ""


def _intervals(manifest: Manifest, evaluations: Sequence[Evaluation]) -> str:
    baseline, first = manifest.label(manifest.baseline), evaluations[0]
    if not any(point.interval for each in evaluations for point in each.points):
        return f"Mean over seeds; below it the paired difference to {baseline}. Lower is better."
    kind = "always-valid" if first.method == "always-valid" else "simultaneous"
    many = first.comparisons > 1
    holds = (
        f", which hold at once for the {first.comparisons} comparisons of one length, not across "
        "lengths"
        if many
        else " for each length by itself"
    )
    of = (
        f"{kind} {percent(first.level)}" if many or kind != "simultaneous" else percent(first.level)
    )
    return (
        f"Mean over seeds ± its {percent(0.95)} interval; below it the paired difference to "
        f"{baseline} with {of} intervals{holds}. Lower is better."
    )


def _reasons(manifest: Manifest, evaluations: Sequence[Evaluation]) -> tuple[str, ...]:
    """Write a sentence for each variant that cannot be evaluated at some of the lengths."""
    sentences = []
    for index, variant in enumerate(manifest.variants):
        points = [each.points[index] for each in evaluations if each.points[index].reason]
        if points:
            at = listed([count(each.length) for each in points], limit=LENGTHS_IN_A_SENTENCE)
            why = "; ".join(dict.fromkeys(each.reason for each in points))
            name = capital(manifest.label(variant.name))
            sentences.append(f"{name} {CANNOT} at {at} tokens: {why}.")
    return tuple(sentences)


def _table(manifest: Manifest, evaluations: Sequence[Evaluation], marks: Sequence[Mark]) -> Table:
    heads = []
    for each in evaluations:
        windows = windows_words(manifest, None if each.is_validation else each.length)
        heads.append(f"{_tokens(each)} {windows}".rstrip())
    columns = [[cell.loss for cell in _cells(each)] for each in evaluations]
    rows = zip([mark.label for mark in marks], *columns, strict=True)
    return Table(("variant", *heads), tuple(rows))


def _where(manifest: Manifest, evaluation: Evaluation) -> str:
    length = evaluation.length
    if length is None:
        return "At the trained length (validation)"
    read = _read(manifest, evaluation)
    if evaluation.is_validation:
        read = ["validation", *read] if read else ["the trained length"]
    return f"At {count(length)} tokens" + (f" ({', '.join(read)})" if read else "")


def _said(manifest: Manifest, evaluation: Evaluation) -> str:
    labels = [manifest.label(each.name) for each in manifest.variants]
    losses = _shared(half_width(each.mean) for each in evaluation.points)
    parts = [
        f"{label}: {CANNOT if each.reason else NO_RESULT}"
        if each.mean is None
        else f"{label} {fixed(each.mean.mean, losses)}"
        for label, each in zip(labels, evaluation.points, strict=True)
    ]
    more = len(parts) - NAMED_IN_A_LINE
    tail = [f"{more} more on the page"] if more > 0 else []
    return ", ".join([*parts[:NAMED_IN_A_LINE], *tail])
