"""Loss by the length of a sample, a line a variant."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

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
from reports.numbers import THIN, count
from reports.summaries import Interval

Loss = tuple[int, Interval]
"""Tokens of a sample, and the mean loss over seeds."""


@dataclass(frozen=True)
class Line:
    """The losses of a variant by length, shortest first; lengths without a loss are left out."""

    mark: Mark
    losses: Sequence[Loss]


@dataclass(frozen=True)
class Lengths:
    """What the lines stand over.

    Fields:
        ticks: tokens, shortest first.
        trained: tokens of a training sample; None where variants differ in it.
        windows: in which the samples are read, as a sentence; empty where each is one, as trained.
        verdicts: the length that they are about, as a sentence.
    """

    ticks: Sequence[int]
    trained: int | None
    windows: str
    verdicts: str


def by_length(over: Lengths, lines: Sequence[Line], title: str, table: Table) -> Drawing:
    """Draw the mean losses on a logarithmic scale of lengths, with bars of their intervals."""
    named = [line for line in lines if line.mark.slot is not None]
    others = [line for line in lines if line.mark.slot is None]
    low, high = _extent(lines)
    figure = go.Figure()
    figure.add_scatter(**_ghosts(others))
    sides = _sides(over.ticks, len(named))
    for line, side in zip(named, sides, strict=True):
        figure.add_scatter(**_trace(line, side, over.ticks[-1]))
    # The page shows these when a reader picks their variants.
    for line in others:
        figure.add_scatter(**_trace(line, 1, over.ticks[-1]), visible=False)
    figure.update_layout(
        margin={"l": 64, "r": right_margin([line.mark for line in named]), "t": 8, "b": 46},
        xaxis={
            "title": {"text": "tokens of a sample (logarithmic)"},
            "type": "log",
            "tickvals": list(over.ticks),
            "ticktext": [count(each) for each in over.ticks],
            "range": _range(over.ticks),
            "zeroline": False,
        },
        yaxis={
            "title": {"text": "mean final loss (nats)"},
            "tickformat": ".2~f",
            "zeroline": False,
            "range": [low, high],
        },
        shapes=[] if over.trained is None else [_border(over.trained)],
        annotations=_labels(named, over.ticks[-1], (high - low) * 0.065),
        meta={"room": room_for_labels([line.mark for line in named])},
    )
    bars = f" Bars: 95{THIN}% interval of each mean over seeds." if _has_bars(lines) else ""
    dashed = "" if over.trained is None else " Dashed: the trained length."
    return Drawing(
        title=title,
        subtitle="The same validation documents, read in samples of so many tokens: mean final "
        f"loss.{bars}{dashed} {over.windows} {over.verdicts}".replace("  ", " "),
        label="Mean final loss of each variant by the length of a sample.",
        table=table,
        figure=figure,
    )


def _sides(ticks: Sequence[int], lines: int) -> list[float]:
    """Return a factor for each line, so that bars at one length stand beside each other."""
    low, high = _range(ticks)
    gap = (high - low) * 0.008
    return [10 ** (gap * (place - (lines - 1) / 2)) for place in range(lines)]


def _trace(line: Line, side: float, last: int) -> dict[str, object]:
    meta: dict[str, object] = {"place": line.mark.place}
    if line.losses and line.losses[-1][0] == last:
        meta |= {"end": short(line.mark.label), "last": line.losses[-1][1].mean}
    is_baseline = line.mark.slot == 0
    return {
        "x": [length * side for length, _ in line.losses],
        "y": [loss.mean for _, loss in line.losses],
        "text": [count(length) for length, _ in line.losses],
        "error_y": _bars(line),
        "mode": "lines+markers",
        "line": {"color": line.mark.colour, "width": 3 if is_baseline else 2.2},
        "marker": {"symbol": line.mark.marker, "size": 9, "color": line.mark.colour},
        "meta": meta,
        "name": plain_text(line.mark.label),
        "hovertemplate": "%{fullData.name}: %{y:.3f} nats at %{text} tokens<extra></extra>",
    }


def _bars(line: Line) -> dict[str, object]:
    ends = [(loss.low, loss.mean, loss.high) for _, loss in line.losses]
    return {
        "type": "data",
        "symmetric": False,
        "array": [0 if high is None else high - mean for _, mean, high in ends],
        "arrayminus": [0 if low is None else mean - low for low, mean, _ in ends],
        "color": line.mark.colour,
        "thickness": 1.6,
        "width": 0,
    }


def _ghosts(lines: Sequence[Line]) -> dict[str, object]:
    """Variants without a colour in one trace, with a gap between two of them."""
    points = [
        point
        for line in lines
        for point in (*((length, loss.mean) for length, loss in line.losses), (None, None))
    ]
    return {
        "x": [length for length, _ in points],
        "y": [mean for _, mean in points],
        "mode": "lines",
        "line": {"color": token("ghost"), "width": 1.2},
        "hoverinfo": "skip",
    }


def _labels(lines: Sequence[Line], last: int, gap: float) -> list[dict[str, object]]:
    """Name the lines at the right edge; one that ends before it is named where it ends."""
    ended = [line for line in lines if line.losses]
    whole = [line for line in ended if line.losses[-1][0] == last]
    labels = end_labels([(line.losses[-1][1].mean, line.mark) for line in whole], gap)
    return [*labels, *(_early(line) for line in ended if line not in whole)]


def _early(line: Line) -> dict[str, object]:
    length, loss = line.losses[-1]
    return {
        "x": log10(length),
        "y": loss.mean,
        "text": f"{short(line.mark.label)} ends here",
        "showarrow": False,
        "xanchor": "left",
        "xshift": 9,
        "yanchor": "bottom",
        "font": {"color": line.mark.colour, "size": 13, "weight": 600},
        "bgcolor": token("page", 0.8),
    }


def _border(trained: int) -> dict[str, object]:
    line = {"color": token("rule"), "width": 1, "dash": "dash"}
    ends = {"x0": trained, "x1": trained, "y0": 0, "y1": 1}
    return {"type": "line", "yref": "paper", **ends, "line": line}


def _has_bars(lines: Sequence[Line]) -> bool:
    return any(loss.low is not None for line in lines for _, loss in line.losses)


def _range(ticks: Sequence[int]) -> list[float]:
    low, high = log10(ticks[0]), log10(ticks[-1])
    room = (high - low) * 0.06 or 0.1
    return [low - room, high + room]


def _extent(lines: Sequence[Line]) -> tuple[float, float]:
    values = [
        end
        for line in lines
        for _, loss in line.losses
        for end in (loss.low, loss.mean, loss.high)
        if end is not None
    ]
    room = (max(values) - min(values)) * 0.08 or 0.01
    return min(values) - room, max(values) + room
