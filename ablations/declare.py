"""What a grid compares: baseline, axes or variants, what is fixed and what is left out."""

import re
from collections.abc import Collection
from difflib import get_close_matches

from ablations.assignments import read_settings, settings_called
from ablations.axes import read_axes
from ablations.language import (
    AXIS_KEYS,
    FIELD_SECTIONS,
    GRID_KEYS,
    MACHINE_KEYS,
    NOT_YET,
    Axes,
    Declared,
    Settings,
)
from ablations.leave_out import read_leave_out
from ablations.resolve import Layers
from ablations.tree import Node, Problems
from ablations.yaml_source import COMMAND_LINE
from components.catalogue import Catalogue
from components.errors import Problem, nearest
from components.options import shown
from pipelines.cell import PART_KINDS

RESERVED = ("baseline", "source")
"""Names that mean something else where variants are named."""


def check_keys(root: Node, catalogue: Catalogue, problems: Problems) -> None:
    """Add a problem for each key that a grid does not have, and none for those that it stood for.

    Call it last: that a grid has no `axes` is not said again where it has `axis`.
    """
    unknown = {key: node for key, node in root.items.items() if key not in GRID_KEYS}
    meant = {each for key in unknown for each in get_close_matches(key, GRID_KEYS, n=1)}
    problems.found = [
        each
        for each in problems.found
        if each.value or each.place != root.place or each.key not in meant
    ]
    problems.found += [_no_key(key, node, catalogue) for key, node in unknown.items()]


def _no_key(key: str, node: Node, catalogue: Catalogue) -> Problem:
    if key in NOT_YET:
        return node.problem(f"{key} is not yet part of the language", "take it out")
    if key in MACHINE_KEYS:
        hint = f"give it to the command: {key}=..."
        return node.problem(f"{key} says how to run, and is no key of a grid", hint)
    if key in AXIS_KEYS:
        hint = "write axes: {memory.xl.windows: {when: {memory: xl}, values: [1, 2]}}"
        return node.problem(f"{key} belongs to an axis", hint)
    keys = (*GRID_KEYS, *MACHINE_KEYS) if node.place == COMMAND_LINE else GRID_KEYS
    known = f"known keys: {', '.join(keys)}"
    if key.partition(".")[0] in (*PART_KINDS, *FIELD_SECTIONS):
        while len(node.items) == 1:
            node = next(iter(node.items.values()))
        return node.problem(f"unknown key {key}", _under_set(node.key, node), known)
    settings = settings_called(key, catalogue)[:1]
    close = tuple(_under_set(each, node) for each in settings) or nearest(key, keys)
    return node.problem(f"unknown key {key}", *close, known)


def _under_set(setting: str, node: Node) -> str:
    if node.place == COMMAND_LINE:
        return f"write set.{setting}={shown(node.plain)}"
    return f"did you mean set.{setting}?"


def read_declared(
    root: Node, preset: Settings, catalogue: Catalogue, problems: Problems
) -> Declared:
    """Read what a grid compares; what is wrong is added to `problems`.

    Args:
        root: the whole grid.
        preset: the settings of its scale.
        catalogue: of the components that may be named.
        problems: gathers.
    """
    keys = root.items
    baseline = keys.get("baseline")
    if baseline is None:
        hint = "every variant is judged against one: write `baseline: {positions: rotary}`"
        problems.found.append(
            Problem("the grid has no baseline", root.place, "baseline", hints=(hint,))
        )
        baseline = Node({}, "baseline", root.place)
    _check_ways(root, problems)
    fixed = read_settings(keys["set"], catalogue, problems) if "set" in keys else {}
    own = read_settings(baseline, catalogue, problems)
    layers = Layers(preset, {**fixed, **own})
    left_out = (
        read_leave_out(keys["leave_out"], layers, catalogue, problems)
        if "leave_out" in keys
        else None
    )
    return Declared(
        preset=preset,
        fixed=fixed,
        baseline=own,
        baseline_node=baseline,
        axes=read_axes(keys, catalogue, problems) if "axes" in keys else Axes(),
        exclude=_exclude(keys["exclude"], catalogue, problems) if "exclude" in keys else (),
        variants=_variants(keys["variants"], catalogue, problems) if "variants" in keys else {},
        leave_out=left_out.kinds if left_out else {},
        searched=keys.get("search"),
        stays=left_out.stays if left_out else (),
    )


WAYS = {
    "axes": "multiply axes",
    "variants": "name every variant",
    "leave_out": "leave one component out at a time",
    "search": "search",
}
"""The keys that say what varies -> what each does."""


def _check_ways(root: Node, problems: Problems) -> None:
    """Refuse a grid that varies nothing, or in two ways, and what belongs to another way."""
    keys = root.items
    first, *others = [key for key in WAYS if key in keys] or [""]
    for key in others:
        hint = f"{WAYS[first]}, or {WAYS[key]}: one of the two"
        problems.found.append(keys[key].problem(f"the grid has {first} and {key}", hint))
    if not first:
        hints = (
            "write `axes: {positions: [rotary, none]}`, or `variants:` with a name for each,",
            "or `leave_out: all`, or `search:` with ranges",
        )
        problems.found.append(Problem("the grid varies nothing", root.place, "axes", hints=hints))
    if first != "axes":
        advice = {"exclude": "leave the variant out instead", "together": "set both in a variant"}
        problems.found += [
            keys[key].problem(f"{key} belongs to axes", hint)
            for key, hint in advice.items()
            if first and key in keys
        ]


def _exclude(
    node: Node, catalogue: Catalogue, problems: Problems
) -> tuple[tuple[Node, Settings], ...]:
    if node.value is None:
        return ()
    if not isinstance(node.value, tuple):
        hint = "write [{positions: none, model.heads: 1}]"
        problems.found.append(node.problem("exclude is a list of points", hint))
        return ()
    found = []
    for each in node.value:
        if not each.items:
            hint = "write {positions: none}"
            problems.found.append(each.problem("a point has at least one key", hint))
        else:
            found.append((each, read_settings(each, catalogue, problems)))
    return tuple(found)


def _variants(
    node: Node, catalogue: Catalogue, problems: Problems
) -> dict[str, tuple[Node, Settings]]:
    if not node.items:
        hint = "write `nope: {positions: none}` below it"
        problems.found.append(node.problem("there are no variants", hint))
    found = {}
    for name, changes in node.items.items():
        if (problem := _bad_name(name, changes, RESERVED)) is not None:
            problems.found.append(problem)
        elif not changes.items:
            hint = "write what it changes: {positions: none}"
            problems.found.append(changes.problem(f"the variant {name} changes nothing", hint))
        else:
            found[name] = (changes, read_settings(changes, catalogue, problems))
    return found


def _bad_name(name: str, node: Node, reserved: Collection[str]) -> Problem | None:
    if name in reserved:
        return node.problem(f"a variant cannot be called {name}", "give it another key")
    if re.fullmatch(r"[^\s/](?:[^/\n\r\t]{0,58}[^\s/])?", name) and name.isprintable():
        return None
    hint = "expected 1 to 60 characters on one line, without a slash"
    return node.problem("that is no name of a variant", hint)
