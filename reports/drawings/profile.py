"""Loss by the position of the predicted token: as a difference to the baseline, or as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from reports.drawings.drawing import (
    Drawing,
    Mark,
    Table,
    baseline_line,
    end_labels,
    plain_text,
    right_margin,
    room_for_labels,
    short,
    token,
)
from reports.numbers import THIN, fixed, signed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Values of one variant at every position; `half` is None below two seeds."""

    mark: Mark
    mean: Array
    half: Array | None


class Difference(Line):
    """One variant minus the baseline."""


class Level(Line):
    """The loss of one variant as it is."""


@dataclass(frozen=True)
class Axis:
    """Where the values of a profile stand in the context.

    Fields:
        positions: of each value, in tokens from 1 [values].
        block: neighbouring positions in one value.
        window: tokens that are processed at once.
        note: what the reader must know of positions that are not there.
        trained: where the training ended, in rows that are longer; drawn in place of the borders.
        loss: which one it is.
    """

    positions: Array
    block: int
    window: int
    note: str = ""
    trained: int | None = None
    loss: str = "validation loss"


def profile(axis: Axis, lines: Sequence[Difference], baseline: Mark) -> Drawing:
    """Draw the differences [positions] with dashed window borders.

    Args:
        axis: what the values stand over.
        lines: one a variant.
        baseline: what the zero line is.
    """
    positions = axis.positions
    figure = go.Figure()
    for line in lines:
        figure.add_traces(_traces(positions, line, "+.3f"))
    low, high = _extent(lines, [0.0])
    figure.update_layout(
        **_layout(axis, lines, (low, high)),
        yaxis={
            "title": {"text": "difference in loss (nats)"},
            "tickformat": "+.2f",
            "zeroline": False,
            "range": [low, high],
        },
        shapes=[baseline_line(), *(_border(place) for place in _borders(axis))],
    )
    return Drawing(
        title="Loss by token position",
        subtitle=f"Final {axis.loss} by position of the predicted token, minus that of "
        f"{baseline.label} at the same seed; band: 95{THIN}% interval over seeds, position by "
        f"position (not simultaneous).{_reading(axis)}",
        label=f"Difference in loss to {baseline.label} by token position.",
        table=_table(positions, lines, signed),
        figure=figure,
    )


def levels(axis: Axis, lines: Sequence[Level]) -> Drawing:
    """Draw the losses themselves [positions], the baseline's among them.

    Args:
        axis: what the values stand over.
        lines: one a variant.
    """
    figure = go.Figure()
    for line in lines:
        figure.add_traces(_traces(axis.positions, line, ".3f"))
    low, high = _extent(lines, [])
    figure.update_layout(
        **_layout(axis, lines, (low, high)),
        yaxis={
            "title": {"text": f"{axis.loss} (nats)"},
            "tickformat": ".2f",
            "zeroline": False,
            "range": [low, high],
        },
        shapes=[_border(place) for place in _borders(axis)],
    )
    return Drawing(
        title="Loss by token position, absolute",
        subtitle=f"Final {axis.loss} by position of the predicted token; band: 95{THIN}% interval "
        "of the mean over seeds, position by position (not simultaneous). What the cells of a seed "
        f"have in common does not cancel here: bands that overlap do not make two variants "
        f"alike.{_reading(axis)}",
        label="Loss of each variant by token position.",
        table=_table(axis.positions, lines, lambda value: fixed(value, 3)),
        figure=figure,
    )


def _layout(axis: Axis, lines: Sequence[Line], frame: tuple[float, float]) -> dict[str, object]:
    drawn, (low, high) = [line.mark for line in lines], frame
    ends = [(float(line.mean[-1]), line.mark) for line in lines]
    return {
        "hovermode": "x unified",
        "margin": {"l": 64, "r": right_margin(drawn), "t": 8, "b": 46},
        "meta": {"room": room_for_labels(drawn)},
        "xaxis": {
            "title": {"text": "position in the context (tokens)"},
            "unifiedhovertitle": {"text": "position %{x:,}"},
            "zeroline": False,
            "range": _across(axis.positions),
        },
        "annotations": end_labels(ends, (high - low) * 0.065),
    }


def _reading(axis: Axis) -> str:
    blocks = (
        ""
        if axis.block == 1
        else f" Each point is the mean of {axis.block} neighbouring positions, all weighted alike."
    )
    border = "borders of the windows" if axis.trained is None else "the trained length"
    dashed = f" Dashed: {border}." if _borders(axis) else ""
    return f"{blocks}{dashed}{axis.note}"


def _traces(positions: Array, line: Line, form: str) -> list[go.Scatter]:
    meta = {"place": line.mark.place}
    edge = {
        "x": positions,
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "meta": meta,
    }
    marker = {"symbol": line.mark.marker, "size": 5, "color": line.mark.colour}
    middle = go.Scatter(
        x=positions,
        y=line.mean,
        mode="lines+markers",
        line={"color": line.mark.colour, "width": 3 if line.mark.slot == 0 else 2},
        marker=marker,
        meta=meta | {"end": short(line.mark.label), "last": float(line.mean[-1])},
        name=plain_text(line.mark.label),
        hovertemplate=f"%{{fullData.name}}: %{{y:{form}}} nats<extra></extra>",
    )
    if line.half is None:
        return [middle]
    upper = go.Scatter(**edge, y=line.mean + line.half)
    fill = line.mark.faded(0.2)
    lower = go.Scatter(**edge, y=line.mean - line.half, fill="tonexty", fillcolor=fill)
    return [upper, lower, middle]


def _across(positions: Array) -> tuple[float, float]:
    first, last = float(positions[0]), float(positions[-1])
    room = (last - first) * 0.03 or 1.0
    return first - room, last + room


def _extent(lines: Sequence[Line], held: Sequence[float]) -> tuple[float, float]:
    """Return the frame of the lines and the values `held`."""
    # The first positions have wide bands: the frame follows the lines and most of the bands.
    values = list(held)
    for line in lines:
        half = 0 if line.half is None else line.half
        values += [float(np.quantile(line.mean - half, 0.02)), float(line.mean.min())]
        values += [float(np.quantile(line.mean + half, 0.98)), float(line.mean.max())]
    room = (max(values) - min(values)) * 0.08 or 0.01
    return min(values) - room, max(values) + room


def _borders(axis: Axis) -> Sequence[int]:
    if axis.trained is not None:
        return [axis.trained] if axis.trained < axis.positions[-1] else []
    return range(axis.window, int(axis.positions[-1]), axis.window)


def _border(place: int) -> dict[str, object]:
    line = {"color": token("rule"), "width": 1, "dash": "dash"}
    return {
        "type": "line",
        "yref": "paper",
        "x0": place,
        "x1": place,
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _table(positions: Array, lines: Sequence[Line], written: Callable[[float], str]) -> Table:
    chosen = sorted({round(place) for place in np.linspace(0, len(positions) - 1, 10)})
    return Table(
        ("position", *(line.mark.label for line in lines)),
        tuple(
            (f"{positions[place]:,.0f}", *(_cell(line, place, written) for line in lines))
            for place in chosen
        ),
    )


def _cell(line: Line, place: int, written: Callable[[float], str]) -> str:
    text = written(float(line.mean[place]))
    return text if line.half is None else f"{text} ± {line.half[place]:.3f}"
