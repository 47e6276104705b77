"""Loss against what it cost."""

from collections.abc import Sequence

import plotly.graph_objects as go

from reports.figures import Drawing, Mark, Table, plain_text, short, token
from reports.numbers import THIN
from reports.summaries import Interval

Point = tuple[Mark, Interval, Interval]
SIDES = ("top right", "bottom right", "bottom left", "top left")


def cost(
    points: Sequence[Point], table: Table, device: str, what: str = "validation loss"
) -> Drawing:
    """Draw mean loss against seconds of a cell, each with its 95 % interval.

    Args:
        points: mark, seconds, loss of every variant that has both.
        table: the numbers.
        device: "cpu" or "cuda", for the axis.
        what: which loss it is, `validation loss`.
    """
    figure = go.Figure()
    figure.add_scatter(**_front(points))
    for place, (mark, seconds, loss) in enumerate(points):
        # Names of neighbours stand on different sides, since losses and times are often close.
        side = SIDES[place % len(SIDES)]
        figure.add_scatter(**_point(mark, seconds, loss), textposition=side)
    ends = [end for _, seconds, _ in points for end in _ends(seconds)]
    left = 1 if len(points) < 3 else 3  # noqa: PLR2004 - the third name stands on the left
    room = (max(ends) - min(ends)) * 0.12 or max(ends) * 0.05
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, "b": 46},
        xaxis={
            "title": {"text": f"seconds of one cell ({device})"},
            # Room for the names, which stand beside the points.
            "range": [min(ends) - left * room, max(ends) + 3 * room],
            "zeroline": False,
        },
        yaxis={"title": {"text": f"final {what} (nats)"}, "tickformat": ".2f"},
    )
    return Drawing(
        title="Cost",
        subtitle=f"Loss against the time of one cell, 95{THIN}% intervals of both. "
        "Dashed: what no other variant beats in loss and time.",
        label=f"Final {what} against seconds of one cell, by variant.",
        table=table,
        figure=figure,
    )


def _point(mark: Mark, seconds: Interval, loss: Interval) -> dict[str, object]:
    return {
        "x": [seconds.mean],
        "y": [loss.mean],
        "error_x": _bars(seconds, mark),
        "error_y": _bars(loss, mark),
        "mode": "markers+text",
        # Many names at one place are none: those without a colour are named by the pointer.
        "text": ["" if mark.slot is None else short(mark.label)],
        "textfont": {"color": mark.colour, "size": 13},
        "cliponaxis": False,
        "marker": {"symbol": mark.marker, "size": 12, "color": mark.colour},
        "name": plain_text(mark.label),
        "hovertemplate": "%{fullData.name}: %{y:.3f} nats after %{x:.1f} s<extra></extra>",
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


def _ends(interval: Interval) -> tuple[float, ...]:
    return tuple(end for end in (interval.low, interval.mean, interval.high) if end is not None)
