"""python -m reports.index [stale=a,b] [current=c,d]: write results/index.html, all grids."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from reports.errors import Problem, UserError, nearest
from reports.files import write_text
from reports.process import as_process

HELP = """\
usage: python -m reports.index [stale=NAME,NAME] [current=NAME,NAME]

Writes results/index.html: a row for each folder of results, with its question, the verdict of its
report, how far it is, and what it took. One file that needs nothing else, not even a script.

  stale=      results whose code or data changed since: whoever knows says so
  current=    results that were looked at, and are what would be trained today
  --help      this

Nothing is said about the code and data of others than these: "not checked".

Exit codes: 0 done, 2 bad input."""

RESULTS = Path("results")
KEYS = ("stale", "current")


def main(arguments: Sequence[str]) -> int:
    """Write the index; print its path."""
    if {"--help", "-h"} & set(arguments):
        sys.stdout.write(f"{HELP}\n")
        return 0
    try:
        path = index(read_command(arguments), datetime.now(UTC))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"Index  {path}\n")
    return 0


def read_command(arguments: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return key -> names of results.

    Raises:
        UserError: a key is not known, or a name is given to both.
    """
    told = dict.fromkeys(KEYS, frozenset[str]())
    problems = []
    for each in arguments:
        key, joint, value = each.partition("=")
        if joint and key in KEYS:
            told[key] |= {name for name in value.split(",") if name}
        else:
            hints = (*nearest(key, KEYS), "python -m reports.index --help")
            problems.append(Problem("unknown argument", "command line", each, hints=hints))
    both = sorted(told["stale"] & told["current"])
    problems += [Problem("both stale and current", "command line", "stale", n) for n in both]
    if problems:
        raise UserError(*problems)
    return told


def index(told: dict[str, frozenset[str]], built: datetime) -> Path:
    """Write the index, whole or not at all, and return where.

    Raises:
        UserError: something is told about results that are not there.
    """
    # Heavy imports wait until the command line is known to be good.
    from reports.indexing import names  # noqa: PLC0415

    known = names(RESULTS)
    problems = [*_unknown(told, known)]
    if problems:
        raise UserError(*problems)
    path = RESULTS / "index.html"
    write_text(path, page(told, built))
    return path


def page(told: dict[str, frozenset[str]], built: datetime) -> str:
    """Return the whole page: the same bytes for the same results, words and build time."""
    from reports.indexing import Told, comparisons, hours_of_all, rows, states  # noqa: PLC0415
    from reports.numbers import date  # noqa: PLC0415
    from reports.still import still  # noqa: PLC0415 - as above

    found = rows(RESULTS, Told(told["stale"], told["current"]))
    return still(
        "index.html.j2",
        "Grids",
        rows=found,
        compared=comparisons(RESULTS),
        states=states(found),
        hours=hours_of_all(RESULTS),
        built=date(built),
    )


def _unknown(told: dict[str, frozenset[str]], known: Sequence[str]) -> Iterator[Problem]:
    for key in KEYS:
        for name in sorted(told[key].difference(known)):
            listed = (f"there are: {', '.join(known)}",) if known else ()
            hints = (*listed, *nearest(name, known))
            yield Problem("there are no such results", "command line", key, name, hints)


if __name__ == "__main__":
    as_process(main)
