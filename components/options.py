"""What a grid may say about a component: its options, their types and defaults. Free of torch."""

import math
import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from typing_extensions import override

from components.errors import Problem, UserError, nearest

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | None"

HEADINGS = ("Formula", "Shapes", "Options", "Errors", "Source")


class _Required:
    """The default of an option that has none."""

    @override
    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()


@dataclass(frozen=True)
class Option:
    """A keyword-only constructor argument of a component.

    Fields:
        name: as a grid writes it.
        annotation: the declared type, as `typing` gives it.
        default: the value when a grid says nothing, or REQUIRED.
        description: its line under "Options:" in the docstring, with units.
    """

    name: str
    annotation: Any
    default: Any
    description: str

    @override
    def __str__(self) -> str:
        default = "required" if self.default is REQUIRED else f"default {shown(self.default)}"
        return f"{self.name} ({describe(self.annotation)}, {default})"


@dataclass(frozen=True)
class Choice:
    """A component with every option filled in: what a cell records, what `build` assembles.

    Fields:
        kind: the folder, `positions`.
        name: the file, `rotary`.
        options: every option by name, of its declared type.
    """

    kind: str
    name: str
    options: Mapping[str, Value]

    @property
    def path(self) -> str:
        """The component as people write it: `positions/rotary`."""
        return f"{self.kind}/{self.name}"

    def as_json(self) -> dict[str, Any]:
        """Return the plain form that files and digests hold."""
        return {"kind": self.kind, "name": self.name, "options": plain(dict(self.options))}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Choice":
        """Read what `as_json` gave."""
        options = {name: _frozen(each) for name, each in value["options"].items()}
        return cls(value["kind"], value["name"], options)


def filled(path: str, declared: tuple[Option, ...], given: Mapping[str, Any]) -> dict[str, Value]:
    """Check the `given` options of component `path` and fill in every default.

    Raises:
        UserError: options that do not exist, are missing or have another type; all of them at once.
    """
    by_name = {option.name: option for option in declared}
    problems: list[Problem] = []
    values: dict[str, Value] = {}
    for name, value in given.items():
        if name not in by_name:
            listed = ", ".join(str(option) for option in declared) or "none"
            hints = (f"options: {listed}", *nearest(name, by_name))
            problems.append(Problem(f"{path} has no option {name}", "", name, shown(value), hints))
    for name, option in by_name.items():
        value = given.get(name, option.default)
        if value is REQUIRED:
            hint = f"options: {', '.join(str(each) for each in declared)}"
            problems.append(Problem(f"{path} needs its option {name}", key=name, hints=(hint,)))
            continue
        try:
            values[name] = fit(value, option.annotation)
        except TypeError:
            expected = f"expected {describe(option.annotation)}"
            if isinstance(value, float) and not math.isfinite(value):
                expected += ", a finite one"
            words = _words(option.annotation) if isinstance(value, str) else []
            what = f"{path}: {name} has {'an unknown value' if words else 'the wrong type'}"
            close = nearest(value, words) if isinstance(value, str) else ()
            problems.append(Problem(what, "", name, shown(value), (expected, *close)))
    if problems:
        raise UserError(*problems)
    return values


def fit(value: Any, annotation: Any) -> Value:
    """Return `value` as the declared type has it (1 for a float is 1.0, a list is a tuple).

    Raises:
        TypeError: the value is not of that type.
    """
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _fit_one_of(value, get_args(annotation))
    if origin is Literal and any(
        value == word and type(value) is type(word) for word in get_args(annotation)
    ):
        return value  # type: ignore[no-any-return]  # one of the literals
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(fit(each, get_args(annotation)[0]) for each in value)
    if annotation in (None, type(None)) and value is None:
        return None
    if annotation is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return float(value)
    if type(value) is annotation and annotation is not float:
        return value  # type: ignore[no-any-return]  # int, bool or str
    raise TypeError(value)


def _fit_one_of(value: Any, members: tuple[Any, ...]) -> Value:
    """Prefer the member that holds the value as it is over one that converts it."""
    fits = []
    for member in members:
        try:
            fits.append(fit(value, member))
        except TypeError:
            continue
    if not fits:
        raise TypeError(value)
    return next((each for each in fits if type(each) is type(value)), fits[0])


def describe(annotation: Any) -> str:
    """Return a type as a reader of an error message knows it: `int or null`, `one of a, b`."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(describe(member) for member in get_args(annotation))
    if origin is Literal:
        return f"one of {', '.join(str(word) for word in get_args(annotation))}"
    if origin is tuple:
        return f"a list of {describe(get_args(annotation)[0])}"
    if annotation in (None, type(None)):
        return "null"
    return str(annotation.__name__)


def shown(value: Any) -> str:
    """Return a value as YAML would write it on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(each) for each in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {shown(each)}' for key, each in value.items())}}}"
    return str(value)


def plain(value: Any) -> Any:
    """Return a value with tuples as lists, as JSON has it."""
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return value


def sections(docstring: str) -> dict[str, str]:
    """Split a component's docstring into its summary and the text under each heading."""
    found: dict[str, list[str]] = {"Summary": []}
    current = "Summary"
    for line in docstring.splitlines():
        heading = re.match(r"\s{0,4}(\w+):(?:\s+(.*)|\s*)$", line)
        if heading and heading.group(1) in HEADINGS:
            current = heading.group(1)
            found[current] = [heading.group(2) or ""]
        else:
            found[current].append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def option_lines(docstring: str) -> dict[str, str]:
    """Return the description of each option that the docstring lists."""
    found: dict[str, str] = {}
    last = ""
    for line in sections(docstring).get("Options", "").splitlines():
        match = re.match(r"\s*([a-z][a-z0-9_]*):\s+(.*)$", line)
        if match:
            last = match.group(1)
            found[last] = match.group(2)
        elif last and line.strip():
            found[last] += f" {line.strip()}"
    return found


def declare(
    path: str, arguments: Mapping[str, tuple[Any, Any]], docstring: str
) -> tuple[Option, ...]:
    """Make the options of component `path` from its arguments (annotation, default) and docstring.

    Raises:
        UserError: an option without a line under "Options:".
    """
    described = option_lines(docstring)
    missing = [name for name in arguments if name not in described]
    if missing:
        hint = "add a line `name: what it is, with its unit` under Options: in the docstring"
        raise UserError(
            *(Problem(f"{path}: option {name} is not described", hints=(hint,)) for name in missing)
        )
    return tuple(
        Option(name, annotation, default, described[name])
        for name, (annotation, default) in arguments.items()
    )


def _words(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for member in get_args(annotation) for word in _words(member)]


def _frozen(value: Any) -> Value:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
