"""Final loss of every seed: where seeds pair, a line joins the cells that saw the same batches."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from reports.drawings.columns import (
    BELOW,
    LINE,
    NARROW_NAME,
    WIDE,
    WIDE_NAME,
    axis_of,
    lines_of,
    named_columns,
    names_below,
)
from reports.drawings.drawing import (
    NARROW,
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

# Above this the slopes cross too often to be followed.
MOST_SLOPES = 6

LABEL = 0.065
"""Height of a name at the right edge, as a share of the figure's."""

Losses = Sequence[Sequence[float | None]]
Labels = tuple[list[dict[str, object]], list[dict[str, object]]]


def slopes(
    marks: Sequence[Mark], seeds: Sequence[int], losses: Losses, what: str = "validation loss"
) -> go.Figure:
    """Draw `losses` [variants][seeds]: variants on x, one line a seed."""
    figure = go.Figure()
    places = list(range(len(marks)))
    for column in range(len(seeds)):
        values = [row[column] for row in losses]
        line = {"color": token("muted"), "width": 1.2}
        figure.add_scatter(x=places, y=values, mode="lines", line=line, hoverinfo="skip")
    labels = (_seed_labels(seeds, losses), _seed_labels(seeds, losses, "{}"))
    return _with_points(figure, marks, seeds, losses, labels).update_layout(yaxis=_along(what))


def runs(
    marks: Sequence[Mark], seeds: Sequence[int], losses: Losses, what: str = "validation loss"
) -> go.Figure:
    """Draw `losses` [variants][seeds] of runs that have nothing in common but a number."""
    figure = _with_points(go.Figure(), marks, seeds, losses, ([], []))
    return figure.update_layout(yaxis=_along(what))


def _along(what: str) -> dict[str, Any]:
    return {"title": {"text": f"final {what} (nats)"}, "tickformat": ".2~f"}


def _with_points(
    figure: go.Figure, marks: Sequence[Mark], seeds: Sequence[int], losses: Losses, labels: Labels
) -> go.Figure:
    """Add a point for each run; `labels` of the seeds are those of wide and of narrow figures."""
    for place, (mark, row) in enumerate(zip(marks, losses, strict=True)):
        figure.add_scatter(**_points(mark, [place] * len(seeds), row, seeds))
    named = named_columns(marks, labels[0], (WIDE, WIDE_NAME))
    narrow = named_columns(marks, labels[1], (NARROW, NARROW_NAME))
    return figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, **named.pop("margin")},
        xaxis=axis_of(marks) | {"range": [-0.75, len(marks) - 0.6]} | named.pop("xaxis"),
        meta={"narrow": narrow},
        **named,
    )


def differences(
    marks: Sequence[Mark],
    seeds: Sequence[int],
    losses: Losses,
    baseline: Sequence[float | None],
    left_out: int | None = None,
) -> go.Figure:
    """Draw each variant minus `baseline`, one loss a seed; one column a variant.

    Columns have names where there is room for all; those with a colour have one at the right edge.
    The column `left_out` stays empty: that of a baseline minus itself.
    """
    figure, ends, seen = go.Figure(), [], [0.0]
    for place, (mark, row) in enumerate(zip(marks, losses, strict=True)):
        pairs = zip(row, baseline, strict=True)
        values = [None if a is None or b is None else a - b for a, b in pairs]
        known = [value for value in values if value is not None]
        if place == left_out or not known:
            continue
        mean, drawn = (
            sum(known) / len(known),
            _points(mark, [place] * len(seeds), values, seeds, "+.3f"),
        )
        named = {"end": short(mark.label), "last": mean}
        figure.add_scatter(**{**drawn, "meta": {"place": mark.place, **named}})
        seen += known
        ends += [(mean, mark)] if mark.slot is not None else []
    figure.update_layout(**_differences_layout(marks, ends, seen))
    return figure


def _differences_layout(
    marks: Sequence[Mark], ends: Sequence[tuple[float, Mark]], seen: Sequence[float]
) -> dict[str, Any]:
    names, drawn = names_below(marks, WIDE), [mark for _, mark in ends]
    without = {"ticktext": [""] * len(marks), "ticks": ""}
    room = (max(seen) - min(seen)) * 0.08 or 0.01
    low, high = min(seen) - room, max(seen) + room
    return {
        "margin": {
            "l": 64,
            "r": right_margin(drawn),
            "t": 8,
            "b": BELOW + LINE * (lines_of(names) - 1),
        },
        "meta": {"room": room_for_labels(drawn), "narrow": {"xaxis": without}},
        "xaxis": axis_of(marks) | (names or without),
        "yaxis": {
            "title": {"text": "difference in loss (nats)"},
            "tickformat": "+.2f",
            "range": [low, high],
        },
        "shapes": [baseline_line()],
        "annotations": end_labels(ends, (high - low) * LABEL),
    }


def seeds(
    marks: Sequence[Mark],
    numbers: Sequence[int],
    losses: Losses,
    baseline: int,
    what: str = "validation loss",
    *,
    pairing: str = "paired",
) -> Drawing:
    """Draw the final losses; with many variants their differences to the baseline.

    Args:
        marks: of the variants.
        numbers: of the seeds.
        losses: [variants][seeds]; None where there is none.
        baseline: index of its variant.
        what: which loss it is, `validation loss`.
        pairing: paired, or unpaired where equal seeds have nothing in common but a number.
    """
    columns = ("seed", *(mark.label for mark in marks))
    rows = tuple(
        (str(seed), *("–" if row[place] is None else f"{row[place]:.4f}" for row in losses))
        for place, seed in enumerate(numbers)
    )
    draw = _paired if pairing == "paired" else _unpaired
    figure, subtitle = draw(marks, numbers, losses, baseline, what)
    return Drawing(
        title="Seeds",
        subtitle=subtitle,
        label=f"Final {what} of each seed, by variant.",
        table=Table(columns, rows),
        figure=figure,
    )


def _paired(
    marks: Sequence[Mark], numbers: Sequence[int], losses: Losses, baseline: int, what: str
) -> tuple[go.Figure, str]:
    if len(marks) <= MOST_SLOPES:
        subtitle = "A line joins the cells of one seed: same data order, same initial draw."
        return slopes(marks, numbers, losses, what), subtitle
    subtitle = (
        f"Each point is one seed's difference to {marks[baseline].label}, one column a variant "
        "in the order of the grid; names at the right stand at the mean of their column."
    )
    return differences(marks, numbers, losses, losses[baseline], baseline), subtitle


def _unpaired(
    marks: Sequence[Mark], numbers: Sequence[int], losses: Losses, baseline: int, what: str
) -> tuple[go.Figure, str]:
    """Join no runs by their number; of many variants each run stands beside the baseline's mean."""
    known = [loss for loss in losses[baseline] if loss is not None]
    if len(marks) <= MOST_SLOPES or not known:
        subtitle = "Each point is one run; runs of equal seed have nothing in common but a number."
        return runs(marks, numbers, losses, what), subtitle
    mean = [sum(known) / len(known)] * len(numbers)
    subtitle = (
        f"Each point is one run's difference to the mean of {marks[baseline].label}, one column a "
        "variant in the order of the grid; names at the right stand at the mean of their column."
    )
    return differences(marks, numbers, losses, mean), subtitle


def _seed_labels(
    seeds: Sequence[int], losses: Losses, form: str = "seed {}"
) -> list[dict[str, object]]:
    """Name the seeds left of the first variant, pushed apart where losses are close."""
    values = [loss for row in losses for loss in row if loss is not None]
    gap = (max(values) - min(values)) * 0.075
    placed: list[float] = []
    labels: list[dict[str, object]] = []
    known = [(loss, seed) for loss, seed in zip(losses[0], seeds, strict=True) if loss is not None]
    for loss, seed in sorted(known):
        placed.append(loss if not placed else max(loss, placed[-1] + gap))
        labels.append(
            {
                "x": 0,
                "y": placed[-1],
                "text": form.format(seed),
                "xanchor": "right",
                "xshift": -12,
                "showarrow": False,
                "font": {"size": 12, "color": token("muted")},
            }
        )
    return labels


def _points(
    mark: Mark,
    places: Sequence[int],
    values: Sequence[float | None],
    numbers: Sequence[int],
    form: str = ".3f",
) -> dict[str, object]:
    return {
        "x": places,
        "y": values,
        "text": [f"seed {number}" for number in numbers],
        "mode": "markers",
        "meta": {"place": mark.place},
        "marker": {
            "symbol": mark.marker,
            "size": 11,
            "color": mark.colour,
            "line": {"color": token("page"), "width": 1.5},
        },
        "hovertemplate": f"%{{text}}: %{{y:{form}}} nats<extra>{plain_text(mark.label)}</extra>",
    }
