"""What a mapping of a grid assigns: nested or dotted keys, flattened and checked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ablations.language import (
    FIELD_SECTIONS,
    GRID_KEYS,
    NOT_YET,
    Settings,
    field_types,
    known_settings,
)
from ablations.members import fill, fitted, read_members
from ablations.own_components import not_loaded
from ablations.ranges import check_range
from ablations.tree import Node, Problems
from ablations.twice import written_twice
from components.catalogue import Catalogue
from components.errors import ELSEWHERE, UserError, nearest
from components.options import Option
from pipelines.cell import PART_KINDS


def read_settings(section: Node, catalogue: Catalogue, problems: Problems) -> Settings:
    """Flatten the settings of `set`, a baseline, a variant or a preset.

    A kind holds a component; `model: {width: 64}` is `model.width: 64`. Unknown keys, settings that
    are written in two ways and values that no cell could have are added to `problems`.
    """
    settings = flattened(section, catalogue, is_component, problems)
    problems.found += written_twice(settings, catalogue)
    for key, node in settings.items():
        problems.attempt(None, check_value, key, node, catalogue)
    return settings


def check_value(key: str, node: Node, catalogue: Catalogue) -> None:
    """Refuse what can be refused without knowing the rest of the cell.

    Raises:
        UserError: an unknown component, an unknown option of it, a value of the wrong type.
    """
    head, _, rest = key.partition(".")
    if not rest:
        problems = Problems()
        for member in read_members(head, node, catalogue):
            problems.attempt(None, fill, member, member.options, catalogue)
        problems.settle()
    elif head in FIELD_SECTIONS:
        check_range(node, key, fitted(node, key, field_types(head, catalogue)[rest]))
    elif "." in rest:
        name, _, option = rest.partition(".")
        types = {each.name: each.annotation for each in catalogue.entry(head, name).options}
        fitted(node, key, types[option])


Leaf: TypeAlias = Callable[[Sequence[str], Node], bool]
"""Whether the mapping at some words is one value, and not settings one step below."""

AXIS_VALUES = "[rotary, none]"


def is_component(words: Sequence[str], _node: Node) -> bool:
    """Say whether the words name a kind: what stands there is a component with its options."""
    return len(words) == 1 and words[0] in PART_KINDS


def flattened(
    section: Node, catalogue: Catalogue, is_leaf: Leaf, problems: Problems, example: str = "rotary"
) -> dict[str, Node]:
    """Return the settings whose keys are good; what is wrong is added to `problems`.

    Args:
        section: nested or dotted settings.
        catalogue: of the components that may be named.
        is_leaf: where a mapping is a value.
        problems: gathers.
        example: a value of `positions`, for messages.
    """
    if section.value is not None and not isinstance(section.value, Mapping):
        hints = [f"write `positions: {example}` below it, indented"]
        hints += ["without the dashes"] if isinstance(section.value, tuple) else []
        problems.found.append(section.problem("a mapping is expected here", *hints))
    settings: dict[str, Node] = {}
    for words, node in _spread((), section, is_leaf):
        key = ".".join(words)
        if key in settings:
            other = settings[key]
            hint = f"the other is {other.key} at {other.place}"
            problems.found.append(node.problem(f"{key} is written twice", hint))
        elif problems.attempt(False, _check_key, words, node, catalogue):  # noqa: FBT003  # no key
            settings[key] = node
    return settings


def _spread(
    before: tuple[str, ...], node: Node, is_leaf: Leaf
) -> list[tuple[tuple[str, ...], Node]]:
    found: list[tuple[tuple[str, ...], Node]] = []
    for name, child in node.items.items():
        words = (*before, *name.split("."))
        if child.items and not is_leaf(words, child):
            found += _spread(words, child, is_leaf)
        else:
            found.append((words, child))
    return found


def _check_key(words: Sequence[str], node: Node, catalogue: Catalogue) -> bool:
    """Refuse a key that names no setting."""
    if words[0] in PART_KINDS:
        _check_option(words, node, catalogue)
    elif words[0] in FIELD_SECTIONS:
        _check_field(words, node, catalogue)
    else:
        raise _unknown(words, node, catalogue)
    return not (len(words) == 1 and words[0] in FIELD_SECTIONS)


def known_setting(node: Node, key: str, catalogue: Catalogue) -> list[Any]:
    """Return the types that a setting may have; an option of a kind has one for each component.

    Raises:
        UserError: there is no such setting; the message is at `node`, which names it.
    """
    words = key.split(".")
    _check_key(words, node, catalogue)
    kind, option = words[0], words[-1]
    if kind in FIELD_SECTIONS:
        return [field_types(kind, catalogue)[option]]
    names = words[1:2] if len(words) > 2 else catalogue.names(kind)  # noqa: PLR2004  # kind.option
    found = [
        each.annotation
        for name in names
        for each in catalogue.entry(kind, name).options
        if each.name == option and len(words) > 1
    ]
    if not found:
        known = sorted({each.name for n in names for each in catalogue.entry(kind, n).options})
        hints = (*nearest(option, known), f"known options of {kind}: {', '.join(known) or 'none'}")
        raise node.refuse(f"{key} is no option", *hints)
    return found


def _check_option(words: Sequence[str], node: Node, catalogue: Catalogue) -> None:
    kind = words[0]
    if len(words) == 1:
        return
    if len(words) == 2:  # noqa: PLR2004  # kind.option; the component is chosen elsewhere
        if words[1] in catalogue.names(kind):
            hint = f"write `{kind}: {words[1]}` to choose it; options are {kind}.{words[1]}.OPTION"
            raise node.refuse(f"{kind}.{words[1]} is a component, no option", hint)
        return
    if len(words) > 3:  # noqa: PLR2004  # kind.name.option
        raise node.refuse("the key is too long", f"expected {kind}.NAME.OPTION")
    try:
        options = catalogue.entry(kind, words[1]).options
    except UserError as error:
        hints = (*error.problems[0].hints, *not_loaded(kind, words[1]))
        raise node.refuse(error.problems[0].what, *hints) from error
    if words[2] not in {option.name for option in options}:
        raise node.refuse(
            f"{kind}/{words[1]} has no option {words[2]}", *offered(options, words[2])
        )


def offered(options: Sequence[Option], name: str) -> tuple[str, ...]:
    """Return the lines that list a component's options and the one nearest to `name`."""
    listed = ", ".join(str(option) for option in options) or "none"
    return (f"options: {listed}", *nearest(name, [option.name for option in options]))


def _check_field(words: Sequence[str], node: Node, catalogue: Catalogue) -> None:
    section = words[0]
    known = field_types(section, catalogue)
    if len(words) == 1:
        if node.value == {}:
            return
        raise node.refuse(f"{section} is a mapping", f"known fields: {', '.join(known)}")
    name = ".".join(words[1:])
    if name not in known:
        hints = (f"known fields: {', '.join(known)}", *nearest(name, known))
        raise node.refuse(f"{section} has no field {name}", *hints)


def settings_called(name: str, catalogue: Catalogue) -> list[str]:
    """Return the settings whose last word is `name`: `model.heads`, `optimizer.learning_rate`.

    Or what `name`, as other projects call it, is called here.
    """
    fields = [each for each in known_settings(catalogue) if "." in each]
    options = [
        f"{kind}.{option.name}"
        for (kind, _), entry in catalogue.entries.items()
        if kind in PART_KINDS
        for option in entry.options
    ]
    called = {name, ELSEWHERE.get(name)}
    found = [each for each in (*fields, *options) if each.rpartition(".")[2] in called]
    return list(dict.fromkeys(found))


def _unknown(words: Sequence[str], node: Node, catalogue: Catalogue) -> UserError:
    known = known_settings(catalogue)
    word = ".".join(words)
    if words[0] in NOT_YET:
        return node.refuse(f"{words[0]} is not yet part of the language", "take it out")
    before = node.key.removesuffix(word)
    hints = tuple(f"did you mean {before}{each}?" for each in settings_called(words[-1], catalogue))
    hints = hints[:1] or nearest(word, known)
    if word in GRID_KEYS:
        hints = (f"{word} is a key of the grid itself: write it at the left margin",)
    listed = f"known settings: {', '.join(PART_KINDS)}, and fields of model, training, data"
    return node.refuse(f"unknown setting {word}", *hints, listed)
