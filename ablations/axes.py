"""Axes as a grid writes them: lists of values, when each exists, and which go together."""

from collections.abc import Mapping, Sequence

from ablations.assignments import AXIS_VALUES, check_value, flattened, is_component
from ablations.language import AXIS_KEYS, Axes, Condition, Group
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import Problem, nearest
from components.options import shown


def read_axes(keys: Mapping[str, Node], catalogue: Catalogue, problems: Problems) -> Axes:
    """Read `axes` and `together` of a grid; what is wrong is added to `problems`.

    An axis is a list of values, or, where it exists for some variants only, a mapping
    `{when: {memory: xl}, values: [1, 2]}`.
    """
    section = keys["axes"]
    written = flattened(section, catalogue, _is_conditional, problems, AXIS_VALUES)
    if section.value is None or section.value == {}:
        hint = "write at least one axis, `positions: [rotary, none]`"
        problems.found.append(section.problem("there are no axes", hint))
    values: dict[str, Node] = {}
    when: dict[str, Condition] = {}
    conditions: dict[str, Node] = {}
    for key, node in written.items():
        values[key] = node.items.get("values", node)
        if problems.attempt(None, _check_axis, key, node, catalogue) and "when" in node.items:
            conditions[key] = node.items["when"]
            when[key] = _condition(conditions[key], catalogue, problems)
    together = _together(keys["together"], tuple(values), problems) if "together" in keys else ()
    return Axes(values, when, conditions, together)


def _is_conditional(_words: Sequence[str], node: Node) -> bool:
    return any(key in node.items for key in AXIS_KEYS)


def _check_axis(key: str, node: Node, catalogue: Catalogue) -> bool:
    """Say that the values of an axis are good, and so are the keys of a conditional one."""
    problems = Problems()
    if node.items:
        problems.found += _wrong_keys(node)
    values = node.items.get("values", node)
    if values is not node or not node.items:
        problems.attempt(None, _check_list, values)
    if isinstance(values.value, tuple):
        for value in values.value:
            problems.attempt(None, check_value, key, value, catalogue)
    problems.settle()
    return True


def _wrong_keys(node: Node) -> list[Problem]:
    example = "{when: {memory: xl}, values: [1, 2]}"
    found = [
        each.problem(f"an axis has no key {name}", *nearest(name, AXIS_KEYS), f"write {example}")
        for name, each in node.items.items()
        if name not in AXIS_KEYS
    ]
    if "values" not in node.items:
        found.append(node.problem("the axis has no values", f"write {example}"))
    if "when" not in node.items:
        hint = f"write the list alone, or add when: {example}"
        found.append(node.problem("the axis does not say when it exists", hint))
    return found


def _check_list(values: Node) -> None:
    if isinstance(values.value, tuple) and values.value:
        return
    if not values.value and not isinstance(values.value, bool | int):
        raise values.refuse("the axis is empty", f"expected a list of values, {AXIS_VALUES}")
    hint = f"write [{shown(values.plain)}], or move the key to `set`"
    raise values.refuse("an axis is a list of values", hint)


def _condition(node: Node, catalogue: Catalogue, problems: Problems) -> Condition:
    """Read `{memory: xl}`; as under `axes`, an outer list holds several values."""
    if node.value is None or node.value == {}:
        hint = "write {memory: xl}: the axis exists where the memory is xl"
        problems.found.append(node.problem("the condition is empty", hint))
    found: dict[str, tuple[Node, ...]] = {}
    for key, given in flattened(node, catalogue, is_component, problems, "xl").items():
        values = given.value if isinstance(given.value, tuple) else (given,)
        if not values:
            problems.found.append(given.problem("no value is named", "write {memory: xl}"))
        for value in values:
            problems.attempt(None, check_value, key, value, catalogue)
        found[key] = values
    return found


def _together(node: Node, axes: Sequence[str], problems: Problems) -> list[tuple[Node, Group]]:
    """Read `[a, b]`, or a list of such groups."""
    members = node.value if isinstance(node.value, tuple) else ()
    groups = members if any(isinstance(each.value, tuple) for each in members) else (node,)
    found: list[tuple[Node, Group]] = []
    for group in groups:
        before = {key for _, keys in found for key in keys}
        if problems.attempt(None, _check_group, group, axes, before):
            found.append((group, tuple(group.plain)))
    return found


def _check_group(group: Node, axes: Sequence[str], before: set[str]) -> bool:
    """Say that a group names several axes, each in this group alone."""
    if not isinstance(group.value, tuple) or len(group.value) < 2:  # noqa: PLR2004  # two at least
        hint = "write [model.heads, model.kv_heads], or a list of such groups"
        raise group.refuse("axes go together in groups of two or more", hint)
    problems = Problems()
    for index, each in enumerate(group.value):
        name = each.plain
        if name not in axes:
            hints = (f"the axes are {', '.join(axes)}", *nearest(str(name), axes))
            problems.found.append(each.problem(f"{shown(name)} is no axis", *hints))
        elif name in before or name in group.plain[:index]:
            hint = "put all axes that go together in one group"
            problems.found.append(each.problem(f"{name} goes together with others already", hint))
    problems.settle()
    return True
