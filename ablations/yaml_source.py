"""YAML as a grid may be written: read event by event, with the line of every value.

YAML 1.1 and 1.2 read some plain words differently (`no`, `010`, `1:30`), and two programs read
every grid: what they would not read alike is refused, with what to write instead. So are anchors,
tags and interpolations: a grid is data.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ablations.scalars import read_plain
from ablations.tree import Steps, joined
from components.errors import Problem, UserError

COMMAND_LINE = "command line"
"""The place of what no file says."""

DEEPEST = 12
LARGEST = 1_000_000


@dataclass(frozen=True)
class Source:
    """A YAML file as plain values.

    Fields:
        name: the path as people write it.
        text: as it was read.
        values: the mapping that it holds.
        lines: where the value at given steps stands.
        problems: what could not be read as meant; `values` then holds the likeliest reading.
    """

    name: str
    text: str
    values: dict[str, Any]
    lines: dict[Steps, int]
    problems: tuple[Problem, ...]

    def place(self, steps: Steps) -> str:
        """Return file and line of a value, or of what holds it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return f"{self.name}:{self.lines[steps]}" if steps in self.lines else self.name


def read_source(path: Path) -> Source:
    """Read a file that holds a mapping.

    Raises:
        UserError: the file is missing, not text, empty, no mapping, or does not parse.
    """
    name = shown_path(path)
    text = _text(path, name)
    reader = _Reader(name, _events(text, name))
    values = reader.document()
    if values is None:
        hint = "expected keys such as `question:` and `baseline:`"
        raise UserError(Problem("the file is empty", name, hints=(hint,)))
    if not isinstance(values, dict):
        hint = "expected a mapping: `question: ...`, `baseline: ...`"
        raise UserError(Problem(f"the file holds {_kind(values)}", f"{name}:1", hints=(hint,)))
    return Source(name, text, values, reader.lines, tuple(reader.problems))


def read_value(text: str, key: str) -> Any:
    """Read the value of `key=text` from the command line, as a file would have it.

    Raises:
        UserError: it does not parse, or is one of the refused spellings.
    """
    value, problems = read_likeliest(text, key)
    if problems:
        raise UserError(*problems)
    return value


def read_likeliest(text: str, key: str) -> tuple[Any, tuple[Problem, ...]]:
    """Read a value as `read_value` does; a refused spelling is a problem beside its value.

    Raises:
        UserError: it does not parse.
    """
    reader = _Reader(COMMAND_LINE, _events(text, COMMAND_LINE, key), key)
    value = reader.document()
    return value, tuple(reader.problems)


def shown_path(path: Path) -> str:
    """Return the path relative to the working directory where it lies inside."""
    absolute = path.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else path)


def _text(path: Path, name: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(Problem(f"the file cannot be read: {error.strerror}", name)) from error
    if len(raw) > LARGEST:
        raise UserError(Problem(f"the file is larger than {LARGEST:,} bytes", name))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        hint = f"byte {raw[error.start]:#04x} is none of UTF-8; save the file as UTF-8"
        raise UserError(
            Problem("the file is not UTF-8", f"{name}:{line}", hints=(hint,))
        ) from error


def _events(text: str, name: str, key: str = "") -> Iterator[yaml.Event]:
    """Parse as far as the nesting and the number of documents allow."""
    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            if depth > DEEPEST or documents > 1:
                much = (
                    "the values are nested too deeply" if depth > DEEPEST else "a second document"
                )
                hint = f"at most {DEEPEST} levels, and one document in a file"
                raise UserError(Problem(much, _at(name, event.start_mark), key, hints=(hint,)))
            yield event
    except yaml.YAMLError as error:
        raise UserError(_unparsed(error, text, name, key)) from error


def _unparsed(error: yaml.YAMLError, text: str, name: str, key: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        said = " ".join(part for part in (error.context, error.problem) if part)
        at = _at(name, error.problem_mark)
        hints = (*_in_plain_words(said), *_snippet(error))
        return Problem(f"not YAML: {said}", at, key, text if key else "", hints)
    if isinstance(error, yaml.reader.ReaderError):
        line = text[: error.position].count("\n") + 1
        what = f"not YAML: a control character, {error.character!r}"
        return Problem(what, name if key else f"{name}:{line}", key)
    return Problem(f"not YAML: {error}", name, key)


def _in_plain_words(said: str) -> tuple[str, ...]:
    """Return what to do about an error of the parser; nothing where it may be many things."""
    return tuple(advice for part, advice in _ADVICE.items() if part in said)[:1]


_ADVICE = {
    r"found character '\t'": "there is a tab: indent with spaces",
    "parsing a flow sequence": "a list that begins with [ lacks a comma or its ]",
    "parsing a flow mapping": "a mapping that begins with { lacks a comma or its }",
    "parsing a quoted scalar": "a text that begins with a quote has no closing one",
    "scanning a quoted scalar": "a text that begins with a quote has no closing one",
    "mapping values are not allowed": "a second colon on the line: quote the text that holds it",
}
"""Part of what the parser says -> what is wrong in plain words."""


def _snippet(error: yaml.MarkedYAMLError) -> tuple[str, ...]:
    snippet = error.problem_mark.get_snippet(indent=0) if error.problem_mark else None
    return tuple(snippet.splitlines()) if snippet else ()


def _at(name: str, mark: Any) -> str:
    return f"{name}:{mark.line + 1}" if mark and name != COMMAND_LINE else name


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


@dataclass
class _Reader:
    """Builds values from events, noting the line of each and what is wrong with it."""

    name: str
    events: Iterator[yaml.Event]
    key: str = ""
    lines: dict[Steps, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def document(self) -> Any:
        """Return the one value of the document; None where there is none."""
        value = None
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                value = self._value(event, ())
        return value

    def _value(self, event: yaml.Event, steps: Steps) -> Any:
        self._decorations(event, steps)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(steps)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(steps)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, steps)
        return None

    def _decorations(self, event: yaml.Event, steps: Steps) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, steps, "an alias", f"*{event.anchor}", "write the value out")
        elif getattr(event, "anchor", None):
            self._refuse(event, steps, "an anchor", f"&{event.anchor}", "write the value out twice")  # type: ignore[attr-defined]  # looked for in the line above
        tag = getattr(event, "tag", None)
        if tag:
            short = tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, steps, "a tag", short, "write the value alone; a grid is data")

    def _mapping(self, steps: Steps) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            name = self._name(event, steps)
            inside = (*steps, name)
            known = self.lines.get(inside)
            if name in values:
                hint = f"it stands in line {known} already; keep one of them"
                at = _at(self.name, event.start_mark)
                what = f"the key {name} is written twice"
                self.problems.append(Problem(what, at, self._shown(inside), hints=(hint,)))
                self._skip(next(self.events))
                continue
            self.lines[inside] = _line(event)
            values[name] = self._value(next(self.events), inside)
        return values

    def _skip(self, event: yaml.Event) -> None:
        """Read a value without keeping what is found in it."""
        _Reader(self.name, self.events)._value(event, ())  # noqa: SLF001  # of its own class

    def _name(self, event: yaml.Event, steps: Steps) -> str:
        self._decorations(event, steps)
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, steps, "a key that is no word", "", "a key is one word")
            self._skip(event)
            return "?"
        name = str(event.value)
        if event.style is None:
            value, advice = read_plain(name)
            if name == "<<":
                self._refuse(event, (*steps, name), "a merge key", "<<", "write the keys out")
            elif advice or not isinstance(value, str):
                written = advice or f'a key is a word; quote it: "{name}"'
                self._refuse(event, steps, f"the key {name or 'null'} is no word", "", written)
        return name.replace("${", "{") if self._interpolation(event, (*steps, name)) else name

    def _sequence(self, steps: Steps) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            inside = (*steps, len(values))
            self.lines[inside] = _line(event)
            values.append(self._value(event, inside))
        return values

    def _scalar(self, event: yaml.ScalarEvent, steps: Steps) -> Any:
        if self._interpolation(event, steps):
            return event.value.replace("${", "{")  # so that nobody resolves it
        if event.style is not None:
            return event.value
        value, advice = read_plain(event.value)
        if advice:
            self._refuse(event, steps, "a value that is read in two ways", event.value, advice)
        return value

    def _interpolation(self, event: yaml.ScalarEvent, steps: Steps) -> bool:
        """Refuse `${...}`, and say whether it was there."""
        found = "${" in event.value
        if found:
            advice = "write the value itself: a grid reads neither its own keys nor the environment"
            self._refuse(event, steps, "an interpolation", event.value, advice)
        return found

    def _refuse(self, event: yaml.Event, steps: Steps, what: str, value: str, advice: str) -> None:
        at = _at(self.name, event.start_mark)
        self.problems.append(
            Problem(f"{what} has no place in a grid", at, self._shown(steps), value, (advice,))
        )

    def _shown(self, steps: Steps) -> str:
        key = self.key
        for step in steps:
            key = joined(key, step)
        return key


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "one value"
