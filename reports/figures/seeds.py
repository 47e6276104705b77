"""Final loss of every seed: a line joins the cells that saw the same batches."""

from collections.abc import Sequence

import plotly.graph_objects as go

from reports.figures import Drawing, Mark, Table, baseline_line, plain_text, short, token

# Above this the slopes cross too often to be followed.
MOST_SLOPES = 6

Losses = Sequence[Sequence[float | None]]


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
    for place, (mark, row) in enumerate(zip(marks, losses, strict=True)):
        figure.add_scatter(**_points(mark, [place] * len(seeds), row, seeds))
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, "b": 46},
        xaxis=_names(marks) | {"range": [-0.75, len(marks) - 0.6]},
        yaxis={"title": {"text": f"final {what} (nats)"}, "tickformat": ".2~f"},
        annotations=_seed_labels(seeds, losses),
    )
    return figure


def differences(
    marks: Sequence[Mark], seeds: Sequence[int], losses: Losses, baseline: int
) -> go.Figure:
    """Draw each variant minus the baseline at the same seed, one column a variant."""
    figure = go.Figure()
    for place, (mark, row) in enumerate(zip(marks, losses, strict=True)):
        pairs = zip(row, losses[baseline], strict=True)
        values = [None if a is None or b is None else a - b for a, b in pairs]
        if place != baseline:
            figure.add_scatter(**_points(mark, [place] * len(seeds), values, seeds, "+.3f"))
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, "b": 46},
        xaxis=_names(marks),
        yaxis={"title": {"text": "difference in loss (nats)"}, "tickformat": "+.2f"},
        shapes=[baseline_line()],
    )
    return figure


def seeds(
    marks: Sequence[Mark],
    numbers: Sequence[int],
    losses: Losses,
    baseline: int,
    what: str = "validation loss",
) -> Drawing:
    """Draw the final losses; with many variants their paired differences.

    Args:
        marks: of the variants.
        numbers: of the seeds.
        losses: [variants][seeds]; None where there is none.
        baseline: index of its variant.
        what: which loss it is, `validation loss`.
    """
    columns = ("seed", *(mark.label for mark in marks))
    rows = tuple(
        (str(seed), *("–" if row[place] is None else f"{row[place]:.4f}" for row in losses))
        for place, seed in enumerate(numbers)
    )
    if len(marks) <= MOST_SLOPES:
        figure = slopes(marks, numbers, losses, what)
        subtitle = "A line joins the cells of one seed: same data order, same initial draw."
    else:
        figure = differences(marks, numbers, losses, baseline)
        subtitle = f"Each point is one seed's difference to {marks[baseline].label}."
    return Drawing(
        title="Seeds",
        subtitle=subtitle,
        label=f"Final {what} of each seed, by variant.",
        table=Table(columns, rows),
        figure=figure,
    )


def _seed_labels(seeds: Sequence[int], losses: Losses) -> list[dict[str, object]]:
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
                "text": f"seed {seed}",
                "xanchor": "right",
                "xshift": -12,
                "showarrow": False,
                "font": {"size": 12, "color": token("muted")},
            }
        )
    return labels


def _names(marks: Sequence[Mark]) -> dict[str, object]:
    return {
        "tickvals": list(range(len(marks))),
        "ticktext": [short(mark.label) for mark in marks],
        "range": [-0.4, len(marks) - 0.6],
        "showgrid": False,
        "zeroline": False,
    }


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
        "marker": {
            "symbol": mark.marker,
            "size": 11,
            "color": mark.colour,
            "line": {"color": token("page"), "width": 1.5},
        },
        "hovertemplate": f"%{{text}}: %{{y:{form}}} nats<extra>{plain_text(mark.label)}</extra>",
    }
