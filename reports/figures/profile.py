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


def profile(
    positions: Array, lines: Sequence[Difference], baseline: Mark, window: int, block: int
) -> Drawing:
    """Draw the differences [positions] with dashed window borders.

    Args:
        positions: place in the context of each value, in tokens, from 1.
        lines: one a variant.
        baseline: what the zero line is.
        window: tokens that are processed at once.
        block: neighbouring positions in one value.
    """
    figure = go.Figure()
    for line in lines:
        figure.add_traces(_traces(positions, line))
    low, high = _extent(lines)
    borders = range(window, int(positions[-1]), window)
    figure.update_layout(
        hovermode="x unified",
        margin={"l": 64, "r": right_margin([line.mark for line in lines]), "t": 8, "b": 46},
        xaxis={"title": {"text": "position in the context (tokens)"}, "zeroline": False},
        yaxis={
            "title": {"text": "difference in loss (nats)"},
            "tickformat": "+.2f",
            "zeroline": False,
            "range": [low, high],
        },
        shapes=[baseline_line(), *(_border(place) for place in borders)],
        annotations=end_labels(
            [(float(line.mean[-1]), line.mark) for line in lines], (high - low) * 0.065
        ),
    )
    blocks = "" if block == 1 else f" Each point is the mean of {block} neighbouring positions."
    dashed = " Dashed: borders of the windows." if borders else ""
    return Drawing(
        title="Loss by token position",
        subtitle=f"Final validation loss by position of the predicted token, minus that of "
        f"{baseline.label} at the same seed; band: 95{THIN}% interval over seeds, position by "
        f"position (not simultaneous).{blocks}{dashed}",
        label=f"Difference in loss to {baseline.label} by token position.",
        table=_table(positions, lines),
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
        hovertemplate="%{y:+.3f}",
    )
    if line.half is None:
        return [middle]
    upper = go.Scatter(**edge, y=line.mean + line.half)
    fill = line.mark.faded(0.2)
    lower = go.Scatter(**edge, y=line.mean - line.half, fill="tonexty", fillcolor=fill)
    return [upper, lower, middle]


def _extent(lines: Sequence[Difference]) -> tuple[float, float]:
    # The first positions have wide bands: the frame follows the lines and most of the bands.
    values = [0.0]
    for line in lines:
        half = 0 if line.half is None else line.half
        values += [float(np.quantile(line.mean - half, 0.02)), float(line.mean.min())]
        values += [float(np.quantile(line.mean + half, 0.98)), float(line.mean.max())]
    room = (max(values) - min(values)) * 0.08 or 0.01
    return min(values) - room, max(values) + room


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
