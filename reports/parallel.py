"""Parallel coordinates of a search as plain SVG: a row for each setting, a line for each trial."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.choices import Search, Trial
from reports.numbers import percent
from reports.provenance import written
from reports.tunedwords import loss_text

WIDTH = 1000
"""Units across: the drawing is stretched to the page, its lines are not."""

SIDE = 12
ROW = 72
BAND = 22
"""Pixels above an axis that its words take; lines cross them straight down."""

FIRST = 28
SHARE = 0.1
"""Of the completed trials, the lowest losses, that are drawn in colour."""


@dataclass(frozen=True)
class Row:
    """An axis that lies: its name, the words at its ends, how far down it is in pixels."""

    name: str
    low: str
    high: str
    y: int


@dataclass(frozen=True)
class Parallel:
    """The drawing: all lines in one path, those of the best tenth and of the best in two more."""

    height: int
    rows: tuple[Row, ...]
    others: str
    tenth: str
    best: str
    spoken: str


def best_tenth(search: Search) -> tuple[Trial, ...]:
    """Return the completed trials of the lowest losses, one at least, the lowest first."""
    complete = [each for each in search.trials if each.loss is not None]
    ordered = sorted(complete, key=lambda each: (each.loss or 0.0, each.number))
    return tuple(ordered[: max(1, math.ceil(SHARE * len(ordered)))])


def parallel(search: Search) -> Parallel | None:
    """Draw the completed trials; None where there is none."""
    complete = [each for each in search.trials if each.loss is not None]
    if not complete:
        return None
    top = best_tenth(search)
    numbers = {each.number for each in top}
    losses = [each.loss or 0.0 for each in complete]
    ends = (min(losses), max(losses))
    rows = [
        Row(key, *_ends(search.ranges.get(key, {}), [e.settings.get(key) for e in complete]), y)
        for key, y in zip(search.keys, _heights(search), strict=False)
    ]
    low, high = map(loss_text, ends)
    rows.append(Row("validation loss", low, high, _heights(search)[-1]))
    return Parallel(
        height=rows[-1].y + 4,
        rows=tuple(rows),
        others=_path(search, [e for e in complete if e.number not in numbers], complete, ends),
        tenth=_path(search, top[1:], complete, ends),
        best=_path(search, top[:1], complete, ends),
        spoken=(
            f"A line for each of {len(complete)} completed trials through its settings down to its "
            f"loss; the {len(top)} of the lowest loss (the best {percent(SHARE)}) are in colour."
        ),
    )


def _heights(search: Search) -> list[int]:
    return [FIRST + ROW * place for place in range(len(search.keys) + 1)]


def _path(
    search: Search, trials: Sequence[Trial], complete: Sequence[Trial], ends: tuple[float, float]
) -> str:
    heights = _heights(search)
    shares = [_places(search.ranges.get(key, {}), key, trials, complete) for key in search.keys]
    shares.append([_share(each.loss or 0.0, *ends) for each in trials])
    return "".join(
        "M"
        + "L".join(f"{_x(share)} {y - BAND}V{y}" for share, y in zip(line, heights, strict=True))
        for line in zip(*shares, strict=True)
    )


def _places(
    span: Mapping[str, Any], key: str, trials: Sequence[Trial], complete: Sequence[Trial]
) -> list[float]:
    """Return how far along its axis each trial lies, 0 to 1."""
    values = [each.settings[key] for each in trials]
    if is_range(span):
        low, high, log = float(span["low"]), float(span["high"]), bool(span.get("log"))
        scale = math.log if log else float
        return [_share(scale(float(each)), scale(low), scale(high)) for each in values]
    words = listed_values(span, [each.settings.get(key) for each in complete])
    return [_share(words.index(written(each)), 0, len(words) - 1) for each in values]


def is_range(span: Mapping[str, Any]) -> bool:
    """Say whether a setting is a number between two, and not one of some values."""
    return "low" in span and "high" in span


def listed_values(span: Mapping[str, Any], tried: Sequence[Any]) -> list[str]:
    """Return the values of a setting in words, in the order of the grid, then others tried."""
    return [*dict.fromkeys(written(each) for each in (*span.get("values", ()), *tried))]


def _ends(span: Mapping[str, Any], tried: Sequence[Any]) -> tuple[str, str]:
    if is_range(span):
        return written(span["low"]), written(span["high"])
    words = listed_values(span, tried)
    return words[0], words[-1]


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high == low else min(1.0, max(0.0, (value - low) / (high - low)))


def _x(share: float) -> str:
    return f"{SIDE + share * (WIDTH - 2 * SIDE):.1f}"
