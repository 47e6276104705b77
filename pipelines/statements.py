"""A module of Python taken apart: what each statement defines, uses and says."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from typing_extensions import override

ALL = "*"
"""Asks for every statement of a module."""

IMPORTS = "imports"
REST = "module level"
"""The parts of a module that hold what is neither a function nor a class."""

Stamp = tuple[int, int]  # modified, in nanoseconds; bytes

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a module.

    Fields:
        binds: the names that it defines; none for one that only has an effect.
        reads: the names that it uses.
        imports: what it imports, here or deeper: a module, and a name in it or ALL. A module that
            is named from its importer keeps its dots.
        parts: its text, by part of the module.
    """

    binds: frozenset[str]
    reads: frozenset[str] = frozenset()
    imports: tuple[tuple[str, str], ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)

    def answers(self, name: str) -> bool:
        """Say whether it is part of what `name` asks for; effects always are."""
        return name == ALL or name in self.binds or not self.binds


def stamp(path: Path) -> Stamp | None:
    """Return what changes when a file does; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def statements_of(path: Path) -> tuple[Statement, ...]:
    """Take the module in a file apart; remembered until the file changes.

    Raises:
        SyntaxError: it is not Python.
    """
    return _statements(path, stamp(path))


@cache
def _statements(path: Path, _: Stamp | None) -> tuple[Statement, ...]:
    tree = _Bare().visit(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    found: list[Statement] = []
    for node in tree.body:
        found += _imported(node) if isinstance(node, ast.Import | ast.ImportFrom) else [_read(node)]
    return tuple(found)


class _Bare(ast.NodeTransformer):
    """Takes away what has no effect: strings that stand alone, imports for type checkers."""

    @override
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node

    @override
    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        node = self.generic_visit(node)  # type: ignore[assignment]  # the same node
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            return node.orelse
        return node


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[Statement]:
    """Take an import apart: each name is a statement; which of them comes first means nothing."""
    for alias in node.names:
        single = (
            ast.Import([alias])
            if isinstance(node, ast.Import)
            else ast.ImportFrom(node.module, [alias], node.level)
        )
        bound = alias.asname or alias.name.partition(".")[0]
        yield Statement(
            frozenset() if bound == ALL else frozenset({bound}),
            imports=tuple(_imports(single)),
            parts={IMPORTS: ast.unparse(single)},
        )


def _read(node: ast.stmt) -> Statement:
    inside = list(ast.walk(node))
    binds = _bound(node, inside)
    names = frozenset(each.id for each in inside if isinstance(each, ast.Name))
    nested = [each for each in inside if isinstance(each, ast.Import | ast.ImportFrom)]
    imports = tuple(found for each in nested for found in _imports(each))
    return Statement(binds, names - binds, imports, _texts(node))


def _bound(node: ast.stmt, inside: Sequence[ast.AST]) -> frozenset[str]:
    """Return the names that a statement defines; none where it does something beside that."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return frozenset({node.name})
    stored = [each for each in inside if isinstance(getattr(each, "ctx", None), ast.Store)]
    plain = all(isinstance(each, ast.Name | ast.Tuple) for each in stored)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not plain:
        return frozenset()
    return frozenset(each.id for each in stored if isinstance(each, ast.Name))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, ALL
    else:
        for alias in node.names:
            yield "." * node.level + (node.module or ""), alias.name


def _texts(node: ast.stmt) -> dict[str, str]:
    """Return the text of a statement, a class taken apart into its methods and the rest."""
    if isinstance(node, _FUNCTIONS):
        return {node.name: ast.unparse(node)}
    if not isinstance(node, ast.ClassDef):
        return {REST: ast.unparse(node)}
    texts: dict[str, str] = {}
    for each in node.body:
        if isinstance(each, _FUNCTIONS):
            name = f"{node.name}.{each.name}"
            texts[name] = texts.get(name, "") + ast.unparse(each)  # a property and its setter
    attributes = [each for each in node.body if not isinstance(each, _FUNCTIONS)]
    rest = ast.ClassDef(node.name, node.bases, node.keywords, attributes, node.decorator_list)
    return {node.name: ast.unparse(rest), **texts}
