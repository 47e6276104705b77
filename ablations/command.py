"""The form of every command: key=value and a few --options in; an exit code out.

Exit codes: 0 done, 1 some cells failed, 2 bad input, 130 stopped with Ctrl+C.
"""

import errno
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ablations.grid import Grid, grid_names, read_grid
from ablations.language import GRID_KEYS, MACHINE_KEYS
from ablations.yaml_source import COMMAND_LINE, read_value
from components.catalogue import Catalogue
from components.errors import Problem, UserError, nearest, unknown

BAD_INPUT = 2
INTERRUPTED = 130

REFUSED = {errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS}
"""What a disk says that is full or whose owner is somebody else."""

EXECUTORS = ("local",)

KEY_LINES = {
    "workers": "workers=N           worker processes; one for each core or GPU if not given",
    "executor": "executor=local      where cells are trained",
    "storage": "storage=URL         where Optuna keeps the study",
    "only": "only=CELL           some cells or variants: only=none/3, only=[rotary, none/0]",
    "name": "name=NAME           names the results in place of the grid",
}

OPTION_LINES = {
    "--components": "--components PATH   a file or folder of your own components; may be repeated",
    "--json": "--json              print what a machine reads, and nothing else",
    "--plain": "--plain             plain lines, no colours and no moving display",
    "--help": "--help              this text",
}

HELP = """\
{usage}

Keys that say how to run, never what (no key of a grid, in no fingerprint):
{keys}
Every other key=value changes the grid:
  preset=pythia-14m   seeds=3   margin=0.02   axes.positions=[rotary,none]
  axes.model.heads=[1,12]   set.training.steps=200   baseline.positions=none
Options:
{options}

Exit codes: 0 done, 1 some cells failed, 2 bad input, 130 stopped with Ctrl+C.
"""


@dataclass(frozen=True)
class Command:
    """What a command line says.

    Fields:
        grid: the name of a grid, or the path of a .yaml file; empty for commands without one.
        overrides: the other `key=value`, changes to the grid, as they were given.
        workers: processes; None: one for each core or GPU.
        executor: where cells are trained.
        storage: of the Optuna study; None: a journal beside the runs.
        only: cells (`none/3`) or variants; empty: all.
        name: of the results; empty: the grid's own.
        json, plain: form of the output.
        components: files and folders of the user's components.
    """

    grid: str = ""
    overrides: tuple[str, ...] = ()
    workers: int | None = None
    executor: str = "local"
    storage: str | None = None
    only: tuple[str, ...] = ()
    name: str = ""
    json: bool = False
    plain: bool = False
    components: tuple[Path, ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The words that a command which does the same again needs beside grid and overrides."""
        paths = [word for path in self.components for word in ("--components", str(path))]
        return (*([f"name={self.name}"] if self.name else []), *paths)


def arguments(
    argv: Sequence[str],
    usage: str,
    keys: Sequence[str] = tuple(KEY_LINES),
    options: Sequence[str] = tuple(OPTION_LINES),
) -> Command:
    """Read the command line of a command that works on one grid.

    Args:
        argv: without the program's name.
        usage: the first lines of the help.
        keys: of MACHINE_KEYS, those that the command has a use for, which its help lists.
        options: the same of the options.

    Raises:
        UserError: an unknown option, a value that an option cannot have, no `grid=`.
        SystemExit: after --help.
    """
    listed = {
        "keys": "\n".join(f"  {KEY_LINES[key]}" for key in keys),
        "options": "\n".join(f"  {OPTION_LINES[option]}" for option in options),
    }
    command = bare_arguments(argv, HELP.format(usage=usage.strip(), **listed))
    if not command.grid:
        hints = (f"expected grid=NAME, one of {', '.join(grid_names())}; or grid=PATH.yaml",)
        raise UserError(Problem("no grid is named", COMMAND_LINE, "grid", hints=hints))
    return command


def bare_arguments(argv: Sequence[str], text: str) -> Command:
    """Read a command line; `text` is the whole help.

    Raises:
        UserError: an unknown option, a value that an option cannot have.
        SystemExit: after --help.
    """
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(text.rstrip() + "\n")
        raise SystemExit(0)
    flags, paths, pairs = _split(argv)
    given: dict[str, str] = {}
    overrides: list[str] = []
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in MACHINE_KEYS:
            overrides.append(pair)
        elif key in given:
            raise UserError(Problem("the key is given twice", COMMAND_LINE, key))
        else:
            given[key] = value
    return Command(
        grid=given.get("grid", ""),
        overrides=tuple(overrides),
        workers=_workers(given),
        executor=_executor(given),
        storage=given.get("storage") or None,
        only=_only(given),
        name=_name(given),
        json="--json" in flags,
        plain="--plain" in flags,
        components=tuple(Path(path) for path in paths),
    )


def grid_of(command: Command, catalogue: Catalogue) -> Grid:
    """Read the grid that a command names, with the command's overrides.

    Raises:
        UserError: everything that is wrong with it.
    """
    return read_grid(command.grid, command.overrides, catalogue)


def results_name(command: Command, grid: Grid) -> str:
    """Return the folder of the results: `name=`, or the grid's own."""
    return command.name or grid.results_name


def main_of(function: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a command as this process: its arguments in, its exit code out.

    Bad input becomes messages and exit code 2, Ctrl+C exit code 130.
    """
    sys.exit(exit_code(function, sys.argv[1:]))


def exit_code(function: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """Return the exit code of a command, having told the user what is wrong."""
    try:
        return function(argv)
    except UserError as error:
        sys.stderr.write(f"{told(error)}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        sys.stderr.write(f"{_refused(error)}\n")
        return BAD_INPUT


def _refused(error: OSError) -> Problem:
    hints = (
        "cells that finished are kept, and the same command goes on",
        "ABLATIONS_STORE=FOLDER before the command keeps runs elsewhere",
    )
    return Problem(f"the disk refuses: {error.strerror}", str(error.filename or ""), hints=hints)


def told(error: UserError) -> str:
    """Return the messages of an error, and how many there are."""
    count = len(error.problems)
    return f"{error}\n{count} error{'' if count == 1 else 's'}; nothing was run"


def _split(argv: Sequence[str]) -> tuple[set[str], list[str], list[str]]:
    """Return the options without a value, the paths of --components, and the rest."""
    flags: set[str] = set()
    paths: list[str] = []
    pairs: list[str] = []
    words = iter(argv)
    for word in words:
        option, equals, value = word.partition("=")
        if option == "--components":
            path = value if equals else next(words, "")
            if not path or path.startswith("--"):
                raise UserError(Problem("--components needs a path", COMMAND_LINE, "--components"))
            paths.append(path)
        elif word.startswith("-"):
            if word not in OPTION_LINES:
                raise UserError(_unknown_option(word))
            flags.add(word)
        elif not equals:
            raise UserError(_no_pair(word, next(words, "")))
        else:
            pairs.append(word)
    return flags, paths, pairs


def _unknown_option(word: str) -> Problem:
    problem = unknown(f"option {word}", word, OPTION_LINES, "options")
    bare = word.lstrip("-").partition("=")[0]
    meant = (f"did you mean {bare}=...?",) if bare in MACHINE_KEYS else ()
    return Problem(problem.what, COMMAND_LINE, hints=(*problem.hints, *meant))


def _no_pair(word: str, following: str) -> Problem:
    hints = [f"did you mean grid={word}?"] if word in grid_names() else []
    if word in (*GRID_KEYS, *MACHINE_KEYS):
        value = following if following and "=" not in following else "..."
        hints.append(f"write {word}={value}")
    hints += nearest(word, OPTION_LINES)
    return Problem(f"not key=value: {word}", COMMAND_LINE, hints=tuple(hints))


def _workers(given: Mapping[str, str]) -> int | None:
    text = given.get("workers", "")
    if "workers" not in given:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise UserError(
            Problem("no number of workers", COMMAND_LINE, "workers", text, ("expected 1 or more",))
        )
    return int(text)


def _executor(given: Mapping[str, str]) -> str:
    executor = given.get("executor", "local")
    if executor == "ray":
        hint = "executor=local trains on this machine"
        raise UserError(
            Problem("ray is not yet an executor", COMMAND_LINE, "executor", "ray", (hint,))
        )
    if executor not in EXECUTORS:
        problem = unknown(f"executor {executor}", executor, EXECUTORS, "executors")
        raise UserError(Problem(problem.what, COMMAND_LINE, "executor", executor, problem.hints))
    return executor


def _only(given: Mapping[str, str]) -> tuple[str, ...]:
    text = given.get("only", "")
    if not text.startswith("["):
        return (text,) if text else ()
    value = read_value(text, "only")
    if not all(isinstance(each, str) for each in value):
        hint = "write only=none/3, or only=[rotary, none/0]"
        raise UserError(Problem("no list of cells", COMMAND_LINE, "only", text, (hint,)))
    return tuple(value)


def _name(given: Mapping[str, str]) -> str:
    name = given.get("name", "")
    if "name" in given and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}", name):
        hint = "expected letters, digits and _ . @ + -; it becomes a folder under results/"
        raise UserError(Problem("that is no name for results", COMMAND_LINE, "name", name, (hint,)))
    return name
