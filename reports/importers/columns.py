"""Which column means what: as the mapping says, else by its name, else it is missing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from reports.errors import Problem, UserError, nearest
from reports.importers.mapping import COLUMNS, Said
from reports.importers.raw import RUN, Raw

CONFIG = "config."
GUESSED_RUNS = (
    r"(?P<variant>.+?)[-_./ ]+(?:seed|s)[-_= ]?(?P<seed>\d+)",
    r"(?P<variant>.+?)[-_./ ]+(?P<seed>\d+)",
)
ABOUT_DOCUMENTS = {"document", "document_loss", "document_tokens"}
SHOWN = 20  # columns in a message


@dataclass(frozen=True)
class Meaning:
    """What the columns of a source mean.

    Fields:
        columns: what it means -> column of the source.
        run: the names of runs as a regular expression with the groups variant and seed; None where
            columns say both.
        guesses: sentences about what nobody said.
    """

    columns: Mapping[str, str]
    run: str | None
    guesses: tuple[str, ...]


def meaning_of(raw: Raw, said: Said) -> Meaning:
    """Return what the columns mean.

    Raises:
        UserError: a column that the mapping names is not there, or one that is needed is not found.
    """
    problems = _absent(raw, said)
    found, guesses = _named(raw.columns, said)
    run = None if said.run is None else pattern(said.run)
    guessed = "" if run else _guessed_pattern(raw, found)
    if "variant" not in found and not run and not guessed:
        found |= _only_setting(raw)
        guesses += [f"the variant is {found['variant']}"] if "variant" in found else []
    if guessed and not {"variant", "seed"} <= found.keys():
        run = guessed
        guesses.append(f"the names of runs are {_shown(guessed)}")
    if "variant" not in found and run is None:
        problems.append(_missing(raw, "variant", "run: '{variant}-{seed}'"))
    if "step" not in found:
        problems.append(_missing(raw, "step"))
    if "loss" not in found:
        problems.append(_missing(raw, "loss"))
    if problems:
        raise UserError(*problems)
    return Meaning(found, run, tuple(guesses))


def pattern(text: str) -> str:
    """Return the regular expression of a pattern: `{variant}-seed{seed}`; `*` is anything."""
    parts = {r"\{variant\}": "(?P<variant>.+?)", r"\{seed\}": r"(?P<seed>-?\d+)", r"\*": ".*?"}
    expression = re.escape(text)
    for each, by in parts.items():
        expression = expression.replace(each, by, 1) if "P<" in by else expression.replace(each, by)
    return expression


def _shown(expression: str) -> str:
    word = "seed" if "seed|s" in expression else ""
    return f"VARIANT-{word}SEED"


def _named(columns: Sequence[str], said: Said) -> tuple[dict[str, str], list[str]]:
    """Columns as the mapping has them, others by their name; only what is not plain is told."""
    found = dict(said.columns)
    guesses = []
    by_name = {_bare(each): each for each in reversed(columns)}
    for kind, names in COLUMNS.items():
        if kind in found or kind in ABOUT_DOCUMENTS:
            continue
        known = [by_name[name] for name in names if name in by_name]
        if known:
            found[kind] = known[0]
            others = f", not {' or '.join(known[1:])}" if known[1:] else ""
            if known[0] != kind or others:
                guesses.append(f"{kind.replace('_', ' ')} is the column {known[0]}{others}")
    return found, guesses


def _bare(column: str) -> str:
    return column.strip().removeprefix(CONFIG).lower().replace(" ", "_")


def _absent(raw: Raw, said: Said) -> list[Problem]:
    place = str(said.path)
    known = [*raw.columns, *(raw.documents.columns if raw.documents is not None else ())]
    return [
        Problem(
            "there is no such column",
            place,
            f"columns.{kind}",
            name,
            (_listed(raw.columns), *nearest(name, raw.columns)),
        )
        for kind, name in said.columns.items()
        if name not in known
    ]


def _missing(raw: Raw, kind: str, otherwise: str = "") -> Problem:
    hints = [_listed(raw.columns)]
    close = [match for each in COLUMNS[kind] for match in nearest(each, raw.columns)]
    hints += close[:1]
    example = f"columns: {{{kind}: NAME}}" + (f", or {otherwise}" if otherwise else "")
    hints.append(f"say it in a mapping: --mapping FILE.yaml with {example}")
    return Problem(f"no column says which {kind}", str(raw.path), kind, hints=tuple(hints))


def _listed(columns: Sequence[str]) -> str:
    more = len(columns) - SHOWN
    shown = ", ".join(columns[:SHOWN])
    return f"columns: {shown}" + (f" and {more} more" if more > 0 else "")


def _guessed_pattern(raw: Raw, found: Mapping[str, str]) -> str:
    names = raw.rows[found.get("run", RUN)].drop_nulls().unique().cast(pl.String).to_list()
    for expression in GUESSED_RUNS:
        if names and all(re.fullmatch(expression, each, re.IGNORECASE) for each in names):
            return expression
    return ""


def _only_setting(raw: Raw) -> dict[str, str]:
    """The one setting that is a text and differs between runs, if there is only one."""
    settings = [each for each in raw.columns if each.startswith(CONFIG)]
    varying = [
        each
        for each in settings
        if raw.rows.schema[each] == pl.String and raw.rows[each].n_unique() > 1
    ]
    return {"variant": varying[0]} if len(varying) == 1 else {}
