"""What variants are called: by what differs from the baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablations.language import FIELD_SECTIONS
from components.options import Choice, shown


def value_names(key: str, values: Sequence[Any]) -> list[str]:
    """Name the values of one axis: `linspace`, `xl+rmt`, `1`; with options only where needed.

    Args:
        key: of the axis.
        values: plain values, or tuples of `Choice` for a kind of component.
    """
    if not _is_kind(key):
        return [shown(value) for value in values]
    plain = [member_names(value) for value in values]
    return [
        name if plain.count(name) == 1 else _with_options(value, _alike(name, plain, values))
        for name, value in zip(plain, values, strict=True)
    ]


def member_names(members: Sequence[Choice]) -> str:
    """Return the names of a chain or pattern, `xl+rmt`."""
    return "+".join(member.name for member in members)


def axis_names(values: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Name every value of every axis so that no name means two things.

    A component stands for itself (`none`) unless another axis has the same name; any other value
    follows its key (`heads=1`), the whole key where two axes end alike.
    """
    short = {key: value_names(key, each) for key, each in values.items()}
    last = [key.rpartition(".")[2] for key in values]
    named: dict[str, list[str]] = {}
    for key, names in short.items():
        word = key.rpartition(".")[2]
        before = key if last.count(word) > 1 else word
        others = {name for other, each in short.items() if other != key for name in each}
        alone = _is_kind(key)
        named[key] = [
            name if alone and name not in others else f"{before}={name}" for name in names
        ]
    return named


def label(key: str, name: str, value: Any) -> str:
    """Return the name of one value for a page: `no positions`, `heads = 1`."""
    if not _is_kind(key):
        return name.replace("=", " = ", 1)
    if member_names(value) == "none":
        return f"no {key}"
    return name.rpartition("=")[2] if "(" not in name else name


def written(value: Any, plain: Sequence[Choice] = ()) -> Any:
    """Return a value as a grid would write it: a component with the options that are its own.

    Args:
        value: a plain value, or a tuple of `Choice`.
        plain: the same members as their names alone would give them.
    """
    if not isinstance(value, tuple) or not all(isinstance(each, Choice) for each in value):
        return value
    members = [_written_member(each, alone) for each, alone in zip(value, plain, strict=True)]
    return members[0] if len(members) == 1 else tuple(members)


def _written_member(member: Choice, alone: Choice) -> Any:
    own = {name: each for name, each in member.options.items() if alone.options.get(name) != each}
    return {member.name: own} if own else member.name


def _alike(name: str, names: Sequence[str], values: Sequence[Any]) -> list[Sequence[Choice]]:
    return [value for each, value in zip(names, values, strict=True) if each == name]


def _with_options(members: Sequence[Choice], alike: Sequence[Sequence[Choice]]) -> str:
    """Add the options in which values of the same name are unlike: `linspace(edge=0.1)`."""
    parts = []
    for index, member in enumerate(members):
        unlike = [
            f"{name}={shown(value)}"
            for name, value in member.options.items()
            if any(other[index].options[name] != value for other in alike)
        ]
        parts.append(f"{member.name}({', '.join(unlike)})" if unlike else member.name)
    return "+".join(parts)


def _is_kind(key: str) -> bool:
    return "." not in key and key not in FIELD_SECTIONS
