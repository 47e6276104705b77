"""The verdict in a terminal: the same words as on the page.

Nothing that a user wrote is read as markup: every string is a `Text`, or plain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from reports.cellviews import unfinished_lines
from reports.drawings.drawing import MARKERS
from reports.judged import has_answers, loss_name
from reports.lengthviews import terminal_lines
from reports.marks import Scale
from reports.material import Material
from reports.numbers import fixed, percent
from reports.rows import Row
from reports.settle import wider
from reports.summaries import Summary

# Below this many columns the drawing is what goes; the numbers stay.
FEWEST_FOR_DRAWING = 100
# Below this many the limits stand below their verdict, so that names have room.
FEWEST_FOR_ONE_LINE = 140
MOST_CAVEATS = 5
_DRAWN = 25
_DRAWING_COLUMN = 2
_AGAINST_COLUMN = 3
# Numbers are never wrapped: half a number is another number.
_NUMBERS = (1, 2)
_ACCURACY = "accuracy"


@dataclass(frozen=True)
class Signs:
    """Characters of the interval drawing: ends, the bar between them, a sign a marker."""

    low: str
    high: str
    bar: str
    markers: tuple[str, ...]

    def of(self, marker: str) -> str:
        """Return the sign of a plotly marker."""
        return self.markers[MARKERS.index(marker)]


DRAWN = Signs("├", "┤", "─", ("●", "◆", "■", "▲", "✚", "▼", "★", "⬢"))
ASCII = Signs("|", "|", "-", ("o", "d", "s", "^", "+", "v", "*", "h"))


def show(material: Material, path: Path, console: Console) -> None:
    """Print verdict, table, what is not done, what would settle it; the path last."""
    _say(console, Text(material.verdict.text, style="bold"))
    console.print()
    console.print(_table(material, console.width))
    for line in _legend(material, DRAWN if console.width >= FEWEST_FOR_DRAWING else None):
        console.print(Text(line))
    for block in _blocks(material):
        if block:
            console.print()
        for line in block:
            _say(console, Text(line))
    console.print()
    link = Style(link=path.resolve().as_uri())
    console.print(Text.assemble("Report  ", (str(path), link)), soft_wrap=True)


def plain(material: Material, path: Path) -> str:
    """Return the same as lines without control characters, for logs."""
    lines = [material.verdict.text, ""]
    cells = [_cells(material, row, summary, ASCII) for row, summary in _paired(material)]
    columns = list(zip(*[_heading(material, ASCII), *cells], strict=True))
    widths = [max(map(len, column)) for column in columns]
    for line in zip(*columns, strict=True):
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    lines += _legend(material, ASCII)
    for block in _blocks(material):
        lines += ["", *block] if block else []
    return "\n".join([*lines, "", f"Report  {path}"])


def _blocks(material: Material) -> tuple[Sequence[str], ...]:
    manifest = material.frames.manifest
    beyond = terminal_lines(manifest, material.lengths)
    effects = [" ".join(material.verdict.effects)] if material.verdict.effects else []
    unfinished = unfinished_lines(material.frames)
    robust = material.verdict.robust
    return effects, beyond, unfinished, [*robust, *_caveats(material)], _settling(material)


def _caveats(material: Material) -> list[str]:
    """Say what a reader must know before believing; the worst of many, and where the others are."""
    told = [f"Caveat: {each.text}" for each in material.verdict.caveats]
    left = len(told) - MOST_CAVEATS
    if left < 2:  # noqa: PLR2004 - the line that says so would be as long as the caveat
        return told
    return [*told[:MOST_CAVEATS], f"{left} more caveats are in the report."]


def _say(console: Console, text: Text) -> None:
    # Long lines are left to the terminal, so that a command can be copied whole.
    console.print(text, soft_wrap=True)


def _legend(material: Material, signs: Signs | None) -> list[str]:
    """Say what the two kinds of interval are; nothing where there is none."""
    if not any("±" in row.loss for row in material.rows):
        return []
    drawn = "" if signs is None else f" and {signs.low}{signs.bar * 2}{signs.high}"
    own = f"±{drawn}: {percent(0.95)} interval of the mean over seeds"
    if not any(_has_limits(row) for row in material.rows):
        return [own]
    return [f"{own}; against {material.baseline}: {', '.join(_kinds(material))}"]


def _kinds(material: Material) -> Iterator[str]:
    """What the intervals against the baseline are: paired, for all contrasts, their level."""
    claims = [each for each in material.verdict.claims if each.low is not None]
    yield material.frames.manifest.pairing
    if any(each.interval == "always-valid" for each in claims):
        yield "always-valid"
    elif any(each.comparisons > 1 for each in claims):
        yield "simultaneous"
    levels = dict.fromkeys(percent(each.level) for each in claims)
    if list(levels) != [percent(0.95)]:
        yield " or ".join(levels)


def _table(material: Material, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    drawn = width >= FEWEST_FOR_DRAWING
    # The sign has a column of its own, so that it never stands on a line without its name.
    table.add_column("", no_wrap=True)
    for place, name in enumerate(_heading(material, DRAWN)):
        if place != _DRAWING_COLUMN or drawn:
            table.add_column(Text(name), no_wrap=place in _NUMBERS or name == _ACCURACY)
    for row, summary in _paired(material):
        sign = DRAWN.of(row.look.mark.marker)
        cells = [row.label, *_numbers(material, row, summary, DRAWN)]
        if width < FEWEST_FOR_ONE_LINE:
            cells[_AGAINST_COLUMN] = "baseline" if row.is_baseline else _against(row, "\n")
        shown = [text for place, text in enumerate(cells) if place != _DRAWING_COLUMN or drawn]
        table.add_row(sign, *(Text(text) for text in shown))
    return table


def _heading(material: Material, signs: Signs) -> list[str]:
    scale = "" if material.scale is None else _scale_text(material.scale, signs)
    loss = loss_name(material.frames.manifest)
    accuracy = [_ACCURACY] if has_answers(material.frames.manifest) else []
    return ["variant", loss, scale, f"against {material.baseline}", *accuracy, "seeds"]


def _cells(material: Material, row: Row, summary: Summary, signs: Signs) -> list[str]:
    name = f"{signs.of(row.look.mark.marker)} {row.label}"
    return [name, *_numbers(material, row, summary, signs)]


def _numbers(material: Material, row: Row, summary: Summary, signs: Signs) -> list[str]:
    drawing = "" if material.scale is None else _drawing(material.scale, row, summary, signs)
    against = "baseline" if row.is_baseline else _against(row)
    accuracy = [row.accuracy] if has_answers(material.frames.manifest) else []
    return [row.loss, drawing, against, *accuracy, row.seeds]


def _against(row: Row, joint: str = " ") -> str:
    shown = row.interval if _has_limits(row) else row.difference
    colon = ":" if shown[:1].isalpha() else ""  # words, where there is no number
    return f"{row.word}{colon}{joint}{shown}"


def _has_limits(row: Row) -> bool:
    return " to " in row.interval


def _paired(material: Material) -> Sequence[tuple[Row, Summary]]:
    return list(zip(material.rows, material.summaries, strict=True))


def _scale_text(scale: Scale, signs: Signs) -> str:
    # Ends that look alike would say that there is one value.
    ends = ((fixed(scale.low, places), fixed(scale.high, places)) for places in (2, 3, 4))
    low, high = next((pair for pair in ends if pair[0] != pair[1]), ("", ""))
    return f"{low} {signs.bar * (_DRAWN - len(low) - len(high) - 2)} {high}"


def _drawing(scale: Scale, row: Row, summary: Summary, signs: Signs) -> str:
    if summary.wide is None:
        return ""
    line = [" "] * _DRAWN
    if summary.wide.low is not None and summary.wide.high is not None:
        first, last = _column(scale, summary.wide.low), _column(scale, summary.wide.high)
        line[first : last + 1] = signs.bar * (last + 1 - first)
        line[first], line[last] = signs.low, signs.high
    line[_column(scale, summary.wide.mean)] = signs.of(row.look.mark.marker)
    return "".join(line)


def _column(scale: Scale, value: float) -> int:
    share = (value - scale.low) / (scale.high - scale.low)
    return min(_DRAWN - 1, max(0, int(share * _DRAWN)))


def _settling(material: Material) -> list[str]:
    if material.verdict.kind == "search":
        again = f"  {material.frames.manifest.command}"
        return ["To train the best of the search on fresh seeds:", again]
    price = wider(material.plans[:1], material.frames)
    return [
        line
        for plan in material.plans[:1]
        for line in (plan.terminal_line, f"  {plan.command}", *([f"  {price}"] if price else []))
    ]
