"""A quantity of every variant at several scales, placed on a drawing that needs no script.

Pages of several grids hold no curves, so they carry no drawing library: what they draw is placed
here and written as SVG by the template, in the colours of the theme.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.drawings.drawing import Mark
from reports.marks import Look, Scale, Tick, scale_ticks
from reports.numbers import MINUS

WIDTH, HEIGHT = 360, 290
LEFT, RIGHT, TOP, BOTTOM = 50.0, 100.0, 10.0, 52.0
GAP = 15.0  # between the names at line ends
ASIDE = 3.5  # by which variants stand beside each other, so that no interval hides another
WIDEST = 24.0  # from the first to the last of them
NEAR = 62.0  # below it the names of two scales stand on two lines
LONGEST = 14  # letters of a name beside the lines


@dataclass(frozen=True)
class Value:
    """A quantity of one variant at one scale; the ends are None where there is no interval.

    Fields:
        scale: place of the grid.
        size: parameters or tokens.
        spoken: what it says to who does not see it.
    """

    scale: int
    size: float
    mean: float
    low: float | None
    high: float | None
    spoken: str


@dataclass(frozen=True)
class Point:
    """Where a value stands."""

    x: float
    y: float
    bar: tuple[float, float] | None
    spoken: str


@dataclass(frozen=True)
class Line:
    """One variant: its points from small to large, and its name at the end."""

    look: Look
    points: tuple[Point, ...]
    path: str
    name: str
    name_at: tuple[float, float]


@dataclass(frozen=True)
class Foot:
    """A scale below the drawing."""

    x: float
    y: float
    size: str
    name: str


@dataclass(frozen=True)
class Picture:
    """Everything that the template draws, in units of its view box.

    Fields:
        zero: height of the line of the baseline; None where no difference is drawn.
        problem: why there is nothing to draw.
    """

    title: str
    label: str
    lines: tuple[Line, ...] = ()
    ticks: tuple[Tick, ...] = ()
    feet: tuple[Foot, ...] = ()
    zero: float | None = None
    problem: str = ""

    @property
    def view_box(self) -> str:
        """Of the drawing; a second line of scales makes it higher."""
        return f"0 0 {WIDTH} {HEIGHT + max((foot.y for foot in self.feet), default=0.0):g}"

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Left, right, top and bottom of what is drawn on."""
        return LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def scale_picture(
    title: str,
    label: str,
    series: Sequence[tuple[Mark, Sequence[Value]]],
    feet: Sequence[tuple[float, str, str]],
    *,
    zero: str = "",
) -> Picture:
    """Draw a line for each variant over sizes on a logarithmic axis.

    Args:
        title: what is drawn, with its unit.
        label: one sentence for who does not see it.
        series: mark and values of every variant, values from small to large.
        feet: size of every scale, the same as text, and its name.
        zero: name of the baseline whose differences are drawn; empty for another quantity.
    """
    values = [value for _, own in series for value in own]
    if not values:
        return Picture(title, label, problem="No variant has a result to draw.")
    along = _along([value.size for value in values] + [size for size, _, _ in feet])
    up = _up(values, has_zero=bool(zero))
    aside = min(ASIDE, WIDEST / len(series))
    lines = [
        _line(mark, own, along, up, aside * (place - (len(series) - 1) / 2))
        for place, (mark, own) in enumerate(series)
        if own
    ]
    # What has no colour lies below what has.
    lines.sort(key=lambda line: line.look.mark.slot is not None)
    level = _height(up, 0.0) if zero else None
    return Picture(
        title,
        label,
        _apart(lines),
        tuple(_tick(each) for each in scale_ticks(up, 5)),
        _feet(feet, along),
        level,
    )


def _along(sizes: Sequence[float]) -> Scale:
    """Scale of the logarithm of sizes, with room at both ends for what stands aside."""
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    room = (high - low) * 0.2 or 0.2
    return Scale(low - room, high + room, WIDTH - LEFT - RIGHT)


def _up(values: Sequence[Value], *, has_zero: bool) -> Scale:
    ends = [each for value in values for each in (value.low, value.mean, value.high)]
    known = [each for each in ends if each is not None] + ([0.0] if has_zero else [])
    room = (max(known) - min(known)) * 0.05 or 0.05
    return Scale(min(known) - room, max(known) + room, HEIGHT - TOP - BOTTOM)


def _height(up: Scale, value: float) -> float:
    return round(HEIGHT - BOTTOM - up.place(value), 1)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _tick(tick: Tick) -> Tick:
    return Tick(round(HEIGHT - BOTTOM - tick.x, 1), tick.text.replace("-", MINUS))


def _line(mark: Mark, own: Sequence[Value], along: Scale, up: Scale, aside: float) -> Line:
    points = tuple(
        Point(
            round(LEFT + along.place(math.log10(each.size)) + aside, 1),
            _height(up, each.mean),
            None if each.low is None or each.high is None else _bar(up, each.low, each.high),
            each.spoken,
        )
        for each in own
    )
    path = " ".join(f"{'L' if place else 'M'}{p.x} {p.y}" for place, p in enumerate(points))
    return Line(
        Look(mark),
        points,
        path if len(points) > 1 else "",
        "" if mark.slot is None else _short(mark.label),
        (WIDTH - RIGHT + 6, points[-1].y),
    )


def _bar(up: Scale, low: float, high: float) -> tuple[float, float]:
    return _height(up, high), _height(up, low)


def _apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Push the names apart and keep them inside the frame."""
    named = sorted((each for each in lines if each.name), key=lambda each: each.name_at[1])
    heights: list[float] = []
    for each in named:
        heights.append(max(each.name_at[1], heights[-1] + GAP if heights else TOP))
    floor = HEIGHT - BOTTOM
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], floor)
        floor = heights[place] - GAP
    at = {id(each): height for each, height in zip(named, heights, strict=True)}
    return tuple(_named_at(each, at.get(id(each), each.name_at[1])) for each in lines)


def _named_at(line: Line, height: float) -> Line:
    place = (line.name_at[0], round(height, 1))
    return Line(line.look, line.points, line.path, line.name, place)


def _feet(feet: Sequence[tuple[float, str, str]], along: Scale) -> tuple[Foot, ...]:
    found: list[Foot] = []
    for size, text, name in sorted(feet):
        x = round(LEFT + along.place(math.log10(size)), 1)
        is_near = bool(found) and x - found[-1].x < NEAR and not found[-1].y
        found.append(Foot(x, 30.0 if is_near else 0.0, text, _short(name)))
    return tuple(found)
