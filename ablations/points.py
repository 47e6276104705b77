"""The points of a grid: the product of its axes less what is excluded, or its named variants."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ablations.bands import Axis, Band, Form, Indices, crossed, read_bands
from ablations.language import Declared, Settings
from ablations.members import read_members
from ablations.options_of_axes import refuse_unconditional
from ablations.outside import kept_outside
from ablations.resolve import Layers, choices
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import UserError
from components.options import shown
from pipelines.cell import PART_KINDS


@dataclass(frozen=True)
class Point:
    """A point of the grid before it is named.

    Fields:
        name: its key under `variants`, what it leaves out, or empty.
        settings: what it sets over preset and `set`.
        node: where it is written.
    """

    name: str
    settings: Settings
    node: Node


def points(
    declared: Declared, layers: Layers, catalogue: Catalogue
) -> tuple[tuple[Point, ...], int]:
    """Return the points in grid order, and which of them is the baseline.

    Raises:
        UserError: the axes have no product that holds the baseline and something beside it.
    """
    if declared.axes.values:
        return _axis_points(declared, layers, catalogue)
    return (Point("", declared.baseline, declared.baseline_node), *_named_points(declared)), 0


def _named_points(declared: Declared) -> list[Point]:
    """Return each variant: the baseline with some settings replaced, or a component left out."""
    changed = [(name, *each) for name, each in declared.variants.items()]
    changed += [(f"no {kind}", none, {kind: none}) for kind, none in declared.leave_out.items()]
    found = []
    for name, node, changes in changed:
        chosen_anew = set(changes) & set(PART_KINDS)
        kept = {
            key: each
            for key, each in declared.baseline.items()
            if key.partition(".")[0] not in chosen_anew
        }
        found.append(Point(name, {**kept, **changes}, node))
    return found


def _axis_points(
    declared: Declared, layers: Layers, catalogue: Catalogue
) -> tuple[tuple[Point, ...], int]:
    form = partial(_form, layers, catalogue)
    problems = Problems()
    read = partial(read_bands, declared.axes, form, partial(_names, catalogue))
    bands: Sequence[Band] = problems.attempt([], read)
    problems.attempt(None, _check_keys, declared)
    problems.attempt(None, refuse_unconditional, declared.axes, catalogue)
    problems.settle()
    product = crossed(bands, declared.axes)
    baseline = _baseline(declared, bands, form)
    axes = {axis.key: axis for band in bands for axis in band.axes}
    excluded = [
        problems.attempt({}, _excluded, node, part, axes, (product, baseline), form)
        for node, part in declared.exclude
    ]
    problems.settle()
    kept = [each for each in product if not any(_has(each, part) for part in excluded)]
    _check_some(declared, kept)
    outside = partial(kept_outside, declared, layers, catalogue)
    written = []
    for each in kept:
        values = {key: axes[key].values[index] for key, index in each.items()}
        others = declared.baseline if each == baseline else outside(values)
        settings = {**others, **values}
        ordered = {key: settings[key] for key in declared.axes.values if key in settings}
        written.append(Point("", ordered, next(iter(ordered.values()))))
    return tuple(written), kept.index(baseline)


def _form(layers: Layers, catalogue: Catalogue, key: str, node: Node) -> str:
    if key in PART_KINDS:
        members = choices(key, layers, {key: node}, catalogue)
        return json.dumps([member.as_json() for member in members])
    value = node.plain
    return json.dumps(float(value) if type(value) is int else value, sort_keys=True)


def _names(catalogue: Catalogue, key: str, node: Node) -> tuple[str, ...]:
    if key not in PART_KINDS:
        return ()
    return tuple(member.name for member in read_members(key, node, catalogue))


def _check_keys(declared: Declared) -> None:
    """Refuse settings that an axis would overrule, or that would overrule every axis."""
    axes = declared.axes
    found = [
        node.problem(f"{key} is an axis and under `set`", "the axis decides; take it out of `set`")
        for key, node in declared.fixed.items()
        if key in axes.values and key not in axes.when
    ]
    hint = f"the axes are {', '.join(axes.values)}; make it one of them, or move it to `set`"
    found += [
        node.problem(f"the baseline has {key}, which is no axis", hint)
        for key, node in declared.baseline.items()
        if key not in axes.values
    ]
    if found:
        raise UserError(*found)


def _baseline(declared: Declared, bands: Sequence[Band], form: Form) -> Indices:
    """Return the point that the baseline is.

    Raises:
        UserError: a value is missing, or no value of its axis, or axes that go together do not.
    """
    problems = Problems()
    found: dict[str, int] = {}
    for band in bands:
        if band.exists(found):
            row = problems.attempt(0, _row, declared, band, form)
            found |= {axis.key: row for axis in band.axes}
    problems.settle()
    return found


def _row(declared: Declared, band: Band, form: Form) -> int:
    problems = Problems()
    rows = frozenset(range(len(band.axes[0].values)))
    for axis in band.axes:
        node = declared.baseline.get(axis.key)
        if node is None:
            where = " here" if band.when else ""
            hint = f"add {axis.key} with one of its values: {axis.listed}"
            what = f"the baseline has no {axis.key}, which is an axis{where}"
            problems.found.append(declared.baseline_node.problem(what, hint))
        else:
            what = "the baseline is not a point of the grid"
            hint = f"add {shown(node.plain)} to {_list_key(axis)}, or choose one of these"
            wrong = (what, f"{hint} as the baseline")
            rows &= problems.attempt(rows, _indices, axis, node, form, wrong)
    problems.settle()
    if not rows:
        keys = " and ".join(axis.key for axis in band.axes)
        pairs = zip(*(axis.values for axis in band.axes), strict=True)
        hint = ", ".join(" with ".join(shown(each.plain) for each in pair) for pair in pairs)
        node = declared.baseline[band.axes[0].key]
        raise node.refuse("the baseline is not a point of the grid", f"{keys} are {hint}")
    return min(rows)


def _list_key(axis: Axis) -> str:
    """Return the key of the list that holds the values of an axis: `axes.positions`."""
    return axis.values[0].key.rpartition("[")[0]


def _indices(axis: Axis, node: Node, form: Form, wrong: tuple[str, str]) -> frozenset[int]:
    """Return which values of the axis a node is, else refuse with what is `wrong`, and a hint."""
    found = axis.indices(node, form)
    if not found:
        what, hint = wrong
        raise node.refuse(what, f"the axis {axis.key} has: {axis.listed}", hint)
    return found


def _excluded(
    node: Node,
    part: Settings,
    axes: Mapping[str, Axis],
    known: tuple[Sequence[Indices], Indices],
    form: Form,
) -> dict[str, frozenset[int]]:
    """Return the values on each axis that an excluded point names."""
    problems = Problems()
    found: dict[str, frozenset[int]] = {}
    for key, value in part.items():
        if key not in axes:
            hint = f"the axes are {', '.join(axes)}"
            problems.found.append(value.problem(f"{key} is no axis", hint))
        else:
            wrong = ("the excluded point is not in the grid", "name one of these")
            found[key] = problems.attempt(frozenset(), _indices, axes[key], value, form, wrong)
    problems.settle()
    product, baseline = known
    if _has(baseline, found):
        hint = "every variant is judged against the baseline, so it stays"
        raise node.refuse("the baseline is excluded", hint)
    if not any(_has(each, found) for each in product):
        hint = "no variant has all of these values"
        raise node.refuse("the excluded point is not in the grid", hint)
    return found


def _has(point: Indices, part: Mapping[str, frozenset[int]]) -> bool:
    """Say whether a point has every value that the partial point names."""
    return bool(part) and all(point.get(key) in indices for key, indices in part.items())


def _check_some(declared: Declared, kept: Sequence[Indices]) -> None:
    """Refuse a grid of one point, and axes that no point has."""
    if len(kept) == 1:
        hint = "give an axis a second value"
        raise declared.baseline_node.refuse("the grid has no variant beside its baseline", hint)
    problems = [
        node.problem(f"the condition never holds: no variant has {key}", "take the axis out")
        for key, node in declared.axes.conditions.items()
        if not any(key in each for each in kept)
    ]
    if problems:
        raise UserError(*problems)
