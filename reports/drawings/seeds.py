"""Final loss of every seed: a line joins the cells that saw the same batches."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

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

WIDE = 550.0
"""Pixels inside the frame of the least figure that is not drawn as on a phone."""

WIDE_NAME, NARROW_NAME = 40, 18
"""Letters of a name that has a line of its own."""

LETTER, LINE = 7.4, 15
"""Pixels of a letter and of a line of the names below the figure."""

MOST_LINES = 3
BELOW = 46
"""Pixels below a frame with one line of names."""

LABEL = 0.065
"""Height of a name at the right edge, as a share of the figure's."""

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
    named = _named_columns(marks, _seed_labels(seeds, losses), (WIDE, WIDE_NAME))
    narrow = _named_columns(marks, _seed_labels(seeds, losses, "{}"), (NARROW, NARROW_NAME))
    figure.update_layout(
        margin={"l": 64, "r": 24, "t": 8, **named.pop("margin")},
        xaxis=_axis(marks) | {"range": [-0.75, len(marks) - 0.6]} | named.pop("xaxis"),
        yaxis={"title": {"text": f"final {what} (nats)"}, "tickformat": ".2~f"},
        meta={"narrow": narrow},
        **named,
    )
    return figure


def differences(
    marks: Sequence[Mark], seeds: Sequence[int], losses: Losses, baseline: int
) -> go.Figure:
    """Draw each variant minus the baseline at the same seed, one column a variant.

    Columns have names where there is room for all; those with a colour have one at the right edge.
    """
    figure, ends, seen = go.Figure(), [], [0.0]
    for place, (mark, row) in enumerate(zip(marks, losses, strict=True)):
        pairs = zip(row, losses[baseline], strict=True)
        values = [None if a is None or b is None else a - b for a, b in pairs]
        known = [value for value in values if value is not None]
        if place == baseline or not known:
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
    names, drawn = _names(marks, WIDE), [mark for _, mark in ends]
    without = {"ticktext": [""] * len(marks), "ticks": ""}
    room = (max(seen) - min(seen)) * 0.08 or 0.01
    low, high = min(seen) - room, max(seen) + room
    return {
        "margin": {
            "l": 64,
            "r": right_margin(drawn),
            "t": 8,
            "b": BELOW + LINE * (_lines(names) - 1),
        },
        "meta": {"room": room_for_labels(drawn), "narrow": {"xaxis": without}},
        "xaxis": _axis(marks) | (names or without),
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
        subtitle = (
            f"Each point is one seed's difference to {marks[baseline].label}, one column a variant "
            "in the order of the grid; names at the right stand at the mean of their column."
        )
    return Drawing(
        title="Seeds",
        subtitle=subtitle,
        label=f"Final {what} of each seed, by variant.",
        table=Table(columns, rows),
        figure=figure,
    )


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


def _names(marks: Sequence[Mark], width: float) -> dict[str, Any]:
    """Name the columns; nothing where some name does not fit below its own in a few lines.

    Plotly would turn and cut names until they fit, again and again, and grow the margin each time.
    """
    letters = max(1, int(width / (len(marks) + 0.35) / LETTER))
    cut = [wrap(mark.label, letters, break_long_words=False) for mark in marks]
    if any(len(lines) > MOST_LINES or max(map(len, lines)) > letters for lines in cut):
        return {}
    return {"ticktext": ["<br>".join(map(plain_text, lines)) for lines in cut]}


def _axis(marks: Sequence[Mark]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(marks))),
        "ticktext": [""] * len(marks),
        "tickangle": 0,
        "automargin": False,
        "range": [-0.4, len(marks) - 0.6],
        "showgrid": False,
        "zeroline": False,
    }


def _lines(axis: Mapping[str, Any]) -> int:
    return max((text.count("<br>") + 1 for text in axis.get("ticktext", ())), default=1)


def _named_columns(
    marks: Sequence[Mark], numbers: Sequence[Mapping[str, Any]], room: tuple[float, int]
) -> dict[str, Any]:
    """Name the columns side by side, or where that does not fit each on a line of its own.

    Args:
        marks: of the columns.
        numbers: labels of the seeds.
        room: pixels of all columns; letters of a name on its own line.
    """
    width, letters = room
    names = _names(marks, width)
    if names:
        below = BELOW + LINE * (_lines(names) - 1)
        return {"xaxis": names, "margin": {"b": below}, "annotations": list(numbers)}
    rows = [_row(place, mark, len(marks), letters) for place, mark in enumerate(marks)]
    return {
        "xaxis": {"ticktext": [""] * len(marks), "ticks": ""},
        "margin": {"b": 16 + LINE * len(marks)},
        "annotations": [*numbers, *rows],
    }


def _row(place: int, mark: Mark, many: int, letters: int) -> dict[str, Any]:
    is_left, name = place < many / 2, plain_text(_cut(mark.label, letters))
    return {
        "x": place,
        "y": 0,
        "yref": "paper",
        "text": f"↑ {name}" if is_left else f"{name} ↑",
        "xanchor": "left" if is_left else "right",
        "yanchor": "top",
        "xshift": -6 if is_left else 6,
        "yshift": -6 - LINE * place,
        "showarrow": False,
        "font": {"size": 12, "color": mark.colour},
    }


def _cut(words: str, letters: int) -> str:
    """Cut a name in its middle: names of one grid often begin alike."""
    if len(words) <= letters:
        return words
    before = letters // 3
    return f"{words[:before]}…{words[before + 1 - letters :]}"


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
