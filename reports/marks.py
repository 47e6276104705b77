"""How a variant looks: colour slot, marker, swatch; and the interval mark of the variants table."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from reports.drawings.drawing import MARKERS, Mark
from reports.frames import Frames
from reports.summaries import Summary

# Beyond this many lines nobody can tell colours apart.
COLOURED = 6
WIDTH = 280

_SHAPES = {
    "circle": "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z",
    "diamond": "M0-6.4 6.4 0 0 6.4-6.4 0z",
    "square": "M-5-5h10v10h-10z",
    "triangle-up": "M0-6 6 5H-6z",
    "cross": "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
    "triangle-down": "M0 6 6-5H-6z",
    "star": "M0-6.5 1.6-2 6.4-2 2.6 1 4 5.6 0 3-4 5.6-2.6 1-6.4-2-1.6-2z",
    "hexagon": "M-6 0-3-5.2 3-5.2 6 0 3 5.2-3 5.2z",
}


@dataclass(frozen=True)
class Look:
    """A mark as the page's HTML draws it."""

    mark: Mark

    @property
    def css(self) -> str:
        """Colour as a value of CSS; what a reader picked for its place, `--w7`, goes before."""
        own = "var(--rule)" if self.mark.slot is None else f"var(--v{self.mark.slot})"
        return own if self.mark.place is None else f"var(--w{self.mark.place}, {own})"

    @property
    def shape(self) -> str:
        """Outline around the origin, 13 units across."""
        return _SHAPES[self.mark.marker]


@dataclass(frozen=True)
class Scale:
    """A linear axis from `low` to `high` drawn on `width` units, 8 kept free at both ends."""

    low: float
    high: float
    width: float = WIDTH

    def place(self, value: float) -> float:
        """Return where `value` stands, to a tenth of a unit."""
        share = (value - self.low) / (self.high - self.low)
        return round(8 + share * (self.width - 16), 1)


@dataclass(frozen=True)
class Tick:
    """A number on the scale of the table's header."""

    x: float
    text: str


@dataclass(frozen=True)
class IntervalMark:
    """Places of what the mark of one variant shows; `spoken` says the same in words."""

    mean: float
    thin: tuple[float, float] | None
    thick: tuple[float, float] | None
    ticks: tuple[float, ...]
    baseline: float | None
    spoken: str


def marks(frames: Frames) -> tuple[Mark, ...]:
    """Assign colours and markers in the order of the grid file: the baseline is ink.

    Never by rank, so that a variant keeps its colour when results change.
    """
    manifest = frames.manifest
    others = [each.name for each in manifest.variants if each.name != manifest.baseline]
    slots: dict[str, int | None] = {manifest.baseline: 0}
    slots |= {name: place if place < COLOURED else None for place, name in enumerate(others, 1)}
    places = {manifest.baseline: 0} | {name: place for place, name in enumerate(others, 1)}
    return tuple(
        Mark(each.label, slots[each.name], MARKERS[place % len(MARKERS)], place)
        for each in manifest.variants
        for place in [places[each.name]]
    )


def common_scale(summaries: Sequence[Summary]) -> Scale | None:
    """Return the one scale of all marks; None where no variant has a result."""
    values = [value for each in summaries for value in _extent(each)]
    if not values:
        return None
    low, high = min(values), max(values)
    room = (high - low) * 0.04 or 0.05
    return Scale(low - room, high + room)


def interval_mark(
    summary: Summary, scale: Scale, baseline: Summary, spoken: str
) -> IntervalMark | None:
    """Place the mark of one variant; None where it has no result."""
    if summary.wide is None or summary.narrow is None:
        return None
    return IntervalMark(
        mean=scale.place(summary.wide.mean),
        thin=_bar(summary.wide.low, summary.wide.high, scale),
        thick=_bar(summary.narrow.low, summary.narrow.high, scale),
        ticks=tuple(scale.place(loss) for loss in summary.losses),
        baseline=None if baseline.wide is None else scale.place(baseline.wide.mean),
        spoken=spoken,
    )


def scale_ticks(scale: Scale, most: int = 4) -> tuple[Tick, ...]:
    """Choose at most `most` round numbers on the scale."""
    rough = (scale.high - scale.low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    digits = max(0, -floor(log10(step) + 1e-9) + (1 if step / power == 2.5 else 0))  # noqa: PLR2004 (the step 2.5 of the list above)
    first = ceil(scale.low / step - 1e-9)
    last = floor(scale.high / step + 1e-9)
    values = [number * step for number in range(first, last + 1)]
    return tuple(Tick(scale.place(value), f"{value:.{digits}f}") for value in values)


def _extent(summary: Summary) -> list[float]:
    ends = () if summary.wide is None else (summary.wide.low, summary.wide.high)
    return [*summary.losses, *(end for end in ends if end is not None)]


def _bar(low: float | None, high: float | None, scale: Scale) -> tuple[float, float] | None:
    return None if low is None or high is None else (scale.place(low), scale.place(high))
