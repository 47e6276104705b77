"""What every figure has: plotly data with colour tokens, words around it, a table of its numbers.

A colour is written as a token, `token("v2", 0.2)`, which the page replaces by the colour that the
reader's theme has for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

MARKERS = (
    "circle",
    "diamond",
    "square",
    "triangle-up",
    "cross",
    "triangle-down",
    "star",
    "hexagon",
)

_FONT = {"family": "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif", "size": 13}

STYLE: dict[str, Any] = {
    "layout": {
        "margin": {"l": 64, "r": 96, "t": 8, "b": 46},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {**_FONT, "color": "@ink"},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "@muted", "activecolor": "@ink"},
        "hoverlabel": {
            "bgcolor": "@panel",
            "bordercolor": "@rule",
            "font": {"color": "@ink", "size": 12},
        },
    },
    "axis": {
        "title": {"font": {"size": 13, "color": "@muted"}, "standoff": 8},
        "gridcolor": "@grid",
        "zerolinecolor": "@grid",
        "linecolor": "@rule",
        "ticks": "outside",
        "tickcolor": "@rule",
        "ticklen": 4,
        "tickfont": {"color": "@muted", "size": 12},
        "automargin": True,
    },
}


NARROW = 300.0  # pixels that a figure has inside its frame on a phone


@dataclass(frozen=True)
class Table:
    """The numbers of a figure as text; the first column names the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Mark:
    """How a variant looks in every figure: its words, its colour slot, its marker.

    Fields:
        slot: of its colour; None where there are more variants than colours.
        place: among the variants, the baseline's is 0. The `meta` of its traces has it, by which
            the page finds what the reader wants in another colour.
    """

    label: str
    slot: int | None
    marker: str
    place: int | None = None

    @property
    def colour(self) -> str:
        """Token of its lines and text; a variant without a slot is muted."""
        return token("muted" if self.slot is None else f"v{self.slot}")

    def faded(self, opacity: float) -> str:
        """Token of its bands."""
        return token("ghost" if self.slot is None else f"v{self.slot}", opacity)


@dataclass(frozen=True)
class Drawing:
    """A figure with what stands around it.

    Fields:
        title: the finding, or a plain noun.
        subtitle: what is drawn and how to read it.
        label: one sentence for a reader who does not see it.
        problem: why there is nothing to draw; the figure then is empty.
        command: what would change that.
    """

    title: str
    subtitle: str
    label: str = ""
    table: Table = Table((), ())
    figure: go.Figure = field(default_factory=go.Figure)
    problem: str = ""
    command: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the plotly data as plain lists, and the words."""
        plain = self.figure.to_plotly_json()
        layout = {key: value for key, value in plain["layout"].items() if key != "template"}
        return {
            "data": _plain(plain["data"]),
            "layout": _plain(layout),
            "title": self.title,
            "subtitle": self.subtitle,
            "label": self.label,
            "table": {
                "columns": list(self.table.columns),
                "rows": [list(row) for row in self.table.rows],
            },
        }


def token(name: str, opacity: float | None = None) -> str:
    """Name a colour of the theme in a form that plotly's checks let through."""
    return f"var(--{name})" if opacity is None else f"var(--{name}/{opacity})"


def plain_text(words: str) -> str:
    """Write words for plotly, which reads a few tags: they are shown, never obeyed."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(words: str) -> str:
    """Cut a label to what fits beside a figure."""
    most = 26
    return plain_text(words if len(words) <= most else words[: most - 1] + "…")


def right_margin(marks: Sequence[Mark]) -> float:
    """Return the pixels that the longest label beside a figure takes."""
    return 24 + 7.8 * max((len(short(mark.label)) for mark in marks), default=0)


def room_for_labels(marks: Sequence[Mark]) -> float:
    """Return the share of its range by which a narrow figure grows, so that labels fit inside."""
    pixels = min(right_margin(marks), 0.55 * NARROW)
    return pixels / (NARROW - pixels)


def baseline_line() -> dict[str, Any]:
    """Return the ink line at zero: the baseline of a difference."""
    line = {"color": token("v0"), "width": 2.5}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": line}


def end_labels(items: Sequence[tuple[float, Mark]], gap: float) -> list[dict[str, Any]]:
    """Label line ends at the right edge, at least `gap` apart (in units of the y axis)."""
    labels: list[dict[str, Any]] = []
    for y, mark in sorted(items, key=lambda item: item[0]):
        place = y if not labels else max(y, labels[-1]["y"] + gap)
        labels.append(
            {
                "name": "end",
                "xref": "paper",
                "x": 1,
                "y": place,
                "text": short(mark.label),
                "showarrow": False,
                "xanchor": "left",
                "xshift": 6,
                "font": {"color": mark.colour, "size": 13, "weight": 600},
            }
        )
    return labels


def _plain(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _plain(each, name) for name, each in value.items()}
    if isinstance(value, str):
        is_token = key.endswith("color") and value.startswith("var(--")
        return "@" + value[len("var(--") : -1] if is_token else value
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), key)
    if isinstance(value, list | tuple):
        return [_plain(each, key) for each in value]
    return value
