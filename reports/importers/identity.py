"""Which run a row is of: its variant and its seed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from reports.errors import Problem, UserError, nearest
from reports.importers.columns import Meaning
from reports.importers.raw import PLACE, RUN, Raw

VARIANT, SEED = "@variant", "@seed"
MOST = 2**31 - 1  # a seed is an Int32 in the files of results
WHOLE = re.compile(r"\s*(-?\d+)(?:\.0*)?\s*")


@dataclass(frozen=True)
class Identified:
    """Rows with the columns VARIANT and SEED; and what was guessed for them."""

    rows: pl.DataFrame
    guesses: tuple[str, ...] = ()


def identify(raw: Raw, meaning: Meaning, rows: pl.DataFrame) -> Identified:
    """Say of each row which run it is of.

    Without seeds, each run of a variant is a seed of its own, in the order of their names.

    Raises:
        UserError: a row has no variant, a seed is no whole number, or a name does not fit.
    """
    run = meaning.columns.get("run", RUN)
    run = run if run in rows.columns else RUN
    named = rows.with_columns(pl.col(run).cast(pl.String).fill_null(pl.col(RUN)).alias(RUN))
    variants = _variants(raw, meaning, named)
    found = named.with_columns(pl.Series(VARIANT, variants, pl.String))
    _refuse_empty(raw, found)
    seeds, guesses = _seeds(raw, meaning, found)
    return Identified(found.with_columns(pl.Series(SEED, seeds, pl.Int64)), guesses)


def chosen(found: Identified, variants: Sequence[str] | None, place: str) -> Identified:
    """Leave the rows of these variants; all of them if None."""
    if variants is None:
        return found
    known = found.rows[VARIANT].unique(maintain_order=True).to_list()
    unknown = [each for each in variants if each not in known]
    if unknown:
        hints = (f"variants: {', '.join(known[:20])}",)
        raise UserError(
            *(
                Problem("no such variant", place, "variants", each, (*hints, *nearest(each, known)))
                for each in unknown
            )
        )
    return Identified(found.rows.filter(pl.col(VARIANT).is_in(list(variants))), found.guesses)


def by_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Number the seeds of each variant 0, 1, 2, ... in their order."""
    return rows.with_columns(
        (pl.col(SEED).rank("dense").over(VARIANT) - 1).cast(pl.Int64).alias(SEED)
    )


def seeds_of(rows: pl.DataFrame) -> Mapping[str, tuple[int, ...]]:
    """Return variant -> its seeds, in ascending order."""
    parts = rows.select(VARIANT, SEED).unique().sort(SEED).partition_by(VARIANT, as_dict=True)
    return {str(name): tuple(part[SEED].to_list()) for (name,), part in parts.items()}


def _variants(raw: Raw, meaning: Meaning, rows: pl.DataFrame) -> list[str | None]:
    column = meaning.columns.get("variant")
    if column is not None and column in rows.columns:
        return rows[column].cast(pl.String).to_list()
    if meaning.run is None or "P<variant>" not in meaning.run:
        raise UserError(Problem("no column says which variant", str(raw.path), "variant"))
    return [match["variant"] for match in _matches(raw, meaning.run, rows)]


def _matches(raw: Raw, expression: str, rows: pl.DataFrame) -> list[re.Match[str]]:
    names = rows[RUN].to_list()
    found = {each: re.fullmatch(expression, each, re.IGNORECASE) for each in dict.fromkeys(names)}
    odd = [each for each, match in found.items() if match is None]
    if odd:
        hints = (f"runs that do not fit: {', '.join(odd[:5])}",)
        raise UserError(
            Problem("names of runs do not fit the pattern", str(raw.path), "run", "", hints)
        )
    return [match for each in names if (match := found[each]) is not None]


def _refuse_empty(raw: Raw, rows: pl.DataFrame) -> None:
    empty = rows.filter(pl.col(VARIANT).is_null() | (pl.col(VARIANT).str.strip_chars() == ""))
    if empty.height:
        places = ", ".join(empty[PLACE].head(3).to_list())
        what = f"{empty.height} rows have no variant"
        raise UserError(Problem(what, str(raw.path), hints=(f"the first: {places}",)))


def _seeds(raw: Raw, meaning: Meaning, rows: pl.DataFrame) -> tuple[Sequence[int], tuple[str, ...]]:
    column = meaning.columns.get("seed")
    if column is not None and column in rows.columns:
        texts = rows[column].cast(pl.String).to_list()
        return _whole(raw, column, texts, rows[PLACE].to_list()), ()
    if meaning.run is not None and "P<seed>" in meaning.run:
        texts = [match["seed"] for match in _matches(raw, meaning.run, rows)]
        return _whole(raw, "run", texts, rows[PLACE].to_list()), ()
    runs = rows.select(VARIANT, RUN).unique().sort(VARIANT, RUN)
    order = pl.int_range(pl.len()).over(VARIANT).alias(SEED)
    numbers = {
        tuple(key): seed
        for *key, seed in runs.with_columns(order).select(VARIANT, RUN, SEED).iter_rows()
    }
    several = runs.height > runs[VARIANT].n_unique()
    guess = (
        "no column says which seed: each run of a variant is a seed of its own, in the order of "
        "their names"
        if several
        else "no column says which seed: there is one run of each variant"
    )
    return [numbers[key] for key in rows.select(VARIANT, RUN).iter_rows()], (guess,)


def _whole(
    raw: Raw, column: str, texts: Sequence[str | None], places: Sequence[str]
) -> Sequence[int]:
    matches = {each: WHOLE.fullmatch(each or "") for each in dict.fromkeys(texts)}
    seeds = {each: int(match[1]) for each, match in matches.items() if match is not None}
    for text, place in zip(texts, places, strict=True):
        if text not in seeds or not 0 <= seeds[text] <= MOST:
            hints = (f"the first: {place}", f"expected: a whole number from 0 to {MOST}")
            what = "a seed is no whole number" if text not in seeds else "a seed is out of range"
            what = "a row has no seed" if not text else what
            raise UserError(Problem(what, str(raw.path), column, text or "", hints))
    return [seeds[text] for text in texts if text is not None]
