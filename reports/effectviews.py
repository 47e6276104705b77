"""What is said and drawn of main effects and interactions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from reports.axes import Axis
from reports.drawings.drawing import Drawing, Table
from reports.drawings.effects import Dot, Square, dots, half_normal, squares
from reports.effects import FEWEST_SEEDS, Effect, Effects, interacting, shown_main
from reports.numbers import decimals, fixed, interval, percent, signed
from reports.wording import listed

WORDS = {"unresolved": "not resolved", "one_seed": "no verdict"}
CROSS = "\u00d7"
LEAST_HEIGHT, OF_A_ROW, OF_THE_AXIS = 330, 22, 60  # pixels


@dataclass(frozen=True)
class View:
    """The section: a figure of main effects, one of each pair of axes, and the sentences.

    Fields:
        main: dots with intervals; of one seed the half-normal plot of all effects.
        height: of its figure in pixels, so that every level has its row.
        interactions: anchor and heat map of each pair of axes.
        sentences: the same as below the headline.
    """

    main: Drawing
    height: int
    interactions: tuple[tuple[str, Drawing], ...]
    sentences: tuple[str, ...]


def view(given: Effects, margin: float | None) -> View:
    """Draw the effects of a grid."""
    name = f"Effects of {listed([each.name for each in given.axes], limit=4)}"
    told = sentences(given, margin)
    if not given.seeds:
        return View(Drawing(name, "", problem="No seed finished in all variants."), 0, (), told)
    if len(given.seeds) < FEWEST_SEEDS:
        return View(_unreplicated(given, name), LEAST_HEIGHT, (), told)
    pairs = [*combinations(range(len(given.axes)), 2)]
    maps = tuple((f"effects-{place}", _map(given, pair)) for place, pair in enumerate(pairs))
    rows = 2 * len(given.axes) + len(shown_main(given, margin))
    height = max(LEAST_HEIGHT, OF_A_ROW * rows + OF_THE_AXIS)
    return View(_main(given, margin, name), height, maps, told)


def sentences(given: Effects | None, margin: float | None) -> tuple[str, ...]:
    """Name the largest resolved main effect, and say whether an interaction is resolved.

    Nothing of one seed, and nothing of a grid that is no product.
    """
    if given is None or all(each.interval is None for each in given.declared):
        return ()
    averaged = [each for each in shown_main(given, margin) if each.kind == "main"]
    resolved = [each for each in averaged if each.is_resolved]
    told = [_largest(given, resolved)] if resolved else []
    if averaged and not resolved:
        told = [_none_resolved("main effect", averaged, margin)]
    return (*told, _interactions(given, margin))


def _none_resolved(what: str, every: Sequence[Effect], margin: float | None) -> str:
    small = [each for each in every if each.word == "equivalent"]
    if not small:
        return f"No {what} is resolved."
    size = f"smaller than {margin:g} nats/token"
    if len(small) == len(every):
        return f"The {what} is {size}." if len(every) == 1 else f"All {what}s are {size}."
    return f"No {what} is resolved; {len(small)} of {len(every)} are {size}."


def _largest(given: Effects, resolved: Sequence[Effect]) -> str:
    largest = max(resolved, key=lambda each: abs(each.estimate or 0.0))
    axis = given.axes[largest.axes[0]]
    others = listed([each.name for each in given.axes if each is not axis], limit=4)
    level, reference = axis.levels[largest.levels[0]], axis.levels[0]
    return (
        f"The largest main effect: {level} instead of {reference}, averaged over {others}, "
        f"{_change(largest)} ({_evidence(given, largest)})."
    )


def _interactions(given: Effects, margin: float | None) -> str:
    resolved = [each for each in given.interactions if each.is_resolved]
    if not resolved:
        return _none_resolved("interaction", given.interactions, margin)
    largest = max(resolved, key=lambda each: abs(each.estimate or 0.0))
    one, other = (
        given.axes[axis].levels[level]
        for axis, level in zip(largest.axes, largest.levels, strict=True)
    )
    many = len(given.interactions)
    count = "The interaction is" if many == 1 else f"{len(resolved)} of {many} interactions are"
    which = "" if many == 1 else " the largest of them:"
    side = "above" if (largest.estimate or 0.0) > 0 else "below"
    text = (
        f"{count} resolved;{which} {one} and {other} together end "
        f"{_size(largest)} nats/token {side} the sum of their effects ({_evidence(given, largest)})"
    )
    return f"{text}.{_stand(given, margin)}"


def _stand(given: Effects, margin: float | None) -> str:
    apart = [
        axis.name for place, axis in enumerate(given.axes) if interacting(given, place, margin)
    ]
    if not apart:
        return ""
    return f" So the effects of {listed(apart, limit=4)} stand at each level, not averaged."


def _change(each: Effect) -> str:
    verb = "lowers" if (each.estimate or 0.0) < 0 else "raises"
    return f"{verb} the loss by {_size(each)} nats/token"


def _size(each: Effect) -> str:
    return fixed(abs(each.estimate or 0.0), _places(each))


def _evidence(given: Effects, each: Effect) -> str:
    if each.interval is None:
        return "no interval"
    kind = "always-valid" if given.method == "always-valid" else "simultaneous"
    limits = interval(each.interval.low, each.interval.high)
    seeds = f"{len(each.values)} seeds"
    return (
        f"{percent(given.level)} {kind} interval {limits}, {seeds}, {len(given.declared)} effects"
    )


def _places(each: Effect) -> int:
    return decimals(None if each.interval is None else each.interval.half_width)


def _main(given: Effects, margin: float | None, name: str) -> Drawing:
    shown = shown_main(given, margin)
    rows = [*_dots(given, shown)]
    apart = any(each.kind == "at" for each in shown)
    how = (
        "What interacts stands at each level of the other, with intervals of a family of its own; "
        "the rest is averaged over the other axes."
        if apart
        else "Averaged over the other axes; with the interactions the intervals hold together with "
        f"{percent(given.level)}."
    )
    return Drawing(
        title=name,
        subtitle=f"Loss less that of the level on the line, lower is better. {how} "
        f"{_grey(shown)}Hollow: not resolved.",
        label=f"{name} on the final loss: {' '.join(sentences(given, margin))}",
        table=_table(given, [*shown, *given.interactions]),
        figure=dots(rows),
    )


def _grey(shown: Sequence[Effect]) -> str:
    return "Grey: within the margin. " if any(e.word == "equivalent" for e in shown) else ""


def _dots(given: Effects, shown: Sequence[Effect]) -> Iterator[Dot]:
    for place, axis in enumerate(given.axes):
        own = [each for each in shown if each.axes[0] == place]
        yield Dot(axis.name, axis.levels[0], 0.0, None, None, "")
        for each in own:
            yield Dot(
                axis.name,
                _name(given, each),
                each.estimate,
                None if each.interval is None else each.interval.low,
                None if each.interval is None else each.interval.high,
                each.word,
            )


def _map(given: Effects, pair: tuple[int, int]) -> Drawing:
    one, other = (given.axes[place] for place in pair)
    cells = [each for each in given.interactions if each.axes == pair]
    found = [
        Square(
            each.levels[1] - 1,
            each.levels[0] - 1,
            each.estimate,
            signed(each.estimate, _places(each)),
            "" if each.interval is None else interval(each.interval.low, each.interval.high),
            each.word,
        )
        for each in cells
    ]
    name = f"{one.name} {CROSS} {other.name}"
    return Drawing(
        title=name,
        subtitle="How far two changes together end from the sum of each alone, nats per token, "
        f"with {percent(given.level)} interval. Orange: higher, so worse; blue: lower. "
        f"{_grey(cells)}Hatched: not resolved.",
        label=f"Interaction of {one.name} and {other.name} on the final loss.",
        table=_table(given, cells),
        figure=squares(found, _levels(other), _levels(one), (other.name, one.name)),
    )


def _levels(axis: Axis) -> tuple[str, ...]:
    return axis.levels[1:]


def _unreplicated(given: Effects, name: str) -> Drawing:
    known = [(_name(given, each), each.estimate or 0.0) for each in given.declared]
    return Drawing(
        title=name,
        subtitle="One seed: no test. Effects that are noise alone lie on a line through 0; one "
        "that stands far above it asks for more seeds.",
        label=f"Half-normal plot of the {len(known)} effects of one seed.",
        table=_table(given, given.declared),
        figure=half_normal(known),
    )


def _name(given: Effects, each: Effect) -> str:
    first, *rest = (
        given.axes[axis].levels[level] for axis, level in zip(each.axes, each.levels, strict=True)
    )
    if each.kind == "main":
        return first
    return f"{first} {CROSS} {rest[0]}" if each.kind == "interaction" else f"{first}, at {rest[0]}"


def _table(given: Effects, shown: Sequence[Effect]) -> Table:
    columns = ("effect", "nats per token", f"{percent(given.level)} interval", "verdict", "seeds")
    rows = tuple(
        (
            _name(given, each),
            signed(each.estimate, _places(each)),
            "–" if each.interval is None else interval(each.interval.low, each.interval.high),
            WORDS.get(each.word, each.word),
            str(len(each.values)),
        )
        for each in shown
    )
    return Table(columns, rows)
