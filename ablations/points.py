"""The points of a grid: the product of its axes less what is excluded, or its named variants."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import TypeAlias

from ablations.language import Declared, Settings
from ablations.resolve import Layers, choices
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import Problem, UserError
from components.options import shown
from pipelines.cell import PART_KINDS

MOST = 2000

Form: TypeAlias = Callable[[str, Node], str]
"""The text of a value of an axis, the same for two spellings of one value."""


@dataclass(frozen=True)
class Point:
    """A point of the grid before it is named.

    Fields:
        name: its key under `variants`, else empty.
        settings: what it sets over preset and `set`.
        node: where it is written.
    """

    name: str
    settings: Settings
    node: Node


@dataclass(frozen=True)
class Axis:
    """One thing that varies.

    Fields:
        key: the setting.
        values: as written.
        forms: of each value.
    """

    key: str
    values: Sequence[Node]
    forms: Sequence[str]

    @property
    def listed(self) -> str:
        """The values for a message."""
        return ", ".join(shown(value.plain) for value in self.values)


def points(
    declared: Declared, layers: Layers, catalogue: Catalogue
) -> tuple[tuple[Point, ...], int]:
    """Return the points in grid order, and which of them is the baseline.

    Raises:
        UserError: the axes have no product that holds the baseline and something beside it.
    """
    if declared.variants:
        return _named_points(declared), 0
    return _axis_points(declared, partial(_form, layers, catalogue))


def _named_points(declared: Declared) -> tuple[Point, ...]:
    """The baseline, then each variant: the baseline with some settings replaced."""
    found = [Point("", declared.baseline, declared.baseline_node)]
    for name, (node, changes) in declared.variants.items():
        chosen_anew = set(changes) & set(PART_KINDS)
        kept = {
            key: each
            for key, each in declared.baseline.items()
            if key.partition(".")[0] not in chosen_anew
        }
        found.append(Point(name, {**kept, **changes}, node))
    return tuple(found)


def _axis_points(declared: Declared, form: Form) -> tuple[tuple[Point, ...], int]:
    problems = Problems()
    axes = [
        problems.attempt(Axis(key, (), ()), _axis, key, values, form)
        for key, values in declared.axes.items()
    ]
    problems.attempt(None, _check_size, declared)
    problems.attempt(None, _check_keys, declared)
    problems.settle()
    baseline = _baseline(declared, axes, form)
    excluded = [
        problems.attempt({}, _excluded, node, part, axes, baseline, form)
        for node, part in declared.exclude
    ]
    problems.settle()
    indices = [
        each
        for each in product(*(range(len(axis.values)) for axis in axes))
        if not any(_holds(part, axes, each) for part in excluded)
    ]
    if len(indices) == 1:
        hint = "give an axis a second value"
        raise declared.baseline_node.refuse("the grid has no variant beside its baseline", hint)
    return tuple(_point(axes, each) for each in indices), indices.index(baseline)


def _axis(key: str, values: Node, form: Form) -> Axis:
    problems = Problems()
    forms = [problems.attempt(value.key, form, key, value) for value in values.value]
    for index, (value, each) in enumerate(zip(values.value, forms, strict=True)):
        first = forms.index(each)
        if first < index:
            hint = f"it is {values.key}[{first}] again; take one out"
            problems.found.append(value.problem("two values of an axis are the same", hint))
    problems.settle()
    return Axis(key, values.value, forms)


def _form(layers: Layers, catalogue: Catalogue, key: str, node: Node) -> str:
    if key in PART_KINDS:
        members = choices(key, layers, {key: node}, catalogue)
        return json.dumps([member.as_json() for member in members])
    value = node.plain
    return json.dumps(float(value) if type(value) is int else value, sort_keys=True)


def _check_size(declared: Declared) -> None:
    count = prod(len(values.value) for values in declared.axes.values())
    if count > MOST:
        place = next(iter(declared.axes.values())).place
        hint = f"at most {MOST}; leave values out, or split the question"
        raise UserError(Problem(f"the axes have {count} points", place, "axes", hints=(hint,)))


def _check_keys(declared: Declared) -> None:
    """Refuse settings that an axis would overrule, or that would overrule every axis."""
    axes = ", ".join(declared.axes)
    found = [
        node.problem(f"{key} is an axis and under `set`", "the axis decides; take it out of `set`")
        for key, node in declared.fixed.items()
        if key in declared.axes
    ]
    hint = f"the axes are {axes}; make it one of them, or move it to `set`"
    found += [
        node.problem(f"the baseline has {key}, which is no axis", hint)
        for key, node in declared.baseline.items()
        if key not in declared.axes
    ]
    if found:
        raise UserError(*found)


def _baseline(declared: Declared, axes: Sequence[Axis], form: Form) -> tuple[int, ...]:
    problems = Problems()
    indices = []
    for axis in axes:
        node = declared.baseline.get(axis.key)
        if node is None:
            hint = f"add {axis.key} with one of its values: {axis.listed}"
            what = f"the baseline has no {axis.key}, which is an axis"
            problems.found.append(declared.baseline_node.problem(what, hint))
        else:
            what = "the baseline is not a point of the grid"
            hint = f"add {shown(node.plain)} to axes.{axis.key}, or choose one of these"
            indices.append(
                problems.attempt(-1, _index, axis, node, form, (what, f"{hint} as the baseline"))
            )
    problems.settle()
    return tuple(indices)


def _index(axis: Axis, node: Node, form: Form, wrong: tuple[str, str]) -> int:
    """Return which value of the axis a node is, else refuse with what is `wrong`, and a hint."""
    text = form(axis.key, node)
    if text in axis.forms:
        return axis.forms.index(text)
    what, hint = wrong
    raise node.refuse(what, f"the axis {axis.key} has: {axis.listed}", hint)


def _excluded(
    node: Node, part: Settings, axes: Sequence[Axis], baseline: Sequence[int], form: Form
) -> dict[str, int]:
    """Return the index on each axis that an excluded point names."""
    by_key = {axis.key: axis for axis in axes}
    problems = Problems()
    found: dict[str, int] = {}
    for key, value in part.items():
        if key not in by_key:
            hint = f"the axes are {', '.join(by_key)}"
            problems.found.append(value.problem(f"{key} is no axis", hint))
        else:
            wrong = ("the excluded point is not in the grid", "name one of these")
            found[key] = problems.attempt(-1, _index, by_key[key], value, form, wrong)
    problems.settle()
    if _holds(found, axes, baseline):
        hint = "every variant is judged against the baseline, so it stays"
        raise node.refuse("the baseline is excluded", hint)
    return found


def _holds(part: Mapping[str, int], axes: Sequence[Axis], indices: Sequence[int]) -> bool:
    """Say whether a point has every value that the partial point names."""
    point = {axis.key: index for axis, index in zip(axes, indices, strict=True)}
    return bool(part) and part.items() <= point.items()


def _point(axes: Sequence[Axis], indices: Sequence[int]) -> Point:
    settings = {axis.key: axis.values[index] for axis, index in zip(axes, indices, strict=True)}
    return Point("", settings, next(iter(settings.values())))
