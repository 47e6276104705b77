"""Training losses along the run, raw and smoothed, and their difference to the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from reports.bands import Band, extremes, student_band
from reports.drawings.drawing import (
    Drawing,
    Mark,
    baseline_line,
    end_labels,
    plain_text,
    right_margin,
    short,
    token,
)
from reports.drawings.lines import Line, last_value
from reports.drawings.thinning import columns, places
from reports.numbers import THIN, count

Array = NDArray[np.float64]

FAINT, FAINTEST = 0.34, 0.05
"""Opacity of a raw line that stands alone, and of one among very many."""

BEGINNING = 16
"""The frame does not follow the first 1/16 of a run, which falls from far above."""


@dataclass(frozen=True)
class Axis:
    """What the curves stand over: title, words of the pointer, and its unit in that of steps."""

    title: str
    said: str
    unit: float


def curves(lines: Sequence[Line], axis: Axis, smoothing: str, left_out: str) -> Drawing:
    """Draw every raw curve, and the mean over seeds in a band from the lowest to the highest.

    Args:
        lines: one a variant.
        axis: what they stand over.
        smoothing: in words, `W&B smoothing 0.9`.
        left_out: a sentence about variants that are not drawn, or nothing.
    """
    bands = [extremes(line.finished) for line in lines]
    figure, outside = _assembled(lines, bands, ".3f", [])
    figure.update_layout(
        xaxis=_along(axis), yaxis={"title": {"text": "training loss (nats per token)"}}
    )
    return Drawing(
        title="Loss curves",
        subtitle=f"Thin: the raw loss of every cell. Thick: {smoothing}, mean over the finished "
        f"seeds; band: lowest to highest seed.{_stopped(lines)}{outside}{left_out}",
        label="Training loss along the run, by variant.",
        figure=figure,
    )


def difference(
    lines: Sequence[Line], axis: Axis, smoothing: str, baseline: Mark, left_out: str
) -> Drawing:
    """Draw each cell minus the baseline's cell of the same seed, step by step.

    Args:
        lines: of the differences, one a variant.
        axis: what they stand over.
        smoothing: in words.
        baseline: what the zero line is.
        left_out: a sentence about variants that are not drawn, or nothing.
    """
    bands = [student_band(line.finished) for line in lines]
    figure, outside = _assembled(lines, bands, "+.3f", [0.0])
    figure.update_layout(
        xaxis=_along(axis),
        yaxis={
            "title": {"text": "difference in loss (nats per token)"},
            "tickformat": "+.2f",
            "zeroline": False,
        },
        shapes=[baseline_line()],
    )
    figure.add_annotation(_zero(baseline))
    return Drawing(
        title="Training loss, difference to the baseline",
        subtitle=f"Minus {baseline.label} at the same seed and step. Thin: every cell. Thick: "
        f"{smoothing}, mean over the finished seeds; band: 95{THIN}% interval over seeds, step by "
        f"step (not simultaneous).{_stopped(lines)}{outside}{left_out}",
        label=f"Training loss minus that of {baseline.label} along the run, by variant.",
        figure=figure,
    )


def _assembled(
    lines: Sequence[Line], bands: Sequence[Band], form: str, held: list[float]
) -> tuple[go.Figure, str]:
    """Draw raw lines below bands below smoothed lines; `held` are values that the frame shows."""
    low, high = _frame(lines, bands, held)
    opacity = max(FAINTEST, FAINT / np.sqrt(sum(len(line.raw) for line in lines)))
    both = list(zip(lines, bands, strict=True))
    figure = go.Figure()
    figure.add_traces([trace for line in lines for trace in _raw(line, opacity)])
    figure.add_traces([trace for line, band in both for trace in _band(line, band)])
    # All halos lie below all lines, so that no line wipes out another.
    figure.add_traces([_halo(line, band) for line, band in both])
    figure.add_traces([trace for line, band in both for trace in _thick(line, band, form)])
    figure.add_traces([_end(line, place) for line in lines for place in _unfinished(line)])
    ends = [(last_value(band.mean, line.smooth), line.mark) for line, band in both]
    labels = end_labels([each for each in ends if np.isfinite(each[0])], (high - low) * 0.055)
    figure.update_layout(
        hovermode="x unified",
        margin={"l": 64, "r": right_margin([line.mark for line in lines]), "t": 8, "b": 46},
        annotations=labels,
        yaxis={"range": [low, high]},
    )
    return figure, _outside(lines, low, high)


def _raw(line: Line, opacity: float) -> list[go.Scatter]:
    colour = "muted" if line.mark.slot is None else f"v{line.mark.slot}"
    traces = []
    for seed, values in zip(line.seeds, line.raw, strict=True):
        shown = columns(values)
        traces.append(
            go.Scatter(
                x=line.x[shown],
                y=values[shown],
                mode="lines",
                line={"color": token(colour, round(opacity, 3)), "width": 1},
                name=f"{plain_text(line.mark.label)} seed {seed} raw",
                hoverinfo="skip",
                meta={"what": "raw", "seed": seed},
            )
        )
    return traces


def _band(line: Line, band: Band) -> list[go.Scatter]:
    if len(line.finished) < 2:  # noqa: PLR2004 - one line has no band
        return []
    shown = places(band.mean)
    edge = {"x": line.x[shown], "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    fill = line.mark.faded(0.26)
    return [
        go.Scatter(**edge, y=band.high[shown], meta={"what": "band"}),
        go.Scatter(
            **edge, y=band.low[shown], fill="tonexty", fillcolor=fill, meta={"what": "band"}
        ),
    ]


def _halo(line: Line, band: Band) -> go.Scatter:
    shown = places(band.mean)
    around = {"color": token("page", 0.85), "width": 6}
    x, y = line.x[shown], band.mean[shown]
    return go.Scatter(x=x, y=y, mode="lines", line=around, hoverinfo="skip", meta={"what": "halo"})


def _thick(line: Line, band: Band, form: str) -> list[go.Scatter]:
    shown = places(band.mean)
    apart = max(1, len(shown) // 12)
    # Marks of two variants do not stand above each other.
    sparse = shown[apart - round(apart * 0.16 * ((line.mark.place or 0) % 6)) :: apart]
    outline = {"color": line.mark.colour, "width": 2}
    marker = {"symbol": line.mark.marker, "size": 7, "color": token("page"), "line": outline}
    return [
        go.Scatter(
            x=line.x[shown],
            y=band.mean[shown],
            mode="lines",
            line={"color": line.mark.colour, "width": 3 if line.is_baseline else 2.2},
            name=plain_text(line.mark.label),
            hovertemplate=f"%{{fullData.name}}: %{{y:{form}}} nats<extra></extra>",
            meta={"what": "mean"},
        ),
        go.Scatter(
            x=line.x[sparse],
            y=band.mean[sparse],
            mode="markers",
            marker=marker,
            hoverinfo="skip",
            meta={"what": "marker"},
        ),
    ]


def _unfinished(line: Line) -> list[int]:
    return [row for row, status in enumerate(line.statuses) if status != "complete"]


def _end(line: Line, row: int) -> go.Scatter:
    last = int(np.flatnonzero(np.isfinite(line.smooth[row]))[-1])
    said = f"seed {line.seeds[row]} {line.statuses[row]}"
    return go.Scatter(
        x=[line.x[last]],
        y=[line.smooth[row, last]],
        mode="markers+text",
        text=[said],
        textposition="top center",
        textfont={"color": line.mark.colour, "size": 12},
        marker={"symbol": "x-thin", "size": 12, "line": {"width": 3, "color": line.mark.colour}},
        name=plain_text(line.mark.label),
        hovertemplate=f"{said}<extra>{plain_text(line.mark.label)}</extra>",
        meta={"what": line.statuses[row]},
    )


def _frame(lines: Sequence[Line], bands: Sequence[Band], held: list[float]) -> tuple[float, float]:
    values = list(held)
    for line, band in zip(lines, bands, strict=True):
        start = len(line.x) // BEGINNING
        drawn = np.concatenate([band.mean[start:], band.low[start:], band.high[start:]])
        if not np.isfinite(drawn).any():
            drawn = line.smooth[:, start:].ravel()
        values += [float(each) for each in drawn[np.isfinite(drawn)]]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) * 0.1 or 0.1
    return low - room, high + room


def _outside(lines: Sequence[Line], low: float, high: float) -> str:
    above = sum(int((line.raw > high).sum()) for line in lines)
    below = sum(int((line.raw < low).sum()) for line in lines)
    parts = [f"{count(many)} {side}" for many, side in ((above, "above"), (below, "below")) if many]
    return f" Raw points outside the frame: {', '.join(parts)}." if parts else ""


def _stopped(lines: Sequence[Line]) -> str:
    return " × ends a cell that did not finish." if any(map(_unfinished, lines)) else ""


def _along(axis: Axis) -> dict[str, object]:
    return {
        "title": {"text": axis.title},
        "unifiedhovertitle": {"text": axis.said},
        "zeroline": False,
    }


def _named_baseline(baseline: Mark) -> str:
    """Say that a variant is the baseline, unless its name says so."""
    name = short(baseline.label)
    return name if name == "baseline" else f"{name} (baseline)"


def _zero(baseline: Mark) -> dict[str, object]:
    return {
        "xref": "paper",
        "x": 0,
        "y": 0,
        "text": _named_baseline(baseline),
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "bottom",
        "font": {"size": 12, "color": token("v0")},
        "bgcolor": token("page", 0.8),
    }
