"""python -m reports.build grid=NAME: write results/NAME.html and results/NAME.json."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from reports.errors import Problem, UserError, nearest
from reports.files import write_json, write_text
from reports.frames import read_grid_frames
from reports.process import as_process

if TYPE_CHECKING:
    from reports.material import Material

HELP = """\
usage: python -m reports.build grid=NAME [--full] [--json] [--plain]
       python -m reports.build --from FILE_OR_FOLDER [--mapping FILE.yaml] [name=NAME]

Writes the report of a finished or half-finished grid: results/NAME.html, one file that needs
nothing else, and results/NAME.json, which says the same to programs. Trains nothing and reads
nothing but results/NAME/.

  grid=NAME   a folder below results/
  --from PATH the same from runs that were trained elsewhere: tables (CSV, Parquet, JSON lines),
              files of TensorBoard or Weights & Biases; writes results/NAME/ first
  --mapping FILE.yaml  what their columns mean, which variant is the baseline, and so on
  name=NAME   of the imported results; that of the file or folder unless said
  --full      every step of every cell in the page, whatever its size; else a large grid has some
              in buckets of steps, so that the page stays below 6 MB
  --json      print results/NAME.json, and nothing else
  --plain     no colours, no drawing characters, no links
  --help      this

Exit codes: 0 done, 2 bad input."""

RESULTS = Path("results")
OPTIONS = ("--full", "--json", "--plain")


@dataclass(frozen=True)
class Command:
    """What was asked for."""

    grid: str
    options: frozenset[str]


def main(arguments: Sequence[str]) -> int:
    """Build one report; print what it says, the path of the page last."""
    if {"--help", "-h"} & set(arguments):
        _print(HELP)
        return 0
    try:
        build(_imported(arguments) if _is_import(arguments) else read_command(arguments))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def read_command(arguments: Sequence[str]) -> Command:
    """Read the command line.

    Raises:
        UserError: something is not known, or the grid is not named.
    """
    grids = [each.removeprefix("grid=") for each in arguments if each.startswith("grid=")]
    options = frozenset(each for each in arguments if each.startswith("--"))
    rest = [each for each in arguments if not each.startswith(("grid=", "--"))]
    problems = [_unknown(each) for each in (*rest, *sorted(options.difference(OPTIONS)))]
    if len(grids) != 1 or not grids[0]:
        hint = "python -m reports.build grid=NAME, where NAME is a folder below results/"
        problems.append(Problem("one grid is needed", "command line", hints=(hint,)))
    elif grids[0] in {".", ".."} or Path(grids[0]).name != grids[0]:
        hint = "the name of a folder below results/, not a path"
        problems.append(Problem("not a name", "command line", "grid", grids[0], (hint,)))
    if problems:
        raise UserError(*problems)
    return Command(grids[0], options)


def _is_import(arguments: Sequence[str]) -> bool:
    return any(each.partition("=")[0] == "--from" for each in arguments)


def _imported(arguments: Sequence[str]) -> Command:
    """Bring runs that were trained elsewhere into results/, and return what reports them."""
    from reports.importers.command import bring_in, read_request  # noqa: PLC0415 - slow to import

    request = read_request(arguments)
    return Command(bring_in(request, RESULTS), request.options)


def build(command: Command) -> None:
    """Write the page and its JSON, both whole or not at all, and print the verdict."""
    # Heavy imports wait until the command line is known to be good.
    from reports.document import document  # noqa: PLC0415
    from reports.material import Material  # noqa: PLC0415
    from reports.page import render  # noqa: PLC0415
    from reports.tiers import NO_LIMIT  # noqa: PLC0415
    from reports.verdict import judge  # noqa: PLC0415

    frames = read_grid_frames(command.grid, RESULTS)
    material = Material(frames, judge(frames), datetime.now(UTC))
    said = document(material)
    path = RESULTS / f"{command.grid}.html"
    write_json(path.with_suffix(".json"), said)
    write_text(path, render(material, NO_LIMIT if "--full" in command.options else None))
    if "--json" in command.options:
        _print(json.dumps(said, indent=1, sort_keys=True, allow_nan=False))
        return
    _tell(material, path, command)


def _tell(material: "Material", path: Path, command: Command) -> None:
    from reports.terminal import plain, show  # noqa: PLC0415

    console = Console()
    if "--plain" in command.options or not console.is_terminal:
        _print(plain(material, path))
    else:
        show(material, path, console)


def _unknown(argument: str) -> Problem:
    hints = (*nearest(argument, (*OPTIONS, "grid=")), "python -m reports.build --help")
    return Problem("unknown argument", "command line", argument, hints=hints)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    as_process(main)
