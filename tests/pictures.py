"""Every view of two curves, drawn point by point: what `reports.views` does all at once."""

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

SMOOTHINGS = (
    *("none", "ema 0.6", "ema 0.9", "ema 0.99"),
    *("twema 0.6", "twema 0.9", "twema 0.99", "mean 11", "mean 101"),
)
POINTS = (None, 1000, 100)
LEFTS = (0.0, 0.5, 0.75, 0.9, 0.95)
RIGHTS = (0.5, 0.75, 1.0)
CUTS = (0.0, 0.05)


def known_picture(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and expected numbers of one entry."""
    path = Path(__file__).parent / "reports" / "known_pictures.json"
    (entry,) = (each for each in json.loads(path.read_text()) if each["name"] == name)
    return entry["inputs"], entry["expected"]


def smoothed(name: str, x: list[float], y: list[float]) -> list[float]:
    """The formulas as they are written."""
    kind, _, text = name.partition(" ")
    if kind == "none":
        return y
    if kind == "mean":
        half = int(text) // 2
        return [
            sum(y[max(0, i - half) : i + half + 1]) / len(y[max(0, i - half) : i + half + 1])
            for i in range(len(y))
        ]
    shown, last, weights = [], 0.0, 0.0
    for i, value in enumerate(y):
        if kind == "ema":
            last = float(text) * last + (1 - float(text)) * value
            shown.append(last / (1 - float(text) ** (i + 1)))
        else:
            gap = 0 if i == 0 else (x[i] - x[i - 1]) / (x[-1] - x[0]) * 1000
            fade = min(math.sqrt(float(text)), 0.999) ** gap
            last, weights = last * fade + value, weights * fade + 1
            shown.append(last / weights)
    return shown


def visible(x: list[float], left: float, right: float) -> list[int]:
    """Indexes of the points of a window."""
    end = right * x[-1]
    start = max(left * end, 0.1 * x[-1])
    return [i for i, at in enumerate(x) if start + 1e-9 * x[-1] < at <= end + 1e-9 * x[-1]]


def drawn(x: list[float], seen: list[int], stretches: int | None) -> list[int]:
    """The last point of each of the stretches of equal width, of those that have one."""
    if stretches is None:
        return seen
    width = (x[seen[-1]] - x[seen[0]]) / stretches
    last = {}
    for i in seen:
        last[max(0, math.ceil((x[i] - x[seen[0]]) / width - 1e-9))] = i
    return sorted(last.values())


def quantile(values: list[float], share: float) -> float:
    """Linear between order statistics."""
    ordered, place = sorted(values), share * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def views(
    x: list[float], a: list[float], b: list[float], smoothings: tuple[str, ...] = SMOOTHINGS
) -> list[float]:
    """Gaps as shares of the height, in the order of the axes of `reports.views.Gaps.shares`."""
    found = []
    for smoothing in smoothings:
        for stretches in POINTS:
            for left in LEFTS:
                for right in RIGHTS:
                    kept = drawn(x, visible(x, left, right), stretches)
                    at = [x[i] for i in kept]
                    one = smoothed(smoothing, at, [a[i] for i in kept])
                    other = smoothed(smoothing, at, [b[i] for i in kept])
                    found += readings(one, other)
    return found


def readings(one: list[float], other: list[float], cuts: tuple[float, ...] = CUTS) -> list[float]:
    """Gap at the right edge and that of the majority, in each height of the chart."""
    gaps = [p - q for p, q in zip(one, other, strict=True)]
    most = max(sum(gap < 0 for gap in gaps), sum(gap > 0 for gap in gaps)) > len(gaps) / 2
    found = []
    for cut in cuts:
        height = quantile(one + other, 1 - cut) - quantile(one + other, cut)
        found += [
            gap / height if height > 0 else 0.0 for gap in (gaps[-1], median(gaps) if most else 0.0)
        ]
    return found
