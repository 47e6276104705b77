"""Still falling? The slopes at the end of training, and whether gaps to the baseline close."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports import numbers
from reports.drawings.drawing import Mark
from reports.endings import END, Line, end_line, meeting, over_seeds
from reports.estimates import Interval, around, student
from reports.training import Curve, difference, of_variant, pairs
from reports.wording import listed

UNIT = f"nats per 10{numbers.THIN}% more tokens"
MOST_NAMED = 3


@dataclass(frozen=True)
class Outlook:
    """How the runs of one variant end.

    Fields:
        lines: through the last 20 % of the tokens, of each seed with 30 points there.
        slope: change of the training loss in nats for 10 % more tokens, over seeds; of one run its
            own interval, which covers no other seed.
        gap: difference to the baseline at the end of these lines, over seeds; None without two.
        gap_slope: its change for 10 % more tokens.
        end: tokens of the run.
        decays: whether the learning rate falls there.
    """

    lines: tuple[Line, ...]
    slope: Interval | None
    gap: Interval | None
    gap_slope: Interval | None
    end: float
    decays: bool

    @property
    def direction(self) -> str | None:
        """Closing, opening, neither, or changing where the sign of the gap is not resolved."""
        if self.gap is None or self.gap_slope is None:
            return None
        if self.gap_slope.low <= 0 <= self.gap_slope.high:
            return "neither"
        if self.gap.low <= 0 <= self.gap.high:
            return "changing"
        return "closing" if self.gap.estimate * self.gap_slope.estimate < 0 else "opening"

    @property
    def meets(self) -> float | None:
        """Tokens at which a closing gap would be 0 at this rate; None where the rate decays."""
        if self.direction != "closing" or self.decays or not self.gap or not self.gap_slope:
            return None
        return meeting(self.gap.estimate, self.gap_slope.estimate / (0.1 * self.end), self.end)


def outlooks(names: Sequence[str], baseline: str, curves: Sequence[Curve]) -> Mapping[str, Outlook]:
    """Return variant -> how its runs end."""
    return {name: _outlook(name, baseline, curves, len(names)) for name in names}


def sentences(marks: Sequence[Mark], found: Sequence[Outlook]) -> tuple[str, ...]:
    """Say which curves still fall, which gaps close, and what does not follow from it.

    Returns: the sentences of one paragraph.
    """
    told = [(mark.label, each) for mark, each in zip(marks, found, strict=True) if each.lines]
    if not told:
        return ("Still falling? Too few steps lie in the last 20\u202f% of the tokens to tell.",)
    lines = [*_falling(told), *_gaps(told)]
    if any(each.decays for _, each in told):
        lines.append(
            "The learning rate decays there and bends the ends of all curves: nothing follows "
            "about longer runs."
        )
    return tuple(lines)


def _outlook(name: str, baseline: str, curves: Sequence[Curve], variants: int) -> Outlook:
    mine = of_variant(curves, name)
    lines = [line for each in mine if (line := end_line(*each.finite))]
    both = [] if name == baseline else pairs(curves, name, baseline)
    gaps = [line for pair in both if (line := end_line(*difference(*pair)))]
    comparisons = max(1, variants - 1)
    return Outlook(
        tuple(lines),
        _slope(lines, variants),
        over_seeds([each.last for each in gaps], comparisons),
        over_seeds([each.for_more for each in gaps], comparisons),
        float(np.median([each.end for each in lines])) if lines else 0.0,
        any(_decays(each) for each in mine),
    )


def _slope(lines: Sequence[Line], comparisons: int) -> Interval | None:
    if len(lines) != 1:
        return over_seeds([each.for_more for each in lines], comparisons)
    (line,) = lines
    critical = student(1 - 0.025 / comparisons, np.inf)
    return around(line.for_more, critical * abs(line.error * 0.1 * line.end), critical)


def _decays(curve: Curve) -> bool:
    late = curve.rates[curve.tokens > (1 - END) * curve.tokens[-1]]
    return bool(len(late) and late[-1] < (1 - 1e-6) * late.max())


def _falling(told: Sequence[tuple[str, Outlook]]) -> Iterator[str]:
    known = [(label, each.slope) for label, each in told if each.slope is not None]
    falls = [each for each in known if each[1].high < 0]
    rises = [each for each in known if each[1].low > 0]
    rest = [label for label, slope in known if slope.low <= 0 <= slope.high]
    where = f"over the last 20{numbers.THIN}% of the tokens"
    if falls:
        yield f"Still falling {where}: {_amounts(falls)}."
    if rises:
        yield f"Rising {where}: {_amounts(rises)}."
    if rest:
        also = "" if falls or rises else f" {where}"
        yield f"Not shown to be still falling{also}: {listed(rest)}."


def _amounts(given: Sequence[tuple[str, Interval]]) -> str:
    """Write a few amounts with their intervals; of many the lowest and the highest."""
    if len(given) <= MOST_NAMED:
        parts = [f"{label} by {_amount(slope)}" for label, slope in given]
        return f"{listed(parts)} {UNIT}"
    sizes = sorted(abs(slope.estimate) for _, slope in given)
    ends = f"{numbers.fixed(sizes[0], 4)} to {numbers.fixed(sizes[-1], 4)}"
    return f"{listed([label for label, _ in given])}, by {ends} {UNIT}"


def _amount(slope: Interval) -> str:
    """Write the size of a change whose sign is resolved, `0.012 (0.009 to 0.015)`."""
    places = numbers.decimals(slope.half_width)
    low, high = sorted((abs(slope.low), abs(slope.high)))
    ends = f"{numbers.fixed(low, places)} to {numbers.fixed(high, places)}"
    return f"{numbers.fixed(abs(slope.estimate), places)} ({ends})"


def _gaps(told: Sequence[tuple[str, Outlook]]) -> Iterator[str]:
    for label, each in told:
        if each.gap_slope is None or each.direction in {None, "neither"}:
            continue
        way = "down" if each.gap_slope.high < 0 else "up"
        if each.direction == "changing":
            yield (
                f"The gap of {label} to the baseline, whose sign is not resolved at the end, "
                f"still moves {way} by {_amount(each.gap_slope)} {UNIT}."
            )
        else:
            yield (
                f"The gap of {label} to the baseline is {each.direction} at the end, by "
                f"{_amount(each.gap_slope)} {UNIT}{_meeting(each)}."
            )
    rest = [label for label, each in told if each.direction == "neither"]
    if rest:
        yield (
            f"The gap of {listed(rest)} to the baseline is not shown to close or to open at the "
            "end."
        )


def _meeting(each: Outlook) -> str:
    if each.meets is None:
        return ""
    return f"; if it went on like this, it would be 0 at {numbers.amount(each.meets)} tokens"
