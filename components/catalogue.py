"""The components' declarations, read with `ast`: kinds, names, options; no torch, no import."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from components.errors import Problem, UserError, unknown
from components.options import REQUIRED, Choice, Option, declare, filled, sections

HERE = Path(__file__).parent

_NAMES = {"int": int, "float": float, "bool": bool, "str": str, "None": None}


@dataclass(frozen=True)
class Entry:
    """One component as its file declares it.

    Fields:
        kind, name: how a grid finds it.
        path: the file.
        options: in the order of the signature.
        docstring: of the class.
    """

    kind: str
    name: str
    path: Path
    options: tuple[Option, ...]
    docstring: str

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.docstring.partition("\n")[0]

    @property
    def source(self) -> str:
        """Where the component comes from, on one line."""
        return " ".join(sections(self.docstring).get("Source", "").split())


@dataclass(frozen=True)
class Catalogue:
    """All components that may be named, the project's and the user's.

    Fields:
        entries: by (kind, name), sorted.
    """

    entries: Mapping[tuple[str, str], Entry]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds, sorted; `model` is the decoder itself."""
        return tuple(sorted({kind for kind, _ in self.entries}))

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the names of a kind, sorted."""
        return tuple(name for each, name in self.entries if each == kind)

    def entry(self, kind: str, name: str) -> Entry:
        """Find a component.

        Raises:
            UserError: nobody knows that kind or name; the message has the nearest one.
        """
        if (kind, name) in self.entries:
            return self.entries[kind, name]
        if kind not in self.kinds:
            raise UserError(unknown(f"kind {kind}", kind, self.kinds, "kinds"))
        raise UserError(unknown(f"component {kind}/{name}", name, self.names(kind), kind))

    def choice(self, kind: str, name: str, given: Mapping[str, Any]) -> Choice:
        """Return a component with its options checked and every default filled in.

        Raises:
            UserError: unknown name or option, wrong type; the key is relative to the component.
        """
        entry = self.entry(kind, name)
        return Choice(kind, name, filled(f"{kind}/{name}", entry.options, given))


def read_catalogue(extra: Sequence[Path] = ()) -> Catalogue:
    """Read every component of the project and of the `extra` files or folders.

    Raises:
        UserError: a file that does not parse, an option without type or description, two components
            of one name, one in the folder of a kind that is not named like folder and file.
    """
    files = [HERE / "decoder.py", *sorted(HERE.glob("*/*.py"))]
    files += [file for path in extra for file in component_files(path)]
    entries: dict[tuple[str, str], Entry] = {}
    for file in files:
        status = file.stat()
        for entry in _entries(file, status.st_mtime_ns, status.st_size):
            other = entries.setdefault((entry.kind, entry.name), entry)
            if other is not entry:
                what = f"{entry.kind}/{entry.name} is declared twice"
                raise UserError(
                    Problem(what, place=str(file), hints=(f"the other is {other.path}",))
                )
    return Catalogue(dict(sorted(entries.items())))


def component_files(path: Path) -> list[Path]:
    """Return the Python files that `path`, a file or a folder named by the user, holds.

    Raises:
        UserError: there is nothing at that path.
    """
    if path.is_dir():
        return sorted(
            file for file in path.rglob("*.py") if not file.name.startswith(("_", "test_"))
        )
    if path.is_file():
        return [path]
    raise UserError(
        Problem(f"no components at {path}", hints=("expected a folder or a Python file",))
    )


@cache
def _entries(file: Path, _modified: int, _size: int) -> tuple[Entry, ...]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UserError(
            Problem(f"the component file does not parse: {error.msg}", f"{file}:{error.lineno}")
        ) from error
    return tuple(
        entry
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if (entry := _entry(file, node, decorator)) is not None
    )


def _entry(file: Path, node: ast.ClassDef, decorator: ast.expr) -> Entry | None:
    match decorator:
        case ast.Call(
            func=ast.Name(id="component"),
            args=[ast.Constant(value=str(kind)), ast.Constant(value=str(name))],
        ):
            _refuse_another_place(file, kind, name, decorator.lineno)
            docstring = ast.get_docstring(node) or ""
            arguments = _arguments(file, f"{kind}/{name}", node)
            return Entry(
                kind, name, file, declare(f"{kind}/{name}", arguments, docstring), docstring
            )
    return None


def _refuse_another_place(file: Path, kind: str, name: str, line: int) -> None:
    """Refuse a component in the folder of a kind that its kind and name would not lead to.

    A file of the user's in any other folder may declare what it likes.
    """
    folder = "model" if file.parent == HERE else file.absolute().parent.name
    if not file.is_relative_to(HERE) and not (HERE / folder / "__init__.py").exists():
        return
    if (kind, name) != (folder, file.stem):
        hints = (
            "in the folder of a kind a component is found by its folder and file",
            f'write @component("{folder}", "{file.stem}"), or move it to {kind}/{name}.py',
        )
        what = f"{kind}/{name} is declared in {'/'.join(file.parts[-2:])}"
        raise UserError(Problem(what, f"{file}:{line}", hints=hints))


def _arguments(file: Path, path: str, node: ast.ClassDef) -> dict[str, tuple[Any, Any]]:
    constructor = next(
        (
            each
            for each in node.body
            if isinstance(each, ast.FunctionDef) and each.name == "__init__"
        ),
        None,
    )
    if constructor is None:
        return {}
    found: dict[str, tuple[Any, Any]] = {}
    for argument, default in zip(
        constructor.args.kwonlyargs, constructor.args.kw_defaults, strict=True
    ):
        try:
            if argument.annotation is None:
                raise ValueError("no type")  # noqa: TRY301  # one message for both
            annotation = _annotation(argument.annotation)
            value = REQUIRED if default is None else ast.literal_eval(default)
        except ValueError as error:
            hint = "options are int, float, bool, str, None, Literal or tuple, defaults literal"
            what = f"{path}: option {argument.arg} cannot be read"
            raise UserError(Problem(what, f"{file}:{argument.lineno}", hints=(hint,))) from error
        found[argument.arg] = (annotation, value)
    return found


def _annotation(node: ast.expr) -> Any:
    """Evaluate the few annotations that an option may have, without running code."""
    match node:
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.Constant(value=None):
            return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _annotation(left) | _annotation(right)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=words):
            return Literal[ast.literal_eval(words)]  # a tuple spreads into its members
        case ast.Subscript(
            value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[member, ast.Constant(value=last)])
        ) if last is ...:
            return tuple[_annotation(member), ...]  # type: ignore[misc]  # built at run time
    raise ValueError(ast.unparse(node))
