"""How far the seeds of each variant lie apart along the run, and where they spike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from reports.drawings.drawing import Drawing, Mark, token

Array = NDArray[np.float64]


MOST_GHOSTS = 5
MOST_PANELS = 12
"""Figures that are shown at once; of more variants those with a colour are."""

MOST_POINTS, FEWEST_POINTS, ALL_POINTS = 300, 60, 18_000
"""Points of a line, and of the lines of all panels."""


@dataclass(frozen=True)
class Starts:
    """Steps at which spikes of one run start: its own, and those that most variants share.

    Of a run that is too short to judge a step by those before it none are known.
    """

    own: tuple[int, ...]
    batch: tuple[int, ...] = ()
    is_short: bool = False


@dataclass(frozen=True)
class Panel:
    """One variant: standard deviation between its seeds along the run, spikes of each seed.

    Fields:
        spread: [steps], of losses averaged over `window` steps; NaN at the start.
        spikes: of each seed.
    """

    mark: Mark
    spread: Array
    spikes: tuple[Starts, ...]


def spread_between(curves: Array, window: int) -> Array:
    """Return the standard deviation over seeds of the mean of the last `window` steps.

    Shapes: curves [seeds, steps], NaN where a seed has no value -> [steps].
    """
    seeds, steps = curves.shape
    sums = np.cumsum(np.hstack([np.zeros((seeds, 1)), curves]), axis=1)
    spread = np.full(steps, np.nan)
    if steps >= window:
        means = (sums[:, window:] - sums[:, :-window]) / window
        together = np.isfinite(means).all(axis=0)
        spread[window - 1 :][together] = np.std(means[:, together], axis=0, ddof=1)
    return spread


def panels(given: Sequence[Panel], window: int) -> tuple[tuple[Mark, Drawing], ...]:
    """Draw one small figure a variant on a common scale, the others as ghosts."""
    steps = np.arange(1, len(given[0].spread) + 1)
    # The first steps fall steeply, and there seeds differ by where they are on the fall.
    late = [panel.spread[len(steps) // 16 :] for panel in given]
    seen = [each[np.isfinite(each)] for each in late]
    top = max((float(each.max()) for each in seen if each.size), default=0.01) * 1.2
    points = max(FEWEST_POINTS, min(MOST_POINTS, ALL_POINTS // len(given)))
    chosen = slice(window - 1, None, max(1, len(steps) // points))
    return tuple((panel.mark, _panel(panel, given, steps, (top, chosen))) for panel in given)


def _panel(
    panel: Panel, given: Sequence[Panel], steps: NDArray[np.int64], frame: tuple[float, slice]
) -> Drawing:
    top, chosen = frame
    figure = go.Figure()
    meta = {"place": panel.mark.place, "is_panel": True}
    for values in _others(panel, given):
        figure.add_scatter(
            x=steps[chosen],
            y=_gaps(values[chosen]),
            mode="lines",
            line={"color": token("ghost"), "width": 1},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=steps[chosen],
        y=_gaps(panel.spread[chosen]),
        mode="lines",
        line={"color": panel.mark.colour, "width": 2.2},
        meta=meta,
        hovertemplate="±%{y:.3f} nats at step %{x:,.0f}<extra></extra>",
    )
    for row, starts in enumerate(panel.spikes):
        height = top * (0.97 - 0.05 * row)
        figure.add_scatter(**_rug(starts.batch, height, token("muted"), "spike of the batch"))
        figure.add_scatter(**_rug(starts.own, height, panel.mark.colour, "spike"), meta=meta)
    figure.update_layout(
        margin={"l": 48, "r": 8, "t": 6, "b": 40},
        xaxis={
            "title": {"text": "training step"},
            "nticks": 4,
            "range": [0, len(steps)],
            "zeroline": False,
        },
        yaxis={"range": [0, top], "nticks": 5, "tickformat": ".2~f"},
    )
    events = _events(panel)
    return Drawing(
        title=panel.mark.label,
        subtitle=events,
        label=f"{panel.mark.label}: spread between seeds along the run; {events}.",
        figure=figure,
    )


def _events(panel: Panel) -> str:
    batch = sum(len(starts.batch) for starts in panel.spikes)
    many = sum(len(starts.own) for starts in panel.spikes) + batch
    of_them = f", {batch} of the batches" if batch else ""
    last = panel.spread[np.isfinite(panel.spread)]
    late = f"late spread {np.median(last[-len(last) // 4 :]):.3f} nats · " if last.size else ""
    if panel.spikes and all(each.is_short for each in panel.spikes):
        return f"{late}too few points to judge spikes"
    return f"{late}{many} spike{'' if many == 1 else 's'} in {len(panel.spikes)} runs{of_them}"


def _others(panel: Panel, given: Sequence[Panel]) -> list[Array]:
    """Return the lines of the others; of many, the lowest and the highest at each step."""
    spreads = [other.spread for other in given if other is not panel]
    if len(spreads) <= MOST_GHOSTS:
        return spreads
    together = np.stack(spreads)
    return [together.min(axis=0), together.max(axis=0)]


def _rug(starts: Sequence[int], height: float, colour: str, what: str) -> dict[str, object]:
    return {
        "x": list(starts),
        "y": [height] * len(starts),
        "mode": "markers",
        "marker": {
            "symbol": "line-ns",
            "size": 7,
            "line": {"width": 1.5, "color": colour},
        },
        "hovertemplate": f"{what} at step %{{x:,.0f}}<extra></extra>",
    }


def _gaps(values: Array) -> list[float | None]:
    return [round(float(value), 5) if np.isfinite(value) else None for value in values]
