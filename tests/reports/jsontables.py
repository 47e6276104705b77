"""The tables of docs/report-json.md, and the paths of a document as these tables write them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
PLAIN = {"string", "number", "integer", "boolean", "object", "any"}


def page(name: str) -> str:
    """Return a page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def parsed(type_: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, kind) of a type as the tables write it, and of what is in it."""
    if type_.endswith("?"):
        yield path, "null"
        yield from parsed(type_[:-1], path)
    elif type_.startswith("["):
        yield path, "list"
        yield from parsed(type_[1:-1], f"{path}[]")
    elif type_.startswith("{"):
        name, _, inside = type_[1:-1].partition(": ")
        yield path, f"{{{name}}}"
        yield from parsed(inside, f"{path}.{{{name}}}")
    else:
        assert type_ in PLAIN, (type_, path)
        yield path, type_


def lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (path, type, what it holds) of every table; headings name what a table is of."""
    above = [""]
    for line in text.splitlines():
        if line.startswith("## "):
            above = [f"{each}." for each in quoted(line)] or [""]
        elif line.startswith("| `"):
            keys, type_, holds = (cell.strip() for cell in line.split(" | ", 2))
            for path in (f"{start}{key}" for start in above for key in quoted(keys)):
                yield path, type_, holds


def quoted(text: str) -> list[str]:
    """Return what stands between back quotes."""
    return re.findall(r"`([^`]+)`", text)


def documented(text: str) -> set[tuple[str, str]]:
    """Return (path, kind) of all that the tables say."""
    pairs = [pair for path, type_, _ in lines(text) for pair in parsed(type_, path)]
    found = [*pairs, ("", "object")]
    assert len(found) == len(set(found)), "a key stands twice"
    return set(found)


def kind_of(value: Any) -> str:
    """Return the type of a value as the tables call it."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "list"}
    return kinds.get(type(value), "null" if value is None else "object")


def walked(value: Any, path: str, known: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield (path, kind) of all that is in a value; keys that are data become placeholders."""
    kinds = known.get(path, set())
    if "any" in kinds:
        yield path, "any"
        return
    if isinstance(value, dict):
        (data,) = [each for each in kinds if each.startswith("{")] or [""]
        yield path, data or "object"
        for key, each in value.items():
            yield from walked(each, f"{path}.{data or key}".removeprefix("."), known)
        return
    yield path, kind_of(value)
    if isinstance(value, list):
        for each in value:
            yield from walked(each, f"{path}[]", known)


def by_path(pairs: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Return path -> its kinds."""
    found: dict[str, set[str]] = {}
    for path, kind in pairs:
        found.setdefault(path, set()).add(kind)
    return found


def objects(value: Any, path: str, known: Mapping[str, set[str]]) -> Iterator[tuple[str, Any]]:
    """Yield (path, keys) of every object whose keys are not data."""
    if "any" in known.get(path, set()):
        return
    if isinstance(value, dict):
        (data,) = [each for each in known[path] if each.startswith("{")] or [""]
        if not data:
            yield path, frozenset(value)
        for key, each in value.items():
            yield from objects(each, f"{path}.{data or key}".removeprefix("."), known)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each, f"{path}[]", known)


def values(value: Any, steps: list[str]) -> Iterator[Any]:
    """Yield what stands at a path; nothing where it ends in a null."""
    if value is None or not steps:
        yield from () if value is None else (value,)
        return
    key, *rest = steps
    inside = value[key.removesuffix("[]")]
    for each in inside or () if key.endswith("[]") else [inside]:
        yield from values(each, rest)
