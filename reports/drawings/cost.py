"""Loss against what it cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import plotly.graph_objects as go

from reports.drawings.drawing import (
    Drawing,
    Mark,
    Table,
    end_labels,
    plain_text,
    right_margin,
    room_for_labels,
    short,
    token,
)
from reports.numbers import SUPERSCRIPTS, THIN, flops
from reports.numbers import seconds as seconds_text
from reports.summaries import Interval

Point = tuple[Mark, Interval, Interval]

LABEL = 0.065
"""Height of a name, as a share of the figure's."""


MANY_SECONDS = 600.0
"""From here on a cell takes minutes."""


@dataclass(frozen=True)
class Axis:
    """What a cell costs.

    Fields:
        heading: of the figure.
        title: of the axis, with its unit.
        noun: what it is in a sentence, `time`.
        unit: of the axis, in seconds or FLOPs.
        written: a cost as text.
    """

    heading: str
    title: str
    noun: str
    unit: float
    written: Callable[[float], str]


def cost(
    points: Sequence[Point], table: Table, device: str, what: str = "validation loss"
) -> Drawing:
    """Draw mean loss against the time of a cell, each with its 95 % interval.

    Args:
        points: mark, seconds, loss of every variant that has both.
        table: the numbers.
        device: "cpu" or "cuda", for the axis.
        what: which loss it is, `validation loss`.
    """
    is_long = min(seconds.mean for _, seconds, _ in points) >= MANY_SECONDS
    name, unit = ("minutes", 60.0) if is_long else ("seconds", 1.0)
    axis = Axis("Cost", f"{name} of one cell ({device})", "time", unit, seconds_text)
    return _against(points, table, axis, what)


def cost_in_flops(points: Sequence[Point], table: Table, what: str = "validation loss") -> Drawing:
    """Draw mean loss against the training FLOPs of a cell; see `cost`."""
    most = max(spent.mean for _, spent, _ in points)
    power = floor(log10(most)) if most > 0 else 0
    title = f"training FLOPs of one cell (10{str(power).translate(SUPERSCRIPTS)})"
    axis = Axis("Cost in FLOPs", title, "FLOPs", 10.0**power, flops)
    return _against(points, table, axis, what)


def _against(points: Sequence[Point], table: Table, axis: Axis, what: str) -> Drawing:
    points = [(mark, _in_units(spent, axis.unit), loss) for mark, spent, loss in points]
    figure = go.Figure()
    figure.add_scatter(**_front(points))
    for mark, spent, loss in points:
        figure.add_scatter(**_point(mark, spent, loss, axis))
    # Many names are none: those without a colour are named by the pointer.
    named = [(loss.mean, mark) for mark, _, loss in points if mark.slot is not None]
    marks = [mark for _, mark in named]
    low, high = _frame([end for _, _, loss in points for end in _ends(loss)])
    figure.update_layout(
        margin={"l": 64, "r": right_margin(marks), "t": 8, "b": 46},
        meta={"room": room_for_labels(marks)},
        xaxis={
            "title": {"text": axis.title},
            "range": _frame([end for _, spent, _ in points for end in _ends(spent)]),
            "zeroline": False,
        },
        yaxis={
            "title": {"text": f"final {what} (nats)"},
            "tickformat": ".2f",
            "range": [low, high],
        },
        # Beside the points names would lie on each other: they stand at the height of their points.
        annotations=_inside(end_labels(named, (high - low) * LABEL), low, high),
    )
    return Drawing(
        title=axis.heading,
        subtitle=f"Loss against the {axis.noun} of one cell, 95{THIN}% intervals of both. "
        "Dashed: no other mean is lower in both; whether it differs, the verdict says.",
        label=f"Final {what} against the {axis.noun} of one cell, by variant.",
        table=table,
        figure=figure,
    )


def _point(mark: Mark, seconds: Interval, loss: Interval, axis: Axis) -> dict[str, object]:
    return {
        "x": [seconds.mean],
        "y": [loss.mean],
        "error_x": _bars(seconds, mark),
        "error_y": _bars(loss, mark),
        "mode": "markers",
        "meta": {"place": mark.place, "end": short(mark.label), "last": loss.mean},
        "cliponaxis": False,
        "marker": {"symbol": mark.marker, "size": 12, "color": mark.colour},
        "name": plain_text(mark.label),
        "hovertemplate": "%{fullData.name}: %{y:.3f} nats after "
        f"{axis.written(seconds.mean * axis.unit)}<extra></extra>",
    }


def _bars(interval: Interval, mark: Mark) -> dict[str, object]:
    if interval.low is None or interval.high is None:
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [interval.high - interval.mean],
        "arrayminus": [interval.mean - interval.low],
        "color": mark.colour,
        "thickness": 2,
        "width": 0,
    }


def _front(points: Sequence[Point]) -> dict[str, object]:
    best: list[tuple[float, float]] = []
    for _, seconds, loss in sorted(points, key=lambda point: (point[1].mean, point[2].mean)):
        if not best or loss.mean < best[-1][1]:
            best.append((seconds.mean, loss.mean))
    return {
        "x": [x for x, _ in best],
        "y": [y for _, y in best],
        "mode": "lines",
        "line": {"color": token("rule"), "width": 1.5, "dash": "dash", "shape": "hv"},
        "hoverinfo": "skip",
    }


def _in_units(interval: Interval, unit: float) -> Interval:
    low, high = (None if end is None else end / unit for end in (interval.low, interval.high))
    return Interval(interval.mean / unit, low, high)


def _frame(ends: Sequence[float]) -> tuple[float, float]:
    # never so close that differences in the last digits fill the frame
    room = max((max(ends) - min(ends)) * 0.08, abs(max(ends)) * 0.01) or 1.0
    return min(ends) - room, max(ends) + room


def _inside(labels: list[dict[str, Any]], low: float, high: float) -> list[dict[str, Any]]:
    """Push the labels down that were pushed above the frame, and those below them."""
    gap = (high - low) * LABEL
    roof = high - gap / 2
    for label in reversed(labels):
        label["y"] = min(label["y"], roof)
        roof = label["y"] - gap
    return labels


def _ends(interval: Interval) -> tuple[float, ...]:
    return tuple(end for end in (interval.low, interval.mean, interval.high) if end is not None)
