"""Components are found by kind and name; their options are their constructor's arguments."""

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from components.errors import Problem, UserError
from components.options import REQUIRED, Choice, Option, declare

T = TypeVar("T")

_found: dict[tuple[str, str], type[Any]] = {}


def component(kind: str, name: str) -> Callable[[type[T]], type[T]]:
    """Register the class below as component `kind/name`.

    Its keyword-only constructor arguments become the options that a grid may set.

    Raises:
        ValueError: another class has that kind and name.
        UserError: an option has no type or is not described in the docstring.
    """

    def register(cls: type[T]) -> type[T]:
        known = _found.get((kind, name))
        if known is not None and inspect.getfile(known) != inspect.getfile(cls):
            raise ValueError(f"{kind}/{name} is {known.__module__} already")
        read_options(f"{kind}/{name}", cls)
        _found[kind, name] = cls
        return cls

    return register


def read_options(path: str, cls: type[Any]) -> tuple[Option, ...]:
    """Read the options of a component class from its signature and docstring."""
    hints = get_type_hints(cls.__init__)
    arguments = {
        name: (hints[name], REQUIRED if each.default is each.empty else each.default)
        for name, each in inspect.signature(cls.__init__).parameters.items()
        if each.kind is each.KEYWORD_ONLY and _typed(path, name, hints)
    }
    return declare(path, arguments, inspect.getdoc(cls) or "")


def component_class(kind: str, name: str) -> type[Any]:
    """Return the class registered as `kind/name`, importing its module where needed."""
    if (kind, name) not in _found:
        folder = "" if kind == "model" else f".{kind}"  # model/decoder is components/decoder.py
        importlib.import_module(f"components{folder}.{name}")
    return _found[kind, name]


def build(choice: Choice, *runtime: object) -> Any:
    """Construct the component that `choice` describes.

    Args:
        choice: kind, name and options.
        runtime: the positional arguments of its kind (sizes, parameters, total steps ...).

    Raises:
        UserError: the constructor refuses a value; the key is the option that it names first.
    """
    cls = component_class(choice.kind, choice.name)
    try:
        return cls(*runtime, **choice.options)
    except ValueError as error:
        option, _, rest = str(error).partition(":")
        if option in choice.options and rest:
            raise UserError(Problem(f"{choice.path}: {option}:{rest}", key=option)) from error
        raise UserError(Problem(f"{choice.path}: {error}")) from error


def load_files(paths: Sequence[Path]) -> None:
    """Import component files that the user named; what they declare is registered (law 10).

    Raises:
        UserError: a file goes wrong while it is imported, with the line.
    """
    for path in paths:
        name = _module_name(path)
        if name in sys.modules:
            continue
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise UserError(Problem("not a Python file", place=str(path)))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # whatever it is, it is the file's
            del sys.modules[name]
            if isinstance(error, UserError):
                raise
            raise UserError(_not_imported(path, error)) from error


def _not_imported(path: Path, error: Exception) -> Problem:
    """Say what went wrong while a file was imported, and in which line of it."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == path.resolve()
    ]
    line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
    what = f"the component file cannot be imported: {type(error).__name__}: {error}"
    return Problem(what, f"{path}:{line}" if line else str(path))


def _module_name(path: Path) -> str:
    """Return the module that a user's file is: `user_components.positions.own`.

    By this name the user's files import one another. Of two files that both would have it, in two
    folders, the later one gets a digest of its path behind it.
    """
    name = f"user_components.{path.parent.name}.{path.stem}"
    known = getattr(sys.modules.get(name), "__file__", None)
    if known is None or Path(known).resolve() == path.resolve():
        return name
    return f"{name}_{blake2b(str(path.resolve()).encode(), digest_size=6).hexdigest()}"


def _typed(path: str, name: str, hints: dict[str, Any]) -> bool:
    if name not in hints:
        raise UserError(
            Problem(f"{path}: option {name} has no type", hints=("write `name: int = 1`",))
        )
    return True
