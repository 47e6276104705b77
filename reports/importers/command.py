"""The arguments of an import, and the import itself: from a path to the name of its results."""

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.errors import Problem, UserError, nearest
from reports.importers.columns import meaning_of
from reports.importers.imported import Imported, check_baseline
from reports.importers.mapping import read_mapping
from reports.importers.raw import Format, Raw
from reports.importers.results import refuse_others, write_results
from reports.importers.runs import runs_of
from reports.importers.table import READERS, read_tables, table_files
from reports.importers.tensorboard import read_tensorboard
from reports.importers.wandb import read_wandb

FLAGS = ("--json", "--plain")
VALUES = ("--from", "--mapping")
READ: Mapping[Format, Callable[[Path], Raw]] = {
    "table": read_tables,
    "tensorboard": read_tensorboard,
    "wandb": read_wandb,
}


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Fields:
        source: the file or folder to import.
        mapping: says what its columns mean; None without one.
        name: of the results; None where it follows from the source.
        options: of the page.
    """

    source: Path
    mapping: Path | None
    name: str | None
    options: frozenset[str]


def read_request(arguments: Sequence[str]) -> Request:
    """Read the command line of an import.

    Raises:
        UserError: something is not known, or a value is missing or given twice.
    """
    problems: list[Problem] = []
    values: dict[str, str] = {}
    options: set[str] = set()
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        key, joint, value = argument.partition("=")
        if key in VALUES and not joint:
            value = waiting.pop(0) if waiting else ""
        if argument in FLAGS:
            options.add(argument)
        elif key not in (*VALUES, "name"):
            known = (*FLAGS, *VALUES, "name=")
            hints = (f"known: {', '.join(known)}", *nearest(argument, known))
            problems.append(Problem("unknown argument", "command line", argument, hints=hints))
        elif not value or key in values:
            what = "given twice" if key in values else "a value is missing"
            problems.append(Problem(what, "command line", key))
        else:
            values[key] = value
    name = values.get("name")
    if name is not None and not is_name(name):
        hint = "the name of a folder below results/, not a path"
        problems.append(Problem("not a name", "command line", "name", name, (hint,)))
    if problems:
        raise UserError(*problems)
    mapping = values.get("--mapping")
    source = Path(values["--from"])
    return Request(source, Path(mapping) if mapping else None, name, frozenset(options))


def is_name(text: str) -> bool:
    """Whether a text can be the name of a folder."""
    return text not in {"", ".", ".."} and Path(text).name == text and "\0" not in text


def bring_in(request: Request, results: Path) -> str:
    """Write the results folder of a source and return its name; guesses go to stderr.

    Raises:
        UserError: the source cannot be read or understood, or its results would replace others.
    """
    name = request.name or name_of(request.source)
    said = read_mapping(request.mapping)
    raw = READ[format_of(request.source)](request.source)
    refuse_others(results / name, request.source, is_named=request.name is not None)
    meaning = meaning_of(raw, said)
    given = Imported(
        raw, runs_of(raw, meaning, said), said, meaning.guesses, name, _command(request)
    )
    check_baseline(given.runs, said)
    write_results(given, results)
    for guess in given.every_guess:
        sys.stderr.write(f"guess: {guess}\n")
    return name


def name_of(source: Path) -> str:
    """Return the name that results have by their source."""
    stem = source.resolve().stem if source.is_file() else source.resolve().name
    return re.sub(r"[^\w.@-]+", "-", stem, flags=re.ASCII).strip("-.") or "imported"


def format_of(source: Path) -> Format:
    """Return what a file or folder holds.

    Raises:
        UserError: it is not there, nothing in it can be read, or it holds several formats.
    """
    if not source.exists():
        beside = [each.name for each in source.parent.glob("*")] if source.parent.is_dir() else []
        close = nearest(source.name, beside)
        raise UserError(
            Problem("there is no such file", "command line", "--from", str(source), close)
        )
    files = [source] if source.is_file() else [e for e in source.rglob("*") if e.is_file()]
    found: list[Format] = []
    if any("tfevents" in each.name for each in files):
        found.append("tensorboard")
    if any(each.suffix == ".wandb" for each in files):
        found.append("wandb")
    tables = [source] if source.is_file() and source.suffix in READERS else []
    if tables or (source.is_dir() and not found and table_files(source)):
        found.append("table")
    if len(found) == 1:
        return found[0]
    tables_are = f"tables ({', '.join(READERS)})"
    hint = f"read are: {tables_are}, TensorBoard (*tfevents*), Weights & Biases (*.wandb)"
    what = "several formats in one folder" if found else "nothing here can be read"
    raise UserError(Problem(what, "command line", "--from", str(source), (hint,)))


def _command(request: Request) -> str:
    parts = ["python", "-m", "reports.build", "--from", str(request.source)]
    parts += ["--mapping", str(request.mapping)] if request.mapping else []
    parts += [f"name={request.name}"] if request.name else []
    return shlex.join(parts)
