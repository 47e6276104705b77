"""How often verdicts are false, on simulated sweeps; `python -m benchmarks.verdicts`."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import verdicts_tables as questions
from benchmarks.verdicts_check import disagreements
from benchmarks.verdicts_noise import LARGE, NOISY, Setting, simulate
from benchmarks.verdicts_tables import FULL, LOOKS, OURS, SHORT, Effort, Row
from reports.estimates import ALPHA

USAGE = """usage: python -m benchmarks.verdicts [--short] [--json FILE]

Simulates sweeps whose truth is known and counts what the rules of the reports say of them, beside
other rules and the lowest curve of one seed. Minutes; exit code 1 if a promise is not kept.

  --short      fewer sweeps: seconds, and larger errors
  --json FILE  also write every number, with its binomial standard error
"""
WIDTH = 80
CHECKED = 12  # sweeps of each setting that are judged by the functions of the reports as well
ERRORS = 4  # standard errors beyond which a promise counts as broken: many shares are looked at


@dataclass(frozen=True)
class Column:
    """A column of a table: heading, key of the number, key of its standard error; or text."""

    heading: str
    key: str
    error: str | None = None
    form: str = "percent"


@dataclass(frozen=True)
class Question:
    """One table: what it asks, its rows, its columns."""

    name: str
    title: str
    rows: Callable[[Effort], Iterator[Row]]
    columns: tuple[Column, ...]


def _seeds(keys: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(key, key, f"{key}, error") for key in keys)


QUESTIONS = (
    Question(
        "rules",
        "Six variants, a fixed number of seeds. False: sweeps with a false verdict, if all are "
        "equal; if true means scatter by 0.01 with seeds that scatter by 0.005 (noisy) or 0.0013 "
        "(calm). Found: contrasts with a verdict; sides: those called better or worse. Lowest: the "
        "mean of the seeds decides, of one seed as in a diary. Uncorrected and Holm: the paired t.",
        questions.rules,
        (
            Column("rule", "rule", form="text"),
            Column("seeds", "seeds", form="text"),
            Column("equal", "false_null", "error_null"),
            Column("noisy", "false_noisy", "error_noisy"),
            Column("found", "resolved_noisy"),
            Column("sides", "directed_noisy"),
            Column("calm", "false_calm", "error_calm"),
            Column("sides", "directed_calm"),
        ),
    ),
    Question(
        "patterns",
        "Sweeps with a false verdict if all variants are equal, for the worst of nine patterns of "
        "noise. Until decided: looks at 3, 5 and 10 seeds.",
        questions.patterns,
        (
            Column("variants", "variants", form="text"),
            Column("rule", "rule", form="text"),
            *_seeds(("3 seeds", "5 seeds", "10 seeds", "until decided")),
        ),
    ),
    Question(
        "beyond",
        "Noise for which no promise is made, since few seeds do not show it: sweeps with a false "
        "verdict, all means equal. Skewed is exponential; of bad seeds 15 % end 10 standard "
        "deviations higher.",
        questions.beyond,
        (
            Column("noise", "noise", form="text"),
            Column("variants", "variants", form="text"),
            *_seeds(("3 seeds", "5 seeds", "10 seeds", "until decided")),
        ),
    ),
    Question(
        "best",
        "The set that could be the best: how often it holds a variant that is truly the best, at "
        "least over nine patterns, all equal; before and after those called worse are left out; "
        "its size where true means scatter by 0.01, seeds by 0.005.",
        questions.best_sets,
        (
            Column("variants", "variants", form="text"),
            Column("seeds", "seeds", form="text"),
            Column("holds it", "covered", "error"),
            Column("named", "named"),
            Column("size", "size", form="number"),
            Column("worst noise", "noise", form="text"),
        ),
    ),
    Question(
        "conditions",
        "Five seeds, floored. Covered: sweeps whose intervals all hold the truth. Found: contrasts "
        "with a verdict; oracle: by whoever knows the noise. Diary: sweeps in which the lowest "
        "curve of one seed orders a contrast wrongly.",
        questions.conditions,
        (
            Column("of six variants", "setting", form="text"),
            Column("false", "false", "error"),
            Column("covered", "covered"),
            Column("found", "resolved"),
            Column("oracle", "oracle"),
            Column("diary", "diary"),
        ),
    ),
    Question(
        "decided",
        "Seeds until decided, looks at 3, 5 and 10, floored; beside always training 10.",
        questions.until_decided,
        (
            Column("of six variants", "setting", form="text"),
            Column("false", "false", "error"),
            Column("covered", "covered"),
            Column("found", "resolved"),
            Column("with 10", "resolved_fixed"),
            Column("cells", "cells", form="cells"),
            Column("saved", "saved"),
        ),
    ),
    Question(
        "critical",
        "Sweeps with a false verdict if the baseline scatters 0, 1 and 2 times as widely as the "
        "variants, over seven patterns of variance: from the least to the most.",
        questions.critical_values,
        (
            Column("contrasts", "contrasts", form="text"),
            *(
                column
                for seeds in LOOKS
                for column in (
                    Column(f"{seeds} seeds", f"{seeds} seeds, least"),
                    Column("to", f"{seeds} seeds, most", f"{seeds} seeds, error"),
                )
            ),
        ),
    ),
    Question(
        "looks",
        "Looks at 3, 5 and 10 seeds that share the 5 %, and that each take all of it: sweeps with "
        "a false verdict, all variants equal.",
        questions.looks_without_sharing,
        (
            Column("contrasts", "contrasts", form="text"),
            Column("rule", "rule", form="text"),
            Column("shared", "shared", "error"),
            Column("each all of it", "whole", "error"),
        ),
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, 1 if a promise is not kept, or 2 for bad input."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--help" in given or "-h" in given:
        sys.stdout.write(USAGE)
        return 0
    file, rest = _file(given)
    if rest not in ([], ["--short"]):
        sys.stderr.write(f"benchmarks.verdicts cannot read: {' '.join(rest)}\n\n{USAGE}")
        return 2
    effort = SHORT if rest else FULL
    console = Console(width=WIDTH, highlight=False)
    problems, found = list(_check(console)), {}
    for question in QUESTIONS:
        found[question.name] = list(question.rows(effort))
        console.print(_table(question, found[question.name]))
    problems += broken(found)
    console.print("\n".join(problems) or "Every promise is kept.")
    if file is not None:
        file.write_text(json.dumps({"sweeps": effort.sweeps, **found}, indent=1) + "\n", "utf-8")
    return 1 if problems else 0


def broken(found: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Name each share that is beyond what the reports promise, by more than its error explains.

    At most 5 % of sweeps with a false verdict; the best is in its set in 95 % at least.
    """
    for name in ("rules", "patterns", "conditions", "decided", "critical", "looks"):
        for row in found[name]:
            if row.get("rule", "floored") in OURS:
                for key, value, error in _false_shares(row):
                    if value > ALPHA + ERRORS * error:
                        yield f"Too many false verdicts, {name}: {key} {value:.4f} in {dict(row)}"
    for row in found["best"]:
        if _number(row, "covered") < 1 - ALPHA - ERRORS * _number(row, "error"):
            yield f"The set misses the best too often: {dict(row)}"


def _false_shares(row: Row) -> Iterator[tuple[str, float, float]]:
    """The shares of a row that 5 % bounds, with their errors."""
    pairs = [("false_null", "error_null"), ("false_noisy", "error_noisy"), ("false", "error")]
    pairs += [("false_calm", "error_calm")]
    pairs += [("shared", "error"), ("until decided", "until decided, error")]
    for seeds in LOOKS:
        pairs += [(f"{seeds} seeds{part}", f"{seeds} seeds, error") for part in ("", ", most")]
    for key, error in pairs:
        if key in row:
            yield key, _number(row, key), _number(row, error)


def _number(row: Row, key: str) -> float:
    value = row[key]
    if not isinstance(value, int | float):
        raise TypeError(f"{key} is no number: {value}")
    return value


def _file(given: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Take `--json FILE` out of the arguments; without a file it stays among them."""
    rest = list(given)
    if "--json" not in rest[:-1]:
        return None, rest
    at = rest.index("--json")
    return Path(rest[at + 1]), rest[:at] + rest[at + 2 :]


def _check(console: Console) -> Iterator[str]:
    """Judge some sweeps both by arrays and by the functions of the reports."""
    generator = np.random.default_rng(7)
    checked = 0
    for variants in (2, 3, 6, 17):
        for looks in ((3,), (5,), LOOKS):
            for diverged in {0, min(1, variants - 2)}:
                setting = Setting(variants, 10, NOISY, LARGE, diverged=diverged)
                sweeps = simulate(setting, CHECKED, generator)
                for rule in OURS:
                    yield from disagreements(sweeps, looks, rule, range(CHECKED))
                    checked += CHECKED
    console.print(f"{checked} sweeps were judged by arrays and by the functions of the reports.")


def _table(question: Question, rows: Sequence[Row]) -> Table:
    table = Table(
        title=f"\n{question.title}",
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        min_width=WIDTH,
    )
    for column in question.columns:
        is_text = column.form == "text" and column.heading not in {"seeds", "variants", "contrasts"}
        table.add_column(column.heading, justify="left" if is_text else "right", no_wrap=True)
    for row in rows:
        table.add_row(*[_cell(row, column) for column in question.columns])
    return table


def _cell(row: Row, column: Column) -> str:
    value = row.get(column.key)
    if value is None:
        return ""
    if column.form == "text":
        return str(value)
    number = _number(row, column.key)
    if column.form == "number":
        return f"{number:.2f}"
    if column.form == "cells":
        return f"{number:.0f} of {row['most_cells']}"
    text = f"{100 * number:.1f}"
    return text if column.error is None else f"{text} ±{100 * _number(row, column.error):.1f}"


if __name__ == "__main__":
    sys.exit(main())
