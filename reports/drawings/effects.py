"""Main effects as dots with intervals, interactions as squares, one seed as a half-normal plot."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from reports.drawings.drawing import short, token

FILLS = {"": token("v0"), "better": token("v0"), "worse": token("v0"), "equivalent": token("muted")}
"""Of a dot by its verdict; what is not resolved is hollow."""

LIGHTEST, DARKEST = 0.10, 0.55  # of a square's colour; its text stays readable on both


@dataclass(frozen=True)
class Dot:
    """One level of an axis; the reference is a place on the line, without limits.

    Fields:
        word: the verdict; empty of the reference.
    """

    axis: str
    level: str
    estimate: float | None
    low: float | None
    high: float | None
    word: str

    @property
    def is_reference(self) -> bool:
        """Whether the others of its axis are compared with it."""
        return not self.word


@dataclass(frozen=True)
class Square:
    """One interaction: its column and row, number and interval as they are written, verdict."""

    column: int
    row: int
    estimate: float | None
    number: str
    limits: str
    word: str


def dots(rows: Sequence[Dot]) -> go.Figure:
    """Draw one row a level, the first at the top; a row with the axis's name above its levels."""
    figure = go.Figure()
    ticks: list[tuple[int, str]] = []
    at = 0
    previous = ""
    for row in rows:
        if row.axis != previous:
            at, previous = at - 1, row.axis
            ticks.append((at, f"<b>{short(row.axis)}</b>"))
        at -= 1
        ticks.append((at, short(row.level)))
        if row.estimate is not None:
            figure.add_scatter(**_dot(row, at))
    line = {"color": token("v0"), "width": 2}
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, "b": 46},
        xaxis={"title": {"text": "difference in loss (nats)"}, "tickformat": "+.3~f"},
        yaxis={
            "tickvals": [place for place, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "range": [at - 0.7, -0.3],
            "showgrid": False,
            "zeroline": False,
        },
        shapes=[
            {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0, "line": line}
        ],
    )
    return figure


def squares(
    found: Sequence[Square],
    columns: Sequence[str],
    rows: Sequence[str],
    titles: tuple[str, str],
) -> go.Figure:
    """Draw a square for each pair of levels, the first row at the top.

    Args:
        found: the interactions.
        columns: levels of one axis.
        rows: levels of the other.
        titles: names of these axes.
    """
    figure = go.Figure()
    largest = max((abs(each.estimate or 0.0) for each in found), default=0.0) or 1.0
    for each in found:
        figure.add_scatter(**_square(each, largest))
    ends = [(columns, "xaxis", titles[0]), (rows, "yaxis", titles[1])]
    axes = {key: _levels(levels, title) for levels, key, title in ends}
    axes["yaxis"]["range"] = [len(rows) - 0.5, -0.5]
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, "b": 46},
        annotations=[_written(each) for each in found],
        **axes,
    )
    return figure


def half_normal(effects: Sequence[tuple[str, float]]) -> go.Figure:
    """Draw |effect| against what as many values of pure noise would give, each with its name.

    Source: Daniel 1959, Technometrics 1.
    """
    from scipy.special import ndtri  # noqa: PLC0415 - scipy is slow to import

    order = sorted(effects, key=lambda each: abs(each[1]))
    many = len(order)
    expected = [float(ndtri(0.5 + 0.5 * (k - 0.5) / many)) for k in range(1, many + 1)]
    figure = go.Figure()
    figure.add_scatter(
        x=expected,
        y=[abs(value) for _, value in order],
        mode="markers+text",
        text=[short(name) for name, _ in order],
        # towards the middle of the figure, where there is room for a name
        textposition=[
            "middle right" if each < expected[-1] / 2 else "middle left" for each in expected
        ],
        textfont={"color": token("ink"), "size": 12},
        cliponaxis=False,
        marker={"size": 9, "color": token("v0")},
        hovertemplate="%{text}: %{y:.4f} nats<extra></extra>",
    )
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, "b": 46},
        xaxis={"title": {"text": "half-normal quantile"}, "range": [0, expected[-1] * 1.1]},
        yaxis={
            "title": {"text": "size of the effect (nats)"},
            "range": [-0.06 * abs(order[-1][1]), 1.1 * abs(order[-1][1]) or 1.0],
        },
    )
    return figure


def _dot(row: Dot, at: int) -> dict[str, object]:
    ink = token("v0")
    limits: dict[str, object] = {"visible": False}
    if row.estimate is not None and row.low is not None and row.high is not None:
        limits = {
            "type": "data",
            "symmetric": False,
            "array": [row.high - row.estimate],
            "arrayminus": [row.estimate - row.low],
            "color": ink,
            "thickness": 2,
            "width": 0,
        }
    size = 8 if row.is_reference else 11
    return {
        "x": [row.estimate],
        "y": [at],
        "error_x": limits,
        "mode": "markers",
        "marker": {
            "size": size,
            "color": FILLS.get(row.word, token("page")),
            "line": {"color": ink, "width": 2},
        },
        "text": [short(row.level)],
        "hovertemplate": "%{text}: %{x:+.4f} nats<extra></extra>",
    }


def _square(each: Square, largest: float) -> dict[str, object]:
    value = each.estimate or 0.0
    # Orange for higher, so worse, and blue for lower: slots 1 and 2 have these hues in both themes.
    hue = "v1" if value > 0 else "v2"
    strength = LIGHTEST + (DARKEST - LIGHTEST) * abs(value) / largest
    left, right, top, bottom = (
        each.column - 0.48,
        each.column + 0.48,
        each.row - 0.48,
        each.row + 0.48,
    )
    fill = token("ghost") if each.word == "equivalent" else token(hue, round(strength, 3))
    square: dict[str, object] = {
        "x": [left, right, right, left, left],
        "y": [top, top, bottom, bottom, top],
        "mode": "lines",
        "line": {"color": token("rule"), "width": 1},
        "fill": "toself",
        "fillcolor": fill,
        "hoverinfo": "skip",
    }
    if each.word not in FILLS:
        square["fillpattern"] = {
            "shape": "/",
            "size": 12,
            "solidity": 0.12,
            "fgcolor": token("muted"),
            "bgcolor": token(hue, LIGHTEST),
        }
    return square


def _written(each: Square) -> dict[str, object]:
    # one limit a line, so that a square of a telephone holds them
    limits = each.limits.replace(" to ", " to<br>")
    lines = [f"<b>{each.number}</b>", *([limits] if limits else [])]
    return {
        "x": each.column,
        "y": each.row,
        "text": "<br>".join(lines),
        "showarrow": False,
        "font": {"color": token("ink"), "size": 12},
        "bgcolor": token("page", 0.75),
        "borderpad": 3,
    }


def _levels(levels: Sequence[str], title: str) -> dict[str, object]:
    return {
        "tickvals": list(range(len(levels))),
        "ticktext": [short(level) for level in levels],
        "title": {"text": short(title)},
        "range": [-0.5, len(levels) - 0.5],
        "showgrid": False,
        "zeroline": False,
    }
