"""python -m reports.export grid=NAME WHAT: results in the formats of other programs."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reports.errors import Problem, UserError, nearest
from reports.files import write_whole
from reports.process import as_process

if TYPE_CHECKING:
    from reports.exporters.tables import VariantsTable
    from reports.frames import Frames

HELP = """\
usage: python -m reports.export grid=NAME WHAT [to=PATH]

Writes the results of a finished or half-finished grid in a format of other programs. Trains
nothing and reads nothing but results/NAME/.

  grid=NAME    a folder below results/
  WHAT         one of
    curves.csv   a row for each step of each cell: variant, seed, step, tokens, losses, ...
    tensorboard  a folder with an event file for each cell: NAME/VARIANT/SEED/
    table.tex    the variants table of the report for LaTeX, with the rules of booktabs
    table.md     the same in Markdown
  to=PATH      where it is written; results/NAME.WHAT unless said. to=- prints it; a folder of
               TensorBoard cannot be printed, and may hold exports of several grids
  --help       this

Exit codes: 0 done, 2 bad input, 130 stopped by Ctrl+C."""

RESULTS = Path("results")
FORMATS = ("curves.csv", "tensorboard", "table.tex", "table.md")
PRINTED = "-"
BAD_INPUT = 2


@dataclass(frozen=True)
class Command:
    """What was asked for.

    Fields:
        grid: a folder below results/.
        what: one of FORMATS.
        to: where it is written; PRINTED is the standard output.
    """

    grid: str
    what: str
    to: str


def main(arguments: Sequence[str]) -> int:
    """Write one export; print where it is."""
    if {"--help", "-h"} & set(arguments):
        sys.stdout.write(f"{HELP}\n")
        return 0
    try:
        export(read_command(arguments))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    return 0


def read_command(arguments: Sequence[str]) -> Command:
    """Read the command line.

    Raises:
        UserError: something is not known or given twice, or the grid or the format is not named.
    """
    given: dict[str, list[str]] = {"grid": [], "to": [], "what": []}
    problems = []
    for each in arguments:
        key, joint, value = each.partition("=")
        if joint and key in {"grid", "to"}:
            given[key].append(value)
        elif each in FORMATS:
            given["what"].append(each)
        else:
            problems.append(_unknown(each))
    problems += [*_of_grid(given["grid"]), *_of_format(given["what"], problems)]
    problems += _of_place(given["to"], given["what"])
    if problems:
        raise UserError(*problems)
    (grid,), (what,) = given["grid"], given["what"]
    return Command(grid, what, (given["to"] or [str(RESULTS / f"{grid}.{what}")])[0])


def export(command: Command) -> None:
    """Write one export, whole or not at all."""
    # Heavy imports wait until the command line is known to be good.
    from reports.frames import read_grid_frames  # noqa: PLC0415

    frames = read_grid_frames(command.grid, RESULTS)
    try:
        WRITE[command.what](frames, command)
    except BrokenPipeError:
        raise
    except OSError as error:
        hints = (error.strerror or str(error),)
        raise UserError(
            Problem("it cannot be written", "command line", "to", command.to, hints)
        ) from None


def _curves(frames: "Frames", command: Command) -> None:
    from reports.exporters.curves import write_curves  # noqa: PLC0415 - as above

    if command.to == PRINTED:
        write_curves(frames, sys.stdout.buffer)
    else:
        _write(command.to, lambda file: write_curves(frames, file))
    _tell_of_missing(frames)
    _tell("Curves", command.to)


def _runs(frames: "Frames", command: Command) -> None:
    from reports.exporters.runs import write_runs  # noqa: PLC0415 - as above

    many = write_runs(frames, Path(command.to))
    _tell_of_missing(frames)
    _tell(f"{many} run" if many == 1 else f"{many} runs", command.to)


def _latex(frames: "Frames", command: Command) -> None:
    from reports.exporters.latex import latex  # noqa: PLC0415 - as above

    _table(frames, command, latex)


def _markdown(frames: "Frames", command: Command) -> None:
    from reports.exporters.markdown import markdown  # noqa: PLC0415 - as above

    _table(frames, command, markdown)


WRITE: Mapping[str, Callable[["Frames", Command], None]] = dict(
    zip(FORMATS, (_curves, _runs, _latex, _markdown), strict=True)
)


def _table(frames: "Frames", command: Command, layout: Callable[["VariantsTable"], str]) -> None:
    from reports.exporters.tables import variants_table  # noqa: PLC0415 - as above
    from reports.material import Material  # noqa: PLC0415 - as above
    from reports.verdict import judge  # noqa: PLC0415 - as above

    material = Material(frames, judge(frames), datetime.now(UTC))
    text = layout(variants_table(material)).encode()
    if command.to == PRINTED:
        sys.stdout.buffer.write(text)
    else:
        _write(command.to, lambda file: file.write(text))
    _tell("Table", command.to)


def _write(to: str, write: Callable[[BinaryIO], object]) -> None:
    def fill(beside: Path) -> None:
        with beside.open("wb") as file:
            write(file)

    write_whole(Path(to), fill)


def _tell(what: str, to: str) -> None:
    if to != PRINTED:
        sys.stdout.write(f"{what}  {to}\n")


def _tell_of_missing(frames: "Frames") -> None:
    """Name the cells that have no curve; on stderr, since curves may be printed."""
    from reports.exporters.curves import without_curves  # noqa: PLC0415 - as above

    for each in without_curves(frames):
        sys.stderr.write(f"no curve of {each.cell}: {each.status}\n")


def _of_grid(names: Sequence[str]) -> Iterator[Problem]:
    if len(names) != 1 or not names[0]:
        hint = "python -m reports.export grid=NAME WHAT, where NAME is a folder below results/"
        yield Problem("one grid is needed", "command line", hints=(hint,))
    elif names[0] in {".", ".."} or Path(names[0]).name != names[0]:
        hint = "the name of a folder below results/, not a path"
        yield Problem("not a name", "command line", "grid", names[0], (hint,))


def _of_format(formats: Sequence[str], unknown: Sequence[Problem]) -> Iterator[Problem]:
    """Ask for one format; a word that is unknown was probably meant as one."""
    if len(formats) > 1 or not (formats or unknown):
        hint = f"one of {', '.join(FORMATS)}"
        yield Problem("one format is needed", "command line", " ".join(formats), hints=(hint,))


def _of_place(places: Sequence[str], formats: Sequence[str]) -> Iterator[Problem]:
    if len(places) > 1 or "" in places:
        what = "given twice" if len(places) > 1 else "a value is missing"
        yield Problem(what, "command line", "to")
        return
    for each in places:
        folder = Path(each).parent
        if each == PRINTED and "tensorboard" in formats:
            hint = "a folder of runs: to=PATH"
            yield Problem("a folder cannot be printed", "command line", "to", each, (hint,))
        elif each != PRINTED and (folder / "manifest.json").exists():
            hint = f"{folder} has results, of which nothing is replaced; say another place"
            yield Problem("results are no place for exports", "command line", "to", each, (hint,))


def _unknown(argument: str) -> Problem:
    key, joint, _ = argument.partition("=")
    hints = (
        f"known: grid=NAME, {', '.join(FORMATS)}, to=PATH, --help",
        *nearest(f"{key}{joint}", (*FORMATS, "grid=", "to=")),
    )
    return Problem("unknown argument", "command line", argument, hints=hints)


if __name__ == "__main__":
    as_process(main)
