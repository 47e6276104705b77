"""python -m reports.compare A B [...]: one report out of two or more finished grids."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reports.errors import Problem, UserError, nearest
from reports.files import write_json, write_text
from reports.frames import Frames, read_frames
from reports.process import as_process

if TYPE_CHECKING:
    from reports.comparison import Comparison

HELP = """\
usage: python -m reports.compare NAME NAME [NAME ...] [--json]

Writes one report out of the results of two or more grids: results/compare-NAME-NAME.html, one file
that needs nothing else, not even a script, and results/compare-NAME-NAME.json, which says the same
to programs. Trains nothing and reads nothing but the results.

Grids that agree in preset, data, tokenizer, tokens and the loss that judges stand on one scale;
others in columns of their own. Of one grid at several presets it says which verdicts hold at the
largest.

  NAME        a folder below results/: positions, or positions@pythia-14m
  --json      print the JSON, and nothing else
  --help      this

Exit codes: 0 done, 2 bad input."""

RESULTS = Path("results")
FEWEST = 2
LONGEST = 240  # bytes of a file name, with room for the one it is written beside
HINT = "python -m reports.compare positions positions@pythia-14m"


@dataclass(frozen=True)
class Command:
    """What was asked for."""

    names: tuple[str, ...]
    options: frozenset[str]

    @property
    def path(self) -> Path:
        """Where the page is written."""
        return RESULTS / f"compare-{'-'.join(self.names)}.html"


def main(arguments: Sequence[str]) -> int:
    """Write one comparison; print what it says, the path of the page last."""
    if {"--help", "-h"} & set(arguments):
        _print(HELP)
        return 0
    try:
        compare(read_command(arguments))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def read_command(arguments: Sequence[str]) -> Command:
    """Read the command line.

    Raises:
        UserError: fewer than two grids, one of them twice, or something that is not known.
    """
    options = frozenset(each for each in arguments if each.startswith("--"))
    names = tuple(each.removeprefix("grid=") for each in arguments if not each.startswith("--"))
    problems = [*_of_options(options), *_of_names(names)]
    command = Command(names, options)
    if not problems and len(command.path.name.encode()) > LONGEST:
        what = "the name of the page would be too long for a file"
        problems.append(Problem(what, "command line", hints=("compare fewer grids at once",)))
    if problems:
        raise UserError(*problems)
    return command


def compare(command: Command) -> None:
    """Write the page and its JSON, both whole or not at all, and print the headline."""
    # Heavy imports wait until the command line is known to be good.
    from reports.comparejson import document  # noqa: PLC0415
    from reports.comparison import Comparison  # noqa: PLC0415
    from reports.sides import Side  # noqa: PLC0415
    from reports.verdict import judge  # noqa: PLC0415

    frames = _read(command.names)
    sides = tuple(Side(each, judge(each)) for each in frames)
    comparison = Comparison(sides, datetime.now(UTC))
    said = document(comparison)
    write_json(command.path.with_suffix(".json"), said)
    write_text(command.path, page(comparison))
    if "--json" in command.options:
        _print(json.dumps(said, indent=1, sort_keys=True, allow_nan=False))
        return
    lines = [comparison.text, *(f"Caveat: {each.text}" for each in comparison.caveats)]
    _print("\n".join([*lines, "", f"Report  {command.path}"]))


def page(comparison: "Comparison") -> str:
    """Return the whole page: the same bytes for the same results, code and build time."""
    from reports.compareviews import page_of  # noqa: PLC0415 - as above
    from reports.still import still  # noqa: PLC0415 - as above

    words = page_of(comparison)
    return still("compare.html.j2", words.title, page=words)


def _read(names: Sequence[str]) -> list[Frames]:
    """Read every grid, and say of all of them what is wrong."""
    found: list[Frames] = []
    problems: list[Problem] = []
    for name in names:
        try:
            found.append(read_frames(RESULTS / name))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    return found


def _of_options(options: frozenset[str]) -> Iterator[Problem]:
    for each in sorted(options.difference({"--json"})):
        hints = (*nearest(each, ["--json", "--help"]), "python -m reports.compare --help")
        yield Problem("unknown argument", "command line", each, hints=hints)


def _of_names(names: Sequence[str]) -> Iterator[Problem]:
    if len(names) < FEWEST:
        yield Problem("two grids or more are needed", "command line", hints=(HINT,))
    for name in dict.fromkeys(names):
        if name in {"", ".", ".."} or Path(name).name != name:
            hint = "the name of a folder below results/, not a path"
            yield Problem("not a name", "command line", "grid", name, (hint,))
        elif names.count(name) > 1:
            hint = "a grid agrees with itself; name each one once"
            yield Problem("the same grid twice", "command line", "grid", name, (hint,))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    as_process(main)
