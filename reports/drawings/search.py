"""A search as pictures: trials in order, importance of the settings, the best of k."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import plotly.graph_objects as go

from reports.drawings.drawing import plain_text, short, token

MARGIN = {"l": 64, "r": 24, "t": 8, "b": 46}
LOSS = "validation loss (nats)"
MANY = 12  # trials; their axis has ticks enough without being told
BEST = token("v1")
"""Of the best so far and the best tenth: the variant `best` has this colour as well."""


@dataclass(frozen=True)
class Dot:
    """A trial as a place in a picture.

    Fields:
        number: of the trial.
        loss: final loss; of a pruned trial the last one that the pruner was told; else None.
        status: complete, pruned, diverged or failed.
        said: what the pointer is told, as text.
    """

    number: int
    loss: float | None
    status: str
    said: str


def loss_range(dots: Sequence[Dot]) -> tuple[float, float]:
    """Return the frame of the trials that are complete, of which there is one at least.

    A pruned trial has the loss of a training that had hardly begun: it must not flatten the rest.
    """
    losses = [each.loss for each in dots if each.status == "complete" and each.loss is not None]
    low, high = min(losses), max(losses)
    room = (high - low) * 0.08 or max(0.01, 0.01 * abs(high))
    return low - room, high + room


def outside(dots: Sequence[Dot]) -> tuple[int, int]:
    """Return how many pruned trials lie above and below the frame."""
    low, high = loss_range(dots)
    losses = [each.loss for each in dots if each.status == "pruned" and each.loss is not None]
    return sum(each > high for each in losses), sum(each < low for each in losses)


def history(dots: Sequence[Dot], best: int | None) -> go.Figure:
    """Draw trials in the order they were asked, and the lowest loss so far as a step line."""
    low, high = loss_range(dots)
    figure = go.Figure()
    figure.add_scatter(**_so_far(dots))
    for trace in traces([(each, each.number) for each in dots], (low, high)):
        figure.add_scatter(**trace)
    bad = [each for each in dots if each.status in ("diverged", "failed")]
    figure.add_scatter(**_bad(bad, high - (high - low) * 0.03))
    figure.add_scatter(**ring([(each, each.number) for each in dots if each.number == best]))
    last = max(each.number for each in dots)
    figure.update_layout(
        margin=MARGIN,
        xaxis={
            "title": {"text": "trial"},
            "range": [-0.5 - 0.02 * last, last + 0.5 + 0.02 * last],
            **_whole_ticks(last),
            "zeroline": False,
        },
        yaxis=loss_axis(low, high),
    )
    return figure


def importance(shares: Sequence[tuple[str, float, float, float]], what: str) -> go.Figure:
    """Draw a bar for each setting with the lowest and highest of its estimates.

    Args:
        shares: name, mean, low, high; the largest first.
        what: the bars are, for the axis.
    """
    means = [each[1] for each in shares]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        x=means,
        y=list(range(len(shares))),
        width=0.6,
        marker={"color": token("muted")},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - mean for _, mean, _, high in shares],
            "arrayminus": [mean - low for _, mean, low, _ in shares],
            "color": token("ink"),
            "thickness": 2,
            "width": 5,
            "visible": any(high > low for _, _, low, high in shares),
        },
        text=[short(name) for name, *_ in shares],
        textposition="none",
        hovertemplate="%{text}: %{x:.3f}<extra></extra>",
    )
    figure.update_layout(
        margin=MARGIN,
        xaxis={
            "title": {"text": what},
            "range": [0, 1.05 * max(1e-9, *(each[3] for each in shares), *means)],
            "zeroline": False,
        },
        yaxis={
            "tickvals": list(range(len(shares))),
            "ticktext": [short(name) for name, *_ in shares],
            "range": [len(shares) - 0.4, -0.6],
            "showgrid": False,
            "zeroline": False,
        },
    )
    return figure


def expected_best(losses: Sequence[float]) -> go.Figure:
    """Draw the expected lowest loss of k trials, k from 1: a line to half of them, then dotted."""
    half = max(1, len(losses) // 2)
    numbers = list(range(1, len(losses) + 1))
    line = {"color": BEST, "width": 2.5}
    said = "best of %{x}: %{y:.4f} nats<extra></extra>"
    figure = go.Figure()
    figure.add_scatter(
        x=numbers[:half],
        y=list(losses[:half]),
        mode="lines+markers" if half == 1 else "lines",
        marker={"color": BEST},
        line=line,
        hovertemplate=said,
        meta={"what": "estimated"},
    )
    figure.add_scatter(
        x=numbers[half - 1 :],
        y=list(losses[half - 1 :]),
        mode="lines",
        line={**line, "dash": "dot"},
        hovertemplate=said,
        meta={"what": "rest"},
    )
    figure.update_layout(
        margin=MARGIN,
        xaxis={
            "title": {"text": "trials that are completed"},
            **_whole_ticks(len(losses)),
            "zeroline": False,
        },
        yaxis={"title": {"text": "expected lowest loss (nats)"}, "tickformat": ".3~f"},
    )
    return figure


def _whole_ticks(last: int) -> dict[str, object]:
    """Number trials; of few plotly would put ticks between two of them."""
    return {"tickformat": "d", **({"dtick": 1} if last < MANY else {})}


def loss_axis(low: float, high: float) -> dict[str, object]:
    """Return the axis of losses."""
    return {
        "title": {"text": LOSS},
        "tickformat": ".3~f",
        "range": [low, high],
        "zeroline": False,
    }


def _so_far(dots: Sequence[Dot]) -> dict[str, object]:
    known = [(e.number, e.loss) for e in dots if e.status == "complete" and e.loss is not None]
    numbers = [*(number for number, _ in known), max(each.number for each in dots)]
    lowest = [*accumulate((loss for _, loss in known), min)]
    return {
        "x": numbers,
        "y": [*lowest, lowest[-1]],
        "mode": "lines",
        "line": {"color": BEST, "width": 2.5, "shape": "hv"},
        "hovertemplate": "best so far: %{y:.4f} nats<extra></extra>",
        "meta": {"what": "best so far"},
    }


def traces(
    places: Sequence[tuple[Dot, float | str]], frame: tuple[float, float]
) -> list[dict[str, object]]:
    """Return filled dots of complete trials and hollow ones of pruned trials in the frame."""
    low, high = frame
    looks = {
        "complete": {"size": 8, "color": token("v0"), "line": {"color": token("page"), "width": 1}},
        "pruned": {
            "size": 8,
            "color": token("page"),
            "line": {"color": token("muted"), "width": 2},
        },
    }
    found: list[dict[str, object]] = []
    for status, look in looks.items():
        own = [
            (each, x)
            for each, x in places
            if each.status == status and each.loss is not None and low <= each.loss <= high
        ]
        found.append(
            {
                "x": [plain_text(x) if isinstance(x, str) else x for _, x in own],
                "y": [each.loss for each, _ in own],
                "mode": "markers",
                "marker": look,
                "text": [plain_text(each.said) for each, _ in own],
                "hovertemplate": "%{text}<extra></extra>",
                "meta": {"what": status},
            }
        )
    return found


def _bad(dots: Sequence[Dot], at: float) -> dict[str, object]:
    """Return a cross at the top of the frame for each trial that diverged or failed."""
    return {
        "x": [each.number for each in dots],
        "y": [at] * len(dots),
        "mode": "markers",
        "marker": {
            "symbol": "x-thin",
            "size": 9,
            "color": token("bad"),
            "line": {"color": token("bad"), "width": 2.5},
        },
        "text": [plain_text(each.said) for each in dots],
        "hovertemplate": "%{text}<extra></extra>",
        "meta": {"what": "bad"},
    }


def ring(places: Sequence[tuple[Dot, float | str]]) -> dict[str, object]:
    """Return the diamond of the best trial."""
    return {
        "x": [plain_text(x) if isinstance(x, str) else x for _, x in places],
        "y": [each.loss for each, _ in places],
        "mode": "markers",
        "marker": {
            "symbol": "diamond",
            "size": 13,
            "color": BEST,
            "line": {"color": token("page"), "width": 1.5},
        },
        "text": [plain_text(f"the best: {each.said}") for each, _ in places],
        "hovertemplate": "%{text}<extra></extra>",
        "meta": {"what": "best"},
    }
