"""Axes as they multiply: each alone or zipped with others, under a condition or always."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from ablations.language import Axes, Condition
from ablations.tree import Node, Problems
from components.errors import Problem, UserError
from components.options import shown

MOST = 2000

Form: TypeAlias = Callable[[str, Node], str]
"""The text of a value of an axis, the same for two spellings of one value."""

Names: TypeAlias = Callable[[str, Node], tuple[str, ...]]
"""The components that a value of an axis names; none where its key is no kind."""

Indices: TypeAlias = Mapping[str, int]
"""Key of an axis -> which of its values a point has; axes that do not exist there are missing."""


@dataclass(frozen=True)
class Axis:
    """One thing that varies.

    Fields:
        key: the setting.
        values: as written.
        forms: of each value.
        names: of the components that each value names.
    """

    key: str
    values: Sequence[Node]
    forms: Sequence[str]
    names: Sequence[tuple[str, ...]]

    @property
    def listed(self) -> str:
        """The values for a message."""
        return ", ".join(shown(value.plain) for value in self.values)

    def indices(self, node: Node, form: Form) -> frozenset[int]:
        """Return which values of the axis a node is; several where the axis is zipped."""
        text = form(self.key, node)
        return frozenset(index for index, each in enumerate(self.forms) if each == text)


@dataclass(frozen=True)
class Band:
    """Axes that are zipped, or one alone.

    Fields:
        axes: of equally many values.
        when: key of another axis -> the values of it with which these axes exist; empty: always.
    """

    axes: Sequence[Axis]
    when: Mapping[str, frozenset[int]]

    def exists(self, point: Indices) -> bool:
        """Say whether a point has these axes."""
        return all(point.get(key) in indices for key, indices in self.when.items())

    def rows(self, point: Indices) -> list[Indices]:
        """Return what these axes may add to a point."""
        if not self.exists(point):
            return [{}]
        return [{axis.key: row for axis in self.axes} for row in range(len(self.axes[0].values))]


def read_bands(axes: Axes, form: Form, names: Names) -> list[Band]:
    """Return the axes in an order in which each comes after those that its condition names.

    Raises:
        UserError: two equal values, groups of unequal length, conditions that never hold.
    """
    problems = Problems()
    read = {
        key: problems.attempt(Axis(key, (), (), ()), _axis, key, values, form, names)
        for key, values in axes.values.items()
    }
    when = {
        key: problems.attempt({}, _when, key, condition, read, form)
        for key, condition in axes.when.items()
    }
    problems.settle()
    bands: list[Band] = []
    for group, keys in _groups(axes):
        band = Band([read[key] for key in keys], when.get(keys[0], {}))
        bands.append(band)
        problems.attempt(None, _check_band, group, band, [when.get(key, {}) for key in keys])
    problems.settle()
    return _ordered(bands, axes)


def crossed(bands: Sequence[Band], axes: Axes) -> list[Indices]:
    """Return the product of the bands, the axis that is written first outermost.

    Raises:
        UserError: there are more points than anyone means.
    """
    always = prod(len(band.axes[0].values) for band in bands if not band.when)
    _check_size(always, axes)
    points: list[Indices] = [{}]
    for band in bands:
        _check_size(sum(len(band.rows(point)) for point in points), axes)
        points = [{**point, **row} for point in points for row in band.rows(point)]
    return sorted(points, key=lambda point: [point.get(key, -1) for key in axes.values])


def _check_size(count: int, axes: Axes) -> None:
    if count > MOST:
        place = next(iter(axes.values.values())).place
        hint = f"at most {MOST}; leave values out, or split the question"
        raise UserError(Problem(f"the axes have {count} points", place, "axes", hints=(hint,)))


def _axis(key: str, values: Node, form: Form, names: Names) -> Axis:
    problems = Problems()
    forms = [problems.attempt(value.key, form, key, value) for value in values.value]
    found = [problems.attempt((), names, key, value) for value in values.value]
    problems.settle()
    return Axis(key, values.value, forms, found)


def _when(
    key: str, condition: Condition, axes: Mapping[str, Axis], form: Form
) -> dict[str, frozenset[int]]:
    problems = Problems()
    found: dict[str, frozenset[int]] = {}
    for other, values in condition.items():
        if other not in axes or other == key:
            hint = f"the other axes are {', '.join(each for each in axes if each != key)}"
            what = f"the condition of {key} names {other}, which is no other axis"
            problems.found.append(values[0].problem(what, hint))
        else:
            each = [
                problems.attempt(frozenset(), _held, axes[other], node, form) for node in values
            ]
            found[other] = frozenset[int]().union(*each)
    problems.settle()
    return found


def _held(axis: Axis, node: Node, form: Form) -> frozenset[int]:
    """Return which values of an axis a condition means.

    A component without options means every value that is this component, whatever its options.
    """
    indices = axis.indices(node, form)
    if isinstance(node.value, str):
        alone = (i for i, names in enumerate(axis.names) if names == (node.value,))
        indices = indices.union(alone)
    if not indices:
        hints = [f"the axis {axis.key} has: {axis.listed}"]
        if any(node.value in names for names in axis.names):
            hints.append("a chain or pattern is one value: write it as a list in the list")
        raise node.refuse(f"the condition never holds: {axis.key} never is that", *hints)
    return indices


def _groups(axes: Axes) -> list[tuple[Node, Sequence[str]]]:
    """Return the keys of every band, each with where it is written, in the order of the axes."""
    zipped = {key: (node, keys) for node, keys in axes.together for key in keys}
    found: list[tuple[Node, Sequence[str]]] = []
    for key, values in axes.values.items():
        group = zipped.get(key, (values, (key,)))
        if group not in found:
            found.append(group)
    return found


def _check_band(group: Node, band: Band, when: Sequence[Mapping[str, frozenset[int]]]) -> None:
    counts = [len(axis.values) for axis in band.axes]
    if len(set(counts)) > 1:
        said = ", ".join(f"{axis.key} has {len(axis.values)} ({axis.listed})" for axis in band.axes)
        raise group.refuse("axes that go together have equally many values", said)
    if any(each != when[0] for each in when):
        hint = "give all of them the same `when`"
        raise group.refuse("axes that go together exist under one condition", hint)
    rows = list(zip(*(axis.forms for axis in band.axes), strict=True))
    problems = Problems()
    for index, row in enumerate(rows):
        if (first := rows.index(row)) < index:
            value = band.axes[0].values[index]
            hint = f"it is {band.axes[0].values[first].key} again; take one out"
            what = "two values of an axis are the same"
            if len(band.axes) > 1:
                what = f"two values of {' and '.join(axis.key for axis in band.axes)} are the same"
            problems.found.append(value.problem(what, hint))
    problems.settle()


def _ordered(bands: Sequence[Band], axes: Axes) -> list[Band]:
    found: list[Band] = []
    left = list(bands)
    while left:
        placed = {axis.key for band in found for axis in band.axes}
        ready = [band for band in left if set(band.when) <= placed]
        if not ready:
            keys = [axis.key for band in left for axis in band.axes]
            hint = f"the axes {', '.join(keys)} wait for one another"
            raise axes.conditions[keys[0]].refuse("the conditions go in a circle", hint)
        found += ready
        left = [band for band in left if band not in ready]
    return found
