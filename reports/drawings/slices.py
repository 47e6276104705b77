"""The losses of a search over one of its settings."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go

from reports.drawings.drawing import plain_text, short
from reports.drawings.search import MARGIN, Dot, loss_axis, loss_range, ring, traces

FEW_DECADES = 3


def slice_of(
    places: Sequence[tuple[Dot, float | str]],
    best: int | None,
    name: str,
    span: Sequence[str] | Mapping[str, Any],
) -> go.Figure:
    """Draw the loss of every trial over one setting.

    Args:
        places: trials, each with a number, or with one of the words.
        best: the number of the best trial.
        name: of the setting.
        span: the words in order; or low, high and log of numbers.
    """
    low, high = loss_range([each for each, _ in places])
    figure = go.Figure()
    for trace in traces(places, (low, high)):
        figure.add_scatter(**trace)
    figure.add_scatter(**ring([each for each in places if each[0].number == best]))
    axis = {"title": {"text": short(name)}, "zeroline": False}
    axis |= _numbers(span) if isinstance(span, Mapping) else _words(span)
    figure.update_layout(
        margin={**MARGIN, "l": 56, "r": 12}, xaxis=axis, yaxis=loss_axis(low, high)
    )
    return figure


def _words(words: Sequence[str]) -> dict[str, object]:
    """Return an axis of words; they are told apart in full, and written as far as there is room."""
    return {
        "type": "category",
        "categoryarray": [plain_text(each) for each in words],
        "tickvals": [plain_text(each) for each in words],
        "ticktext": [short(each) for each in words],
        "range": [-0.5, len(words) - 0.5],
    }


def _numbers(span: Mapping[str, Any]) -> dict[str, object]:
    """Return an axis from end to end; a logarithmic one has its ticks at 1 and 3 of a decade."""
    low, high = float(span["low"]), float(span["high"])
    if not span.get("log"):
        room = 0.04 * (high - low)
        return {"type": "linear", "range": [low - room, high + room]}
    room = 0.04 * log10(high / low)
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    mantissas = (1, 3) if len(decades) <= FEW_DECADES else (1,)
    ticks = [float(f"{m}e{power}") for power in decades for m in mantissas]
    shown = [each for each in ticks if low * 0.999 <= each <= high * 1.001]
    return {
        "type": "log",
        "range": [log10(low) - room, log10(high) + room],
        "tickvals": shown,
        "ticktext": [f"{each:g}" for each in shown],
    }
