"""A component as a grid writes it: `rotary`, `{rotary: {base: 500}}`, or a list of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from ablations.language import ONE_ONLY
from ablations.own_components import not_loaded
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import UserError, nearest
from components.options import Choice, describe, fit


@dataclass(frozen=True)
class Member:
    """One named component with the options that were written with it.

    Fields:
        kind, name: which component.
        options: as written, by name.
        node: where the component stands.
    """

    kind: str
    name: str
    options: Mapping[str, Node]
    node: Node


def read_members(kind: str, node: Node, catalogue: Catalogue) -> tuple[Member, ...]:
    """Read the component or components that a grid chooses for a kind.

    Raises:
        UserError: no component of that name, or a list where the kind has one member.
    """
    if not isinstance(node.value, tuple):
        return (_member(kind, node, catalogue),)
    problems = Problems()
    found = [problems.attempt(None, _member, kind, each, catalogue) for each in node.value]
    if not found:
        problems.found.append(node.problem(f"no {kind} at all", *_none_hint(kind, catalogue)))
    if kind in ONE_ONLY and len(found) > 1:
        problems.found.append(node.problem(f"a cell has one {kind}", "name one of them"))
    problems.settle()
    members = tuple(each for each in found if each is not None)
    return _chain(members, node) if kind == "memory" else members


def fill(member: Member, options: Mapping[str, Node], catalogue: Catalogue) -> Choice:
    """Return the member with every option, its own and the default ones, checked and filled in.

    Raises:
        UserError: unknown, missing or wrongly typed options, each with the place of its value.
    """
    given = {name: node.plain for name, node in options.items()}
    try:
        return catalogue.choice(member.kind, member.name, given)
    except UserError as error:
        raise UserError(
            *(
                replace(
                    problem,
                    place=(at := options.get(problem.key, member.node)).place,
                    key=at.key,
                    value=at.text if at is not member.node else problem.value,
                )
                for problem in error.problems
            )
        ) from error


def fitted(node: Node, key: str, annotation: Any) -> Any:
    """Return a value as the type of setting `key` has it.

    Raises:
        UserError: it is of another type.
    """
    try:
        return fit(node.plain, annotation)
    except TypeError as error:
        words = _words(annotation) if isinstance(node.value, str) else []
        what = f"unknown value of {key}" if words else f"{key} has the wrong type"
        close = nearest(str(node.value), words)
        raise node.refuse(what, f"expected {describe(annotation)}", *close) from error


def _words(annotation: Any) -> list[str]:
    """Return the words that a setting may hold."""
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for member in get_args(annotation) for word in _words(member)]


def _member(kind: str, node: Node, catalogue: Catalogue) -> Member:
    if isinstance(node.value, str):
        return Member(kind, _known(kind, node.value, node, catalogue), {}, node)
    if len(node.items) == 1:
        name, options = next(iter(node.items.items()))
        _known(kind, name, options if options.value is not None else node, catalogue)
        if options.value is not None and not isinstance(options.value, Mapping):
            hint = f"write {{{name}: {{option: value}}}}, or {kind}.OPTION for the chosen component"
            raise options.refuse(f"the options of {kind}/{name} are a mapping", hint)
        return Member(kind, name, dict(options.items), node)
    names = ", ".join(catalogue.names(kind))
    hint = f"expected one of {names}; or {{name: {{option: value}}}}"
    raise node.refuse(f"no component of kind {kind}", hint)


def _known(kind: str, name: str, node: Node, catalogue: Catalogue) -> str:
    try:
        catalogue.entry(kind, name)
    except UserError as error:
        hints = (*error.problems[0].hints, *not_loaded(kind, name))
        if name in _option_names(kind, catalogue):
            hints = (*hints, f"to set an option of the chosen component, write {kind}.{name}")
        raise node.refuse(error.problems[0].what, *hints) from error
    return name


def _option_names(kind: str, catalogue: Catalogue) -> set[str]:
    entries = [catalogue.entry(kind, name) for name in catalogue.names(kind)]
    return {option.name for entry in entries for option in entry.options}


def _chain(members: Sequence[Member], node: Node) -> tuple[Member, ...]:
    """Sort memories by name, so that two spellings are one cell; how they act is their own."""
    names = [member.name for member in members]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise node.refuse(f"memory/{twice[0]} stands twice in the chain", "keep one of them")
    if len(names) > 1 and "none" in names:
        raise node.refuse("memory/none stands alone", "take none out of the list")
    return tuple(sorted(members, key=lambda member: member.name))


def _none_hint(kind: str, catalogue: Catalogue) -> tuple[str, ...]:
    return ("write none",) if "none" in catalogue.names(kind) else ()
