"""What a tuning or a search chooses from: lists of values, and ranges of numbers."""

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product
from typing import Any, TypeAlias

from ablations.assignments import AXIS_VALUES, check_value, flattened
from ablations.language import FIELD_SECTIONS, Settings, field_types
from ablations.tree import Node, Problems, grown
from components.catalogue import Catalogue
from components.errors import UserError, nearest
from components.options import describe, fit, shown
from pipelines.cell import PART_KINDS

RANGE_KEYS = ("low", "high", "log", "step")

EXAMPLE = "{low: 1e-4, high: 1e-2, log: true}"

EDGE = 0.05
"""Share of a range at either end that counts as its edge."""


@dataclass(frozen=True)
class Values:
    """A setting that takes one of some values.

    Fields:
        key: dotted, `optimizer.learning_rate`.
        values: scalars, lists and mappings as a grid writes them.
        place: where it was written.
    """

    key: str
    values: tuple[Any, ...]
    place: str = field(default="", compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return what a manifest and a digest hold."""
        return {"values": list(self.values)}


@dataclass(frozen=True)
class Range:
    """A setting that takes a number between two, these included.

    Fields:
        key: dotted, `optimizer.learning_rate`.
        low, high: whole numbers where the setting is one.
        log: whether each factor is as likely as any other.
        step: between two neighbours; None, every number.
        place: where it was written.
    """

    key: str
    low: int | float
    high: int | float
    log: bool = False
    step: int | float | None = None
    place: str = field(default="", compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return type(self.low) is int

    def as_json(self) -> dict[str, Any]:
        """Return what a manifest and a digest hold."""
        return {"low": self.low, "high": self.high, "log": self.log, "step": self.step}


Axis: TypeAlias = Values | Range


def read_space(
    section: Node, own: Collection[str], catalogue: Catalogue, problems: Problems
) -> tuple[Axis, ...]:
    """Read the settings of `tune` or `search` and what each may be, in the order written.

    Args:
        section: nested or dotted settings, each with a list or a range.
        own: keys of the section that are no settings.
        catalogue: of the components that may be named.
        problems: gathers.
    """
    rest = {key: node for key, node in section.items.items() if key not in own}
    for key in [each for each in rest if _is_misspelt(each, own)]:
        what = f"{section.key} has no key {key}"
        problems.found.append(rest.pop(key).problem(what, *nearest(key, own)))
    settings = replace(section, value=rest if section.items else section.value)
    written = flattened(settings, catalogue, _is_range, problems, AXIS_VALUES)
    if not rest and (section.value is None or section.items):
        hint = f"name at least one setting, optimizer.learning_rate: {EXAMPLE}"
        problems.found.append(section.problem(f"{section.key} varies nothing", hint))
    read = (problems.attempt(None, _axis, key, node, catalogue) for key, node in written.items())
    return tuple(axis for axis in read if axis is not None)


def listed(axis: Axis) -> tuple[Any, ...] | None:
    """Return every value of an axis in order; None where there are too many to tell."""
    if isinstance(axis, Values):
        return axis.values
    if axis.log or (axis.step is None and not axis.is_whole):
        return None
    step = Decimal(str(axis.step or 1))
    count = int((Decimal(str(axis.high)) - Decimal(str(axis.low))) / step)
    values = (Decimal(str(axis.low)) + index * step for index in range(count + 1))
    return tuple(int(each) if axis.is_whole else float(each) for each in values)


def combinations(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    """Yield every point of axes that can be listed, the last axis fastest."""
    keys = [axis.key for axis in axes]
    for point in product(*(listed(axis) or () for axis in axes)):
        yield dict(zip(keys, point, strict=True))


def size(axes: Sequence[Axis]) -> int | None:
    """Return the number of points; None where an axis cannot be listed."""
    counts = [listed(axis) for axis in axes]
    return None if None in counts else math.prod(len(each or ()) for each in counts)


def is_at_edge(axis: Axis, value: Any) -> bool:
    """Say whether a number lies at an end of its axis, so that a better one may lie beyond.

    Of a range without steps the outer 5 % count, of its logarithm where it is logarithmic. Words
    have no edge.
    """
    if isinstance(axis, Values):
        numbers = [each for each in axis.values if type(each) in (int, float)]
        whole = len(numbers) == len(axis.values)
        return whole and value in (min(numbers), max(numbers))
    if value in (axis.low, axis.high):
        return True
    if listed(axis) is not None:
        return False
    low, at, high = (math.log(each) if axis.log else each for each in (axis.low, value, axis.high))
    return min(at - low, high - at) <= EDGE * (high - low)


def edges(axes: Sequence[Axis], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys whose chosen value lies at an edge."""
    return tuple(axis.key for axis in axes if is_at_edge(axis, settings[axis.key]))


def as_settings(axes: Sequence[Axis], values: Mapping[str, Any]) -> Settings:
    """Return chosen values as settings of a variant, each with the place of its axis."""
    return {axis.key: _placed(axis, values[axis.key]) for axis in axes}


def _placed(axis: Axis, value: Any) -> Node:
    return grown(value, lambda _: axis.place, axis.key)


def _is_misspelt(key: str, own: Collection[str]) -> bool:
    return key.partition(".")[0] not in (*PART_KINDS, *FIELD_SECTIONS) and bool(nearest(key, own))


def _is_range(_words: Sequence[str], node: Node) -> bool:
    return any(key in node.items for key in RANGE_KEYS)


def _axis(key: str, node: Node, catalogue: Catalogue) -> Axis:
    types = _types(key, node, catalogue)
    if isinstance(node.value, tuple):
        return _values(key, node, types, catalogue)
    if _is_range((), node):
        return _range(key, node, types)
    single = f"[{shown(node.plain)}]" if node.value not in (None, {}) else "[1e-3, 3e-3]"
    hint = f"write a list, {single}, or a range of numbers, {EXAMPLE}"
    raise node.refuse(f"{key} has neither values nor a range", hint)


def _types(key: str, node: Node, catalogue: Catalogue) -> list[Any]:
    """Return the types that a setting may have: several where components share an option's name."""
    head, _, rest = key.partition(".")
    if head in FIELD_SECTIONS:
        return [field_types(head, catalogue)[rest]]
    if not rest:
        return []
    name, _, option = rest.rpartition(".")
    entries = [catalogue.entry(head, each) for each in ([name] if name else catalogue.names(head))]
    options = [each for entry in entries for each in entry.options]
    types = [each.annotation for each in options if each.name == option]
    if not types:
        hints = nearest(option, {each.name for each in options})
        raise node.refuse(f"no {head} has an option {option}", *hints)
    return types


def _values(key: str, node: Node, types: Sequence[Any], catalogue: Catalogue) -> Values:
    problems = Problems()
    forms: list[str] = []
    for each in node.value:
        problems.attempt(None, check_value, key, each, catalogue)
        if types and not any(_fits(each.plain, annotation) for annotation in types):
            expected = " or ".join(dict.fromkeys(describe(each) for each in types))
            what = f"{key} has the wrong type"
            problems.found += [] if problems.found else [each.problem(what, f"expected {expected}")]
        if (form := _form(each.plain)) in forms:
            first = node.value[forms.index(form)].key
            problems.found.append(each.problem("the value is repeated", f"it is {first} already"))
        forms.append(form)
    problems.settle()
    if len(forms) < 2:  # noqa: PLR2004  # one value is no choice
        raise node.refuse(f"{key} has nothing to choose from", "list two values or more")
    return Values(key, tuple(node.plain), node.place)


def _range(key: str, node: Node, types: Sequence[Any]) -> Range:
    problems = Problems()
    for name, each in node.items.items():
        if name not in RANGE_KEYS:
            hints = (*nearest(name, RANGE_KEYS), f"write {EXAMPLE}")
            problems.found.append(each.problem(f"a range has no key {name}", *hints))
    if not any(_fits(1, each) or _fits(0.5, each) for each in types):
        raise node.refuse(f"{key} is no number", "a range is of numbers; write a list of values")
    is_whole = not all(_fits(0.5, each) for each in types)
    for name in [each for each in ("low", "high") if each not in node.items]:
        problems.found.append(node.problem(f"the range has no {name}", f"write {EXAMPLE}"))
    numbers = {
        name: problems.attempt(None, _number, node.items[name], is_whole=is_whole)
        for name in ("low", "high", "step")
        if name in node.items and not (name == "step" and node.items[name].value is None)
    }
    log = node.items.get("log", Node(False, "", ""))  # noqa: FBT003  # a value, no switch
    if type(log.value) is not bool:
        problems.found.append(log.problem("log is true or false", "expected bool"))
    problems.settle()
    found = Range(key, numbers["low"], numbers["high"], log.value, numbers.get("step"), node.place)
    _check_ends(found, node)
    return found


def _number(node: Node, *, is_whole: bool) -> Any:
    kinds = (int,) if is_whole else (int, float)
    if type(node.value) not in kinds or not math.isfinite(node.value):
        raise node.refuse("not a number", f"expected {'a whole' if is_whole else 'a'} number")
    return node.value if is_whole else float(node.value)


def _check_ends(found: Range, node: Node) -> None:
    if found.low >= found.high:
        raise node.refuse("the range is empty", "low is below high")
    if found.log and found.low <= 0:
        raise node.items["low"].refuse("a logarithmic range starts above 0", "raise low")
    if found.step is None:
        return
    if found.log:
        raise node.items["step"].refuse("a logarithmic range has no steps", "take step or log out")
    if found.step <= 0:
        raise node.items["step"].refuse("a step is above 0", "a smaller range has smaller steps")
    low, high, step = (Decimal(str(each)) for each in (found.low, found.high, found.step))
    if (high - low) % step:
        hint = f"low + {int((high - low) / step)} steps is {low + (high - low) // step * step}"
        raise node.items["step"].refuse("the steps do not end at high", hint)


def _fits(value: Any, annotation: Any) -> bool:
    try:
        fit(value, annotation)
    except TypeError:
        return False
    return True


def _form(value: Any) -> str:
    return json.dumps(float(value) if type(value) is int else value, sort_keys=True)


def refuse_decided(
    axes: Sequence[Axis], decided: Mapping[str, Collection[str]], problems: Problems
) -> None:
    """Add a problem for each axis that something else of the grid decides as well.

    Args:
        axes: what is tuned.
        decided: "an axis", "under `set`", "what a variant changes" -> the keys that this decides.
        problems: gathers.
    """
    for axis in axes:
        for what, keys in decided.items():
            if axis.key in keys:
                node = Node(None, axis.key, axis.place)
                hint = "one of the two decides; take it out of the other"
                error: UserError = node.refuse(f"{axis.key} is tuned and {what}", hint)
                problems.found += [replace(each, value="") for each in error.problems]
