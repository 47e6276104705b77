"""Names of columns that stand side by side, one a variant, where there is room for them."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from reports.drawings.drawing import Mark, plain_text

WIDE = 550.0
"""Pixels inside the frame of the least figure that is not drawn as on a phone."""

WIDE_NAME, NARROW_NAME = 40, 18
"""Letters of a name that has a line of its own."""

LETTER, LINE = 7.4, 15
"""Pixels of a letter and of a line of the names below the figure."""

MOST_LINES = 3
BELOW = 46
"""Pixels below a frame with one line of names."""


def names_below(marks: Sequence[Mark], width: float) -> dict[str, Any]:
    """Name the columns; nothing where some name does not fit below its own in a few lines.

    Plotly would turn and cut names until they fit, again and again, and grow the margin each time.
    """
    letters = max(1, int(width / (len(marks) + 0.35) / LETTER))
    cut = [wrap(mark.label, letters, break_long_words=False) for mark in marks]
    if any(len(lines) > MOST_LINES or max(map(len, lines)) > letters for lines in cut):
        return {}
    return {"ticktext": ["<br>".join(map(plain_text, lines)) for lines in cut]}


def axis_of(marks: Sequence[Mark]) -> dict[str, Any]:
    """Return the axis of columns that have a place each and no name yet."""
    return {
        "tickvals": list(range(len(marks))),
        "ticktext": [""] * len(marks),
        "tickangle": 0,
        "automargin": False,
        "range": [-0.4, len(marks) - 0.6],
        "showgrid": False,
        "zeroline": False,
    }


def lines_of(axis: Mapping[str, Any]) -> int:
    """Return the lines of the longest name below an axis."""
    return max((text.count("<br>") + 1 for text in axis.get("ticktext", ())), default=1)


def named_columns(
    marks: Sequence[Mark], numbers: Sequence[Mapping[str, Any]], room: tuple[float, int]
) -> dict[str, Any]:
    """Name the columns side by side, or where that does not fit each on a line of its own.

    Args:
        marks: of the columns.
        numbers: labels of the seeds.
        room: pixels of all columns; letters of a name on its own line.
    """
    width, letters = room
    names = names_below(marks, width)
    if names:
        below = BELOW + LINE * (lines_of(names) - 1)
        return {"xaxis": names, "margin": {"b": below}, "annotations": list(numbers)}
    rows = [_row(place, mark, len(marks), letters) for place, mark in enumerate(marks)]
    return {
        "xaxis": {"ticktext": [""] * len(marks), "ticks": ""},
        "margin": {"b": 16 + LINE * len(marks)},
        "annotations": [*numbers, *rows],
    }


def _row(place: int, mark: Mark, many: int, letters: int) -> dict[str, Any]:
    is_left, name = place < many / 2, plain_text(_cut(mark.label, letters))
    return {
        "x": place,
        "y": 0,
        "yref": "paper",
        "text": f"↑ {name}" if is_left else f"{name} ↑",
        "xanchor": "left" if is_left else "right",
        "yanchor": "top",
        "xshift": -6 if is_left else 6,
        "yshift": -6 - LINE * place,
        "showarrow": False,
        "font": {"size": 12, "color": mark.colour},
    }


def _cut(words: str, letters: int) -> str:
    """Cut a name in its middle: names of one grid often begin alike."""
    if len(words) <= letters:
        return words
    before = letters // 3
    return f"{words[:before]}…{words[before + 1 - letters :]}"
