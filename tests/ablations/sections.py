"""Sections of a grid as nodes, and what is wrong with them, without a file."""

from collections.abc import Callable
from typing import Any

from ablations.tree import Node, Problems, grown
from ablations.yaml_source import read_value
from components.catalogue import read_catalogue
from components.errors import Problem

PLACE = "grid.yaml:7"


def section(text: str, key: str) -> Node:
    """The value of a key, as if it stood on line 7 of a grid."""
    return grown(read_value(text, key), lambda _: PLACE, key)


def read(reader: Callable[..., Any], text: str, key: str) -> Any:
    """What a reader makes of a section in which nothing is wrong."""
    problems = Problems()
    found = reader(section(text, key), read_catalogue(), problems)
    assert problems.found == []
    return found


def refused(reader: Callable[..., Any], text: str, key: str) -> list[Problem]:
    """Everything that a reader finds wrong."""
    problems = Problems()
    found = reader(section(text, key), read_catalogue(), problems)
    assert found is None
    assert all(each.place == PLACE for each in problems.found)
    return problems.found


def said(problems: list[Problem]) -> list[tuple[str, str]]:
    """Key and sentence of each problem."""
    return [(each.key, each.what) for each in problems]
