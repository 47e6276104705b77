"""The command that begins a component: its file and its test, from an example that works."""

import builtins
import keyword
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.command import main_of
from ablations.settings import component_paths
from ablations.yaml_source import COMMAND_LINE, shown_path
from components.catalogue import HERE, component_files, read_catalogue
from components.errors import Problem, UserError, nearest, unknown
from pipelines.cell import PART_KINDS
from pipelines.files import write_text

TEMPLATES = Path(__file__).parent / "templates"

PROJECT = HERE.parent

USAGE = """\
python -m ablations.new KIND NAME [--components PATH]

Writes a component and its test, from an example of its kind that works: change
what it computes. In this project they are components/KIND/NAME.py and
tests/components/KIND/test_NAME.py; with --components, in a folder of your own,
PATH/KIND/NAME.py and PATH/tests/test_KIND_NAME.py, and beside it a test that
checks what every component must keep. Nothing is overwritten.

  KIND   positions, memory, mixer, mlp, activation, norm, topology, optimizer,
         schedule or batching
  NAME   small letters, digits and _: my_idea

Exit codes: 0 done, 2 bad input.
"""

LONGEST = 32

EXAMPLE = ("my_idea", "MyIdea")
"""What the examples are called, their component and its class."""


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Fields:
        kind, name: of the component.
        folder: of a user's own components; None: it becomes one of the project's.
    """

    kind: str
    name: str
    folder: Path | None


def main(argv: Sequence[str]) -> int:
    """Write a component and its test."""
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(USAGE)
        return 0
    order = read_order(argv)
    paths = write(order)
    lines = [f"wrote {shown_path(path)}" for path in paths]
    sys.stdout.write("\n".join([*lines, *_what_next(order, paths)]) + "\n")
    return 0


def read_order(argv: Sequence[str]) -> Order:
    """Read the command line.

    Raises:
        UserError: everything that is wrong with it.
    """
    words, folders = _split(argv)
    if len(words) != 2:  # noqa: PLR2004  # kind and name
        hint = "expected KIND NAME: python -m ablations.new positions my_idea"
        raise UserError(Problem("a component has a kind and a name", COMMAND_LINE, hints=(hint,)))
    kind, name = words
    problems = [*_wrong_kind(kind), *_wrong_name(name)]
    folder = folders[0] if folders else None
    if folder is not None and folder.exists() and not folder.is_dir():
        hint = "expected a folder, which need not exist yet"
        problems.append(
            Problem("that is no folder", COMMAND_LINE, "--components", str(folder), (hint,))
        )
    if problems:
        raise UserError(*problems)
    inside = folder is not None and folder.absolute().is_relative_to(HERE)
    return Order(kind, name, None if inside else folder)


def write(order: Order) -> tuple[Path, ...]:
    """Write the files and return where they are.

    Raises:
        UserError: there is a component of that name, or one of the files.
    """
    _refuse_a_known_name(order)
    own, test = f"{order.kind}.txt", f"test_{order.kind}.txt"
    if order.folder is None:
        tests = PROJECT / "tests" / "components" / order.kind
        files = {HERE / order.kind / f"{order.name}.py": own, tests / f"test_{order.name}.py": test}
    else:
        tests = order.folder / "tests"
        files = {
            order.folder / order.kind / f"{order.name}.py": own,
            tests / f"test_{order.kind}_{order.name}.py": test,
        }
        contract = tests / "test_contract.py"
        files |= {} if contract.exists() else {contract: "contract.txt"}
    there = [shown_path(path) for path in files if path.exists()]
    if there:
        hint = "nothing was written; give another name, or move it away"
        raise UserError(*(Problem("there is such a file", path, hints=(hint,)) for path in there))
    for path, template in files.items():
        write_text(path, filled_in((TEMPLATES / template).read_text(encoding="utf-8"), order))
    return tuple(files)


def filled_in(example: str, order: Order) -> str:
    """Return an example as the component that is asked for: its name, its class, its place."""
    here, there = ("#project ", "#elsewhere ")[:: 1 if order.folder is None else -1]
    lines = [f"{line} ".removeprefix(here) for line in example.splitlines()]
    kept = [line.rstrip() for line in lines if not line.startswith(there)]
    named = "\n".join(kept).replace(EXAMPLE[0], order.name)
    return named.replace(EXAMPLE[1], _class_name(order, example)) + "\n"


def _class_name(order: Order, example: str) -> str:
    """Return the name in capitals, with its kind behind it where it would hide another name."""
    own = "".join(word.capitalize() for word in order.name.split("_"))
    hides = keyword.iskeyword(own) or hasattr(builtins, own)
    hides = hides or re.search(rf"\b{own}\b", example) is not None
    return f"{own}{order.kind.capitalize()}" if hides else own


def _refuse_a_known_name(order: Order) -> None:
    own = order.folder
    paths = [own] if own is not None and own.is_dir() and component_files(own) else []
    known = read_catalogue(component_paths(paths)).entries.get((order.kind, order.name))
    if known is not None:
        what = f"there is a component {order.kind}/{order.name}"
        hints = (f"it is {shown_path(known.path)}; give yours another name",)
        raise UserError(Problem(what, COMMAND_LINE, "NAME", order.name, hints))
    if own is None and not (PROJECT / "tests" / "components").is_dir():
        hint = "add --components PATH, a folder for components of your own"
        raise UserError(
            Problem("the project is not here to be added to", COMMAND_LINE, hints=(hint,))
        )


def _wrong_kind(kind: str) -> list[Problem]:
    if kind in PART_KINDS:
        return []
    problem = unknown(f"kind {kind}", kind, PART_KINDS, "kinds")
    return [Problem(problem.what, COMMAND_LINE, "KIND", kind, problem.hints)]


def _wrong_name(name: str) -> list[Problem]:
    hint = ""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        likely = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
        likely = likely.strip("_").lstrip("0123456789_")
        hint = "small letters, digits and _ between them"
        hint += f"; such as {likely}" if likely else ""
    elif keyword.iskeyword(name):
        hint = "it is a word of Python"
    elif name.startswith("test_"):
        hint = "files that begin with test_ are no components"
    elif len(name) > LONGEST:
        hint = f"at most {LONGEST} characters"
    problem = Problem("that is no name of a component", COMMAND_LINE, "NAME", name, (hint,))
    return [problem] if hint else []


def _split(argv: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Return kind and name, and the folders of --components."""
    words: list[str] = []
    folders: list[Path] = []
    given = iter(argv)
    for word in given:
        option, equals, value = word.partition("=")
        if option == "--components":
            path = value if equals else next(given, "")
            if not path or path.startswith("-"):
                raise UserError(Problem("--components needs a path", COMMAND_LINE, "--components"))
            folders.append(Path(path))
        elif word.startswith("-"):
            hints = nearest(word, ("--components", "--help"))
            raise UserError(Problem(f"unknown option {word}", COMMAND_LINE, hints=hints))
        else:
            words.append(word)
    if len(folders) > 1:
        hint = "a component has one folder"
        raise UserError(Problem("--components is given twice", COMMAND_LINE, hints=(hint,)))
    return words, folders


def _what_next(order: Order, paths: Sequence[Path]) -> list[str]:
    """Return the commands that a user wants now."""
    option = "" if order.folder is None else f" --components {shlex.quote(str(order.folder))}"
    if order.folder is None:
        tests = f"tests/components -k {order.name}"
    else:
        tests = shlex.quote(shown_path(paths[1].parent))
    return [
        "",
        "It is an example that works: change what it computes, and the docstring and test with it.",
        f"  python -m pytest -q {tests}",
        f"  python -m ablations.list {order.kind}{option}",
    ]


if __name__ == "__main__":
    main_of(main)
