"""What a grid declares -> its variants, each with the cell that it trains."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ablations.language import Declared, Variant
from ablations.members import read_members
from ablations.naming import axis_names, label, written
from ablations.points import Point, points
from ablations.resolve import Layers, defaults, flat, is_comparable, lookup, resolve
from ablations.tree import Node, Problems
from ablations.unread import refuse_unread
from components.catalogue import Catalogue
from components.errors import UserError
from components.options import Choice, plain, shown
from pipelines.cell import PART_KINDS, Cell


@dataclass(frozen=True)
class Expansion:
    """The variants of a grid in grid order.

    Fields:
        variants: named.
        cells: of each variant, with seed 0.
        baseline: the name of the variant that the others are judged against.
    """

    variants: tuple[Variant, ...]
    cells: tuple[Cell, ...]
    baseline: str


def expand(declared: Declared, catalogue: Catalogue) -> Expansion:
    """Make every variant of a grid.

    Raises:
        UserError: everything that is wrong with any of them: unknown options, values out of range,
            a baseline beside the axes, two equal variants.
    """
    layers = Layers(declared.preset, declared.fixed)
    found, baseline = points(declared, layers, catalogue)
    problems = Problems()
    resolved = [
        problems.attempt(None, resolve, layers, point.settings, catalogue) for point in found
    ]
    problems.settle()
    cells = tuple(cell for cell in resolved if cell is not None)
    _refuse_unreached(declared, cells)
    refuse_unread(declared.fixed, [point.settings for point in found], cells)
    alone = partial(_alone, layers, catalogue)
    variants = _variants(declared, found, cells, baseline, alone)
    if declared.searched is None:  # the best of a search may be what the baseline is
        _refuse_equal(found, cells, [variant.name for variant in variants])
    expansion = Expansion(variants, cells, variants[baseline].name)
    return _with_solved(expansion, found, declared, catalogue) if declared.solved else expansion


def _with_solved(
    expansion: Expansion, found: Sequence[Point], declared: Declared, catalogue: Catalogue
) -> Expansion:
    """Put what was solved into the variants, which are called as before.

    Raises:
        UserError: a variant has no such setting.
    """
    layers = Layers(declared.preset, declared.fixed)
    problems = Problems()
    cells = []
    for variant, point, before in zip(expansion.variants, found, expansion.cells, strict=True):
        own = {**point.settings, **declared.solved.get(variant.name, {})}
        cells.append(problems.attempt(before, resolve, layers, own, catalogue))
    problems.settle()
    base = cells[[variant.name for variant in expansion.variants].index(expansion.baseline)]
    alone = partial(_alone, layers, catalogue)
    keys = dict.fromkeys(key for settings in declared.solved.values() for key in settings)
    variants = [
        replace(
            variant,
            differs={**variant.differs, **_unlike_in(keys, cell, base, alone)},
            settings=flat(cell),
        )
        for variant, cell in zip(expansion.variants, cells, strict=True)
    ]
    return Expansion(tuple(variants), tuple(cells), expansion.baseline)


def _unlike_in(
    keys: Collection[str], cell: Cell, base: Cell, alone: Callable[[Choice], Choice]
) -> dict[str, Any]:
    unlike = [key for key in keys if lookup(cell, key) != lookup(base, key)]
    return {key: _differing(key, lookup(cell, key), alone) for key in unlike}


def _refuse_unreached(declared: Declared, cells: Sequence[Cell]) -> None:
    """Refuse an option under `set` whose component no variant chooses."""
    chosen = {each.path for cell in cells for part in cell.parts.values() for each in part}
    problems = [
        node.problem(f"no variant chooses {kind}/{rest[0]}", f"choose it, or take {key} out")
        for key, node in declared.fixed.items()
        for kind, *rest in [key.split(".")]
        if kind in PART_KINDS and len(rest) > 1 and f"{kind}/{rest[0]}" not in chosen
    ]
    if problems:
        raise UserError(*problems)


def _variants(
    declared: Declared,
    found: Sequence[Point],
    cells: Sequence[Cell],
    baseline: int,
    alone: Callable[[Choice], Choice],
) -> tuple[Variant, ...]:
    """Call each variant by what differs from the baseline, or by the name that it has."""
    names = _value_names([*declared.axes.values] or [*declared.baseline], cells)
    base = cells[baseline]
    variants = []
    for index, (point, cell) in enumerate(zip(found, cells, strict=True)):
        unlike = _unlike(declared, point, cell, base)
        if index == baseline:
            name, title = _base_name(declared, point, names[index], cell)
        elif point.name:
            name = title = point.name
        else:
            name, title = _called(unlike, names[index], cell)
        differs = {key: _differing(key, _own(key, cell, unlike), alone) for key in unlike}
        variants.append(Variant(name, title, differs, flat(cell)))
    return tuple(variants)


def _base_name(
    declared: Declared, point: Point, names: Mapping[str, str], cell: Cell
) -> tuple[str, str]:
    """Return name and label of the baseline: its values, unless it is a variant of its own."""
    is_own = declared.leave_out or declared.searched
    if is_own or (declared.variants and len(declared.baseline) != 1):
        return "baseline", "baseline"
    return _called([*point.settings], names, cell)


def _unlike(declared: Declared, point: Point, cell: Cell, base: Cell) -> list[str]:
    """Return the settings in which a variant differs from the baseline.

    An axis that does not exist at a point differs there only if the cell has the setting too.
    """
    keys = declared.axes.values or point.settings
    return [
        key
        for key in keys
        if (key in point.settings or is_comparable(key, cell, base))
        and _own(key, cell, keys) != _own(key, base, keys)
    ]


def _called(keys: Sequence[str], names: Mapping[str, str], cell: Cell) -> tuple[str, str]:
    """Return the name and the label of a variant by its values of some keys."""
    titles = [label(key, names[key], lookup(cell, key)) for key in keys]
    return ", ".join(names[key] for key in keys), ", ".join(titles)


def _value_names(keys: Sequence[str], cells: Sequence[Cell]) -> list[dict[str, str]]:
    """Name the value that each cell has of each key."""
    distinct: dict[str, list[Any]] = {key: [] for key in keys}
    for cell in cells:
        for key, values in distinct.items():
            if (value := _own(key, cell, keys)) not in values:
                values.append(value)
    named = axis_names(distinct)
    return [
        {key: named[key][distinct[key].index(_own(key, cell, keys))] for key in keys}
        for cell in cells
    ]


def _own(key: str, cell: Cell, keys: Collection[str]) -> Any:
    """Return the value of a setting, a component without the options that are settings of `keys`.

    With axes `memory` and `memory.xl.windows` the windows are no part of what the memory is.
    """
    value = lookup(cell, key)
    if key not in PART_KINDS:
        return value
    return tuple(
        replace(
            each,
            options={
                name: option
                for name, option in each.options.items()
                if not {f"{key}.{name}", f"{key}.{each.name}.{name}"} & {*keys}
            },
        )
        for each in value
    )


def _differing(key: str, value: Any, alone: Callable[[Choice], Choice]) -> Any:
    if key not in PART_KINDS:
        return value
    return written(value, [alone(each) for each in value])


def _alone(layers: Layers, catalogue: Catalogue, choice: Choice) -> Choice:
    """Return the component as its name alone would give it."""
    node = Node(choice.name, choice.kind, "")
    (member,) = read_members(choice.kind, node, catalogue)
    given = {name: each.plain for name, each in defaults(member, layers, catalogue).items()}
    return catalogue.choice(choice.kind, choice.name, given)


def _refuse_equal(found: Sequence[Point], cells: Sequence[Cell], names: Sequence[str]) -> None:
    """Refuse two variants that would train the same cells, and two of one name."""
    problems = []
    seen: dict[str, int] = {}
    for index, (point, cell) in enumerate(zip(found, cells, strict=True)):
        first = seen.setdefault(json.dumps(plain(cell.as_json()), sort_keys=True), index)
        if first < index:
            a, b = (_spelled(found[each]) for each in (first, index))
            hint = "all their settings have the same values; take one out"
            problems.append(point.node.problem(f"two variants are equal: {a} and {b}", hint))
        elif names[index] in names[:index]:
            what = f"two variants are called {names[index]}"
            problems.append(point.node.problem(what, "give one another key"))
    if problems:
        raise UserError(*problems)


def _spelled(point: Point) -> str:
    """Return a point as its author wrote it."""
    if point.name or point.node.key == "baseline":
        return point.name or "the baseline"
    return ", ".join(f"{key}={shown(node.plain)}" for key, node in point.settings.items())
