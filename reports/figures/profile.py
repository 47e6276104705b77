"""Loss by the position of the predicted token, as a difference to the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from reports.figures import (
    Drawing,
    Mark,
    Table,
    baseline_line,
    end_labels,
    plain_text,
    right_margin,
    room_for_labels,
    token,
)
from reports.numbers import THIN, signed

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """One variant minus the baseline at every position; `half` is None below two seeds."""

    mark: Mark
    mean: Array
    half: Array | None


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
        figure.add_traces(_traces(positions, line))
    low, high = _extent(lines)
    figure.update_layout(
        hovermode="x unified",
        margin={"l": 64, "r": right_margin([line.mark for line in lines]), "t": 8, "b": 46},
        xaxis={
            "title": {"text": "position in the context (tokens)"},
            "unifiedhovertitle": {"text": "position %{x:,}"},
            "zeroline": False,
            "range": _across(positions),
        },
        meta={"room": room_for_labels([line.mark for line in lines])},
        yaxis={
            "title": {"text": "difference in loss (nats)"},
            "tickformat": "+.2f",
            "zeroline": False,
            "range": [low, high],
        },
        shapes=[baseline_line(), *(_border(place) for place in _borders(axis))],
        annotations=end_labels(
            [(float(line.mean[-1]), line.mark) for line in lines], (high - low) * 0.065
        ),
    )
    return _described(axis, lines, baseline, figure)


def _described(
    axis: Axis, lines: Sequence[Difference], baseline: Mark, figure: go.Figure
) -> Drawing:
    blocks = (
        ""
        if axis.block == 1
        else f" Each point is the mean of {axis.block} neighbouring positions, all weighted alike."
    )
    border = "borders of the windows" if axis.trained is None else "the trained length"
    dashed = f" Dashed: {border}." if _borders(axis) else ""
    return Drawing(
        title="Loss by token position",
        subtitle=f"Final {axis.loss} by position of the predicted token, minus that of "
        f"{baseline.label} at the same seed; band: 95{THIN}% interval over seeds, position by "
        f"position (not simultaneous).{blocks}{dashed}{axis.note}",
        label=f"Difference in loss to {baseline.label} by token position.",
        table=_table(axis.positions, lines),
        figure=figure,
    )


def _traces(positions: Array, line: Difference) -> list[go.Scatter]:
    edge = {"x": positions, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    marker = {"symbol": line.mark.marker, "size": 5, "color": line.mark.colour}
    middle = go.Scatter(
        x=positions,
        y=line.mean,
        mode="lines+markers",
        line={"color": line.mark.colour, "width": 2},
        marker=marker,
        name=plain_text(line.mark.label),
        hovertemplate="%{fullData.name}: %{y:+.3f} nats<extra></extra>",
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


def _extent(lines: Sequence[Difference]) -> tuple[float, float]:
    # The first positions have wide bands: the frame follows the lines and most of the bands.
    values = [0.0]
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


def _table(positions: Array, lines: Sequence[Difference]) -> Table:
    chosen = sorted({round(place) for place in np.linspace(0, len(positions) - 1, 10)})
    return Table(
        ("position", *(line.mark.label for line in lines)),
        tuple(
            (f"{positions[place]:,.0f}", *(_cell(line, place) for line in lines))
            for place in chosen
        ),
    )


def _cell(line: Difference, place: int) -> str:
    text = signed(float(line.mean[place]))
    return text if line.half is None else f"{text} ± {line.half[place]:.3f}"
