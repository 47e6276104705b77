"""The two drawings of a grid at several scales: its losses, and the differences to the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.carrying import size_of
from reports.carrywords import word
from reports.drawings.drawing import Mark
from reports.efficiency import bits
from reports.judged import loss_name
from reports.numbers import THIN, amount, fixed, interval, limit
from reports.scalepicture import Picture, Value, scale_picture
from reports.sides import Side, tokenizers

NATS, BITS = "nats per token", "bits per byte"


@dataclass(frozen=True)
class Scales:
    """The sides of one grid, from small to large, with what they are called.

    Fields:
        along: `parameters`, or `tokens` where parameters do not differ.
        unit: of losses and differences; tokenizers that differ need bits per byte.
        factors: of each side, from nats per token to that unit; none where it is not known.
    """

    sides: tuple[Side, ...]
    names: tuple[str, ...]
    along: str
    unit: str
    factors: tuple[float, ...]

    @property
    def sizes(self) -> tuple[float, ...]:
        """Size of the baseline of each."""
        return tuple(float(size_of(each)[self.along == "tokens"]) for each in self.sides)

    def size(self, place: int, variant: str) -> float:
        """Return the size of a variant: its own parameters, or the tokens of the grid."""
        parameters = self.sides[place].manifest.variant(variant).parameters
        is_own = self.along == "parameters" and parameters
        return float(parameters or 0) if is_own else self.sizes[place]


def scales_of(sides: Sequence[Side], names: Sequence[str]) -> Scales:
    """Order the sides of one grid by size, and choose axis and unit."""
    order = sorted(range(len(sides)), key=lambda place: size_of(sides[place]))
    ordered = tuple(sides[place] for place in order)
    parameters = {size_of(each)[0] for each in ordered}
    one = {tuple(tokenizers(each.manifest)) for each in ordered}
    is_same = len(one) == 1 and all(len(each) == 1 for each in one)
    return Scales(
        ordered,
        tuple(names[place] for place in order),
        "parameters" if len(parameters) > 1 and 0 not in parameters else "tokens",
        NATS if is_same else BITS,
        tuple(1.0 for _ in ordered) if is_same else _bits_of_a_nat(ordered),
    )


def pictures(scales: Scales, marks: Mapping[str, Mark]) -> tuple[Picture, Picture]:
    """Draw the losses, and what the verdicts are about."""
    return _losses(scales, marks), _differences(scales, marks)


def _bits_of_a_nat(sides: Sequence[Side]) -> tuple[float, ...]:
    """Bits per byte of one nat per token; none unless each side has one tokenizer and its bytes."""
    factors = []
    for side in sides:
        baseline = side.manifest.baseline
        wide, found = side.summaries[baseline].wide, bits(side.frames).get(baseline)
        if wide is None or found is None or len(tokenizers(side.manifest)) != 1:
            return ()
        factors.append(found / wide.mean)
    return tuple(factors)


def _losses(scales: Scales, marks: Mapping[str, Mark]) -> Picture:
    what = loss_name(scales.sides[0].manifest)
    title = f"Final {what}, {scales.unit}"
    problem = _why_no_losses(scales)
    if problem:
        return Picture(title, "", problem=problem)
    series = []
    for name in _variants(scales):
        found = (_loss(scales, place, name) for place in range(len(scales.sides)))
        series.append((marks[name], [each for each in found if each is not None]))
    label = f"Final {what} over {scales.along}, a line for each variant."
    return scale_picture(title, label, series, _feet(scales))


def _differences(scales: Scales, marks: Mapping[str, Mark]) -> Picture:
    baselines = {each.manifest.baseline for each in scales.sides}
    names = {each.manifest.label(each.manifest.baseline) for each in scales.sides}
    title = f"Difference to the baseline, {scales.unit}"
    if len(baselines) > 1:
        return Picture(title, "", problem="The baselines differ, so do their differences.")
    if problem := _why_nothing(scales):
        return Picture(title, "", problem=problem)
    series = []
    for name in _variants(scales):
        found = (_difference(scales, place, name) for place in range(len(scales.sides)))
        series.append((marks[name], [each for each in found if each is not None]))
    baseline = min(names)
    label = f"Difference to {baseline} over {scales.along}, a line for each variant."
    return scale_picture(title, label, series, _feet(scales), zero=baseline)


def _why_no_losses(scales: Scales) -> str:
    if problem := _why_nothing(scales):
        return problem
    if len({loss_name(each.manifest) for each in scales.sides}) > 1:
        return "The losses that judge differ, so they cannot stand on one axis."
    texts = {str(each.manifest.data.get("text_digest")) for each in scales.sides}
    digests = {str(each.manifest.data.get("digest")) for each in scales.sides}
    if len(digests) > 1 and (len(texts) > 1 or texts == {"None"}):
        return "The scales are evaluated on different texts: their losses share no axis."
    return ""


def _why_nothing(scales: Scales) -> str:
    if not scales.factors:
        return "The tokenizers differ, and bits per byte are not known for every scale."
    return "" if min(scales.sizes) > 0 else "The size of a scale is not known."


def _variants(scales: Scales) -> list[str]:
    return list(dict.fromkeys(v.name for side in scales.sides for v in side.manifest.variants))


def _loss(scales: Scales, place: int, name: str) -> Value | None:
    summary = scales.sides[place].summaries.get(name)
    if summary is None or summary.wide is None:
        return None
    wide, factor = summary.wide, scales.factors[place]
    low, high = _times(wide.low, factor), _times(wide.high, factor)
    ends = "no interval" if low is None else f"95{THIN}% {fixed(low, 3)} to {fixed(high, 3)}"
    spoken = f"{_at(scales, place, name)}: {fixed(wide.mean * factor, 3)}, {ends}"
    return Value(place, scales.size(place, name), wide.mean * factor, low, high, spoken)


def _difference(scales: Scales, place: int, name: str) -> Value | None:
    side = scales.sides[place]
    claim = side.claims.get(name)
    if claim is None or claim.difference is None:
        return None
    factor = scales.factors[place]
    low, high = _times(claim.low, factor), _times(claim.high, factor)
    ends = "no interval" if low is None else interval(low, high)
    mean = claim.difference * factor
    said = f"{limit(mean, 3)}, {ends}, {word(claim.verdict)}"
    spoken = f"{_at(scales, place, name)}: {said}"
    return Value(place, scales.size(place, name), mean, low, high, spoken)


def _at(scales: Scales, place: int, name: str) -> str:
    return f"{scales.sides[place].manifest.variant(name).label} at {scales.names[place]}"


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _feet(scales: Scales) -> list[tuple[float, str, str]]:
    sizes = scales.sizes
    return [
        (size, amount(size), name)
        for size, name in zip(sizes, scales.names, strict=True)
        if size > 0
    ]
