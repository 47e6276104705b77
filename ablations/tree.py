"""Values of a grid that know where they were written: every message can name file, line and key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeAlias, TypeVar

from ablations.scalars import read_plain
from components.errors import Problem, UserError
from components.options import shown

Steps: TypeAlias = tuple[str | int, ...]

WIDEST = 60
"""Characters of a value in a message."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Node:
    """One value of a grid or preset.

    Fields:
        value: a scalar, a tuple of nodes, or a mapping of names to nodes.
        key: where it stands in the grid, `axes.positions[0].base`.
        place: file and line, or "command line".
    """

    value: Any
    key: str
    place: str

    @property
    def plain(self) -> Any:
        """The value without its places: scalars, lists and mappings."""
        if isinstance(self.value, tuple):
            return [each.plain for each in self.value]
        if isinstance(self.value, Mapping):
            return {name: each.plain for name, each in self.value.items()}
        return self.value

    @property
    def items(self) -> Mapping[str, "Node"]:
        """The children of a mapping; nothing for any other value."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def text(self) -> str:
        """The value as a message shows it; a text that would be read as something else, quoted."""
        if self.value == {}:
            return ""
        if isinstance(self.value, str) and not isinstance(read_plain(self.value)[0], str):
            return f'"{self.value}"'
        return _shortened(shown(self.plain))

    def called(self, key: str) -> "Node":
        """Return the same value under another key."""
        return replace(self, key=key)

    def problem(self, what: str, *hints: str) -> Problem:
        """Say what is wrong with this value."""
        return Problem(what, self.place, self.key, self.text, hints)

    def refuse(self, what: str, *hints: str) -> UserError:
        """Return the error that says what is wrong with this value."""
        return UserError(self.problem(what, *hints))


class Problems:
    """Gathers everything that is wrong, so that a user hears of it at once.

    Args:
        unread: what could not be read as meant; those values are not judged further.
    """

    def __init__(self, unread: Sequence[Problem] = ()) -> None:
        self.found: list[Problem] = []
        self.unread = tuple(unread)

    def attempt(self, otherwise: T, read: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Return what `read` reads, or `otherwise` where it finds a problem."""
        try:
            return read(*given, **named)
        except UserError as error:
            self.found += error.problems
            return otherwise

    def settle(self) -> None:
        """Raise what was found, each thing once.

        Raises:
            UserError: there is at least one problem.
        """
        unread = {(problem.place, problem.key) for problem in self.unread}
        judged = [each for each in self.found if (each.place, each.key) not in unread]
        true_or_false = {
            (each.place, each.key) for each in self.found if "expected bool" in each.hints
        }
        unread_now = [
            _switched(each) if (each.place, each.key) in true_or_false else each
            for each in self.unread
        ]
        distinct = {(each.place, each.key, each.what): each for each in (*unread_now, *judged)}
        if distinct:
            raise UserError(*sorted(distinct.values(), key=_line))


def grown(value: Any, place: Callable[[Steps], str], key: str = "", steps: Steps = ()) -> Node:
    """Return plain `value` as nodes; `place` tells where the value at given steps was written."""
    inner: Any = value
    if isinstance(value, Mapping):
        inner = {
            name: grown(each, place, joined(key, name), (*steps, name))
            for name, each in value.items()
        }
    elif isinstance(value, list | tuple):
        inner = tuple(
            grown(each, place, joined(key, index), (*steps, index))
            for index, each in enumerate(value)
        )
    return Node(inner, key, place(steps))


def joined(key: str, step: str | int) -> str:
    """Return the key one step further: `axes.positions`, `axes.positions[0]`."""
    if isinstance(step, int):
        return f"{key}[{step}]"
    return f"{key}.{step}" if key else step


def _switched(problem: Problem) -> Problem:
    """Advise nothing but true or false, where nothing else can be meant."""
    return replace(problem, hints=tuple(hint.partition(",")[0] for hint in problem.hints))


def _line(problem: Problem) -> tuple[str, int]:
    """Sort problems by file and line."""
    file, _, line = problem.place.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.place, 0)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."
