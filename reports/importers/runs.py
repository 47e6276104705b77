"""Runs in one form, whatever they were read from: sorted, each step once, numbers as numbers."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise

import polars as pl

from reports.errors import Problem, UserError
from reports.importers.columns import Meaning
from reports.importers.identity import SEED, VARIANT, by_order, chosen, identify, seeds_of
from reports.importers.mapping import Said
from reports.importers.raw import PLACE, RUN, Raw

STEP = "step"
CURVE = ("loss", "tokens", "seconds", "gradient_norm", "learning_rate")
CONSTANTS = ("parameters", "flops_per_token")
NUMBERS = (*CURVE, "validation_loss", *CONSTANTS)
JUDGED = ("loss", "validation_loss")
KEY = (VARIANT, SEED, STEP)
NO_NUMBER = ("", "null", "none", "na", "n/a", "-")
MOST_STEPS = 2**31 - 1
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Runs:
    """Runs of several variants.

    Fields:
        steps: VARIANT, SEED, step and the columns of a curve; every row has a loss, which may be
            NaN.
        evaluations: VARIANT, SEED, step, validation_loss and tokens.
        documents: VARIANT, SEED, document, predicted and loss, the sum of nats over them.
        constants: variant -> parameters and flops_per_token, those that are known.
        variants: in the order in which they appear, or as the mapping has them.
        every: steps of the source for each step here.
        first: step of the source that is step 1 here.
        is_paired: whether equal seeds share the order of the data.
        guesses: sentences about what nobody said.
        notes: what a reader must know about the source.
    """

    steps: pl.DataFrame
    evaluations: pl.DataFrame
    documents: pl.DataFrame
    constants: Mapping[str, Mapping[str, float]]
    variants: tuple[str, ...]
    every: int
    first: int
    is_paired: bool
    guesses: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())


def runs_of(raw: Raw, meaning: Meaning, said: Said) -> Runs:
    """Bring the rows of a source into one form.

    Raises:
        UserError: a value is no number, a step is logged twice with different losses, or nothing
            has a loss.
    """
    place = str(said.path or raw.path)
    found = chosen(identify(raw, meaning, raw.rows), said.variants, place)
    if not found.rows.height:
        raise UserError(Problem("there are no rows", str(raw.path)))
    rows = _numbers(raw, meaning, found.rows)
    order = tuple(said.variants or rows[VARIANT].unique(maintain_order=True).to_list())
    documents = _documents(raw, meaning, order, said)
    single = _each_step_once(raw, rows)
    paired = said.paired is True
    single, documents, renamed = _comparable(single, documents, is_paired=paired)
    if single["loss"].is_null().all():
        raise UserError(Problem("no row has a loss", str(raw.path), meaning.columns["loss"]))
    first, every = _stride(single)
    counted = _thinned(_with_tokens(single, said, first), first, every)
    notes = (*raw.notes, *renamed, *_stride_notes(first, every))
    steps = counted.filter(pl.col("loss").is_not_null())
    evaluated = counted.filter(pl.col("validation_loss").is_not_null())
    return Runs(
        steps.select(*KEY, *CURVE),
        evaluated.select(*KEY, "validation_loss", "tokens"),
        documents,
        _constants(single),
        order,
        every,
        first,
        paired,
        found.guesses,
        notes,
    )


def _numbers(raw: Raw, meaning: Meaning, rows: pl.DataFrame) -> pl.DataFrame:
    columns = [_number(raw, meaning, rows, kind) for kind in NUMBERS]
    steps = _number(raw, meaning, rows, STEP).rename(STEP)
    table = rows.select(VARIANT, SEED, RUN, PLACE).with_columns(steps, *columns)
    counts = any(table[each].is_not_null().any() for each in JUDGED)
    kept = table.filter(pl.col("loss").is_not_null() | pl.col("validation_loss").is_not_null())
    kept = kept if counts else table
    odd = kept.filter(
        pl.col(STEP).is_null()
        | ~pl.col(STEP).is_finite()
        | (pl.col(STEP) != pl.col(STEP).round())
        | (pl.col(STEP).abs() > MOST_STEPS)
    )
    if odd.height:
        row = odd.row(0, named=True)
        what = "a row has no step" if row[STEP] is None else "a step is no whole number"
        text = "" if row[STEP] is None else f"{row[STEP]:g}"
        hints = (f"the first: {row[PLACE]}",)
        raise UserError(Problem(what, str(raw.path), meaning.columns[STEP], text, hints))
    return kept.with_columns(pl.col(STEP).cast(pl.Int64))


def _number(raw: Raw, meaning: Meaning, rows: pl.DataFrame, kind: str) -> pl.Series:
    """One column as numbers; null where there is no such column or nothing stands in it."""
    column = meaning.columns.get(kind)
    if column is None or column not in rows.columns:
        return pl.Series(kind, [None] * rows.height, pl.Float64)
    given = rows[column]
    if given.dtype != pl.String:
        return given.cast(pl.Float64, strict=False).alias(kind)
    text = given.str.strip_chars()
    text = text.set(text.str.to_lowercase().is_in(NO_NUMBER).fill_null(value=False), None)
    values = text.str.to_lowercase().cast(pl.Float64, strict=False)
    odd = text.is_not_null() & values.is_null()
    if odd.any():
        at = odd.arg_max() or 0
        hints = (f"the first: {rows[PLACE][at]}", "expected: a number, NaN, or nothing")
        raise UserError(Problem("not a number", str(raw.path), column, str(given[at]), hints))
    return values.alias(kind)


def _each_step_once(raw: Raw, rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each step of each run, sorted; a log replaces what it logged before."""
    if not raw.keeps_last:
        _refuse_contradictions(raw, rows)
    _refuse_two_runs(raw, rows)
    last = [pl.col(each).drop_nulls().last().alias(each) for each in NUMBERS]
    return rows.group_by(*KEY, maintain_order=True).agg(last).sort(*KEY)


def _refuse_two_runs(raw: Raw, rows: pl.DataFrame) -> None:
    """Two runs that overlap cannot be the same variant and seed; one that was resumed does not."""
    spans = rows.group_by(VARIANT, SEED, RUN).agg(
        pl.col(STEP).min().alias("low"), pl.col(STEP).max().alias("high")
    )
    ordered = spans.sort(VARIANT, SEED, "low", RUN)
    before = pl.col("high").shift(1).over(VARIANT, SEED)
    twice = ordered.with_columns(
        before.alias("before"), pl.col(RUN).shift(1).over(VARIANT, SEED).alias("other")
    ).filter(pl.col("low") <= pl.col("before"))
    if twice.height:
        row = twice.row(0, named=True)
        what = f"two runs are {row[VARIANT]}, seed {row[SEED]}"
        hints = (f"{row['other']} and {row[RUN]}", "say in a mapping what tells them apart")
        raise UserError(Problem(what, str(raw.path), hints=hints))


def _refuse_contradictions(raw: Raw, rows: pl.DataFrame) -> None:
    different = [pl.col(each).drop_nulls().n_unique().alias(each) for each in JUDGED]
    groups = rows.group_by(*KEY, maintain_order=True).agg(pl.col(PLACE), *different)
    twice = groups.filter(pl.any_horizontal(pl.col(each) > 1 for each in JUDGED))
    if twice.height:
        row = twice.row(0, named=True)
        what = f"{row[VARIANT]}, seed {row[SEED]}, has two losses at step {row[STEP]:,}"
        hints = (
            f"rows: {', '.join(row[PLACE][:3])}",
            f"steps with several losses: {twice.height:,}",
            "say in a mapping what tells the runs apart: columns: {seed: NAME}, or {run: NAME}",
            f"columns: {', '.join(raw.columns[:20])}",
        )
        raise UserError(Problem(what, str(raw.path), hints=hints))


def _comparable(
    rows: pl.DataFrame, documents: pl.DataFrame, *, is_paired: bool
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Number the runs of each variant where they are not paired and have different seeds."""
    sets = {*seeds_of(rows).values()}
    if is_paired or len(sets) < 2:  # noqa: PLR2004 - all alike
        return rows, documents, ()
    note = (
        "The variants have different seeds; since runs are not paired, those of each variant are "
        "numbered from 0 here"
    )
    both = pl.concat([rows.select(VARIANT, SEED), documents.select(VARIANT, SEED)]).unique()
    names = both.sort(VARIANT, SEED).with_columns(pl.col(SEED).alias("own"))
    numbered = by_order(names).rename({SEED: "number"}).rename({"own": SEED})
    return _renumbered(rows, numbered), _renumbered(documents, numbered), (note,)


def _renumbered(rows: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    joined = rows.join(numbered, on=[VARIANT, SEED], how="left", maintain_order="left")
    return joined.with_columns(pl.col("number").alias(SEED)).drop("number")


def _stride(rows: pl.DataFrame) -> tuple[int, int]:
    """The first step that has a loss, and how many steps lie between two that were logged.

    The usual distance, where nearly all steps are multiples of it (a last step often is none);
    else the greatest that divides all.
    """
    logged = rows.filter(pl.col("loss").is_not_null())[STEP].unique().sort().to_list()
    distances = [each - logged[0] for each in logged[1:]]
    if not distances:
        return logged[0], 1
    usual = Counter(b - a for a, b in pairwise(logged)).most_common(1)[0][0]
    share = sum(each % usual == 0 for each in distances) / len(distances)
    return logged[0], usual if share >= NEARLY_ALL else reduce(math.gcd, distances)


def _thinned(rows: pl.DataFrame, first: int, every: int) -> pl.DataFrame:
    """Count steps from 1 in units of those that were logged; others belong to the next one."""
    place = pl.max_horizontal(pl.lit(1), (pl.col(STEP) - first + every - 1) // every + 1)
    last = [pl.col(each).drop_nulls().last().alias(each) for each in NUMBERS]
    counted = rows.with_columns(place.cast(pl.Int64).alias(STEP))
    return counted.group_by(*KEY, maintain_order=True).agg(last).sort(*KEY)


def _stride_notes(first: int, every: int) -> tuple[str, ...]:
    if every == 1:
        return () if first == 1 else (f"Step 1 here is step {first:,} of the source",)
    note = (
        f"Losses were logged every {every:,} steps: one step here is {every:,} of the source, and "
        f"step 1 here is its step {first:,}"
    )
    return (note,)


def _with_tokens(rows: pl.DataFrame, said: Said, first: int) -> pl.DataFrame:
    if said.tokens_per_step is None or rows["tokens"].is_not_null().any():
        return rows
    taken = pl.col(STEP) + (1 if first == 0 else 0)  # steps from 0 are taken when they are logged
    return rows.with_columns((taken * said.tokens_per_step).cast(pl.Float64).alias("tokens"))


def _constants(rows: pl.DataFrame) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (name,), part in rows.partition_by(VARIANT, as_dict=True).items():
        last = {each: part[each].drop_nulls().drop_nans() for each in CONSTANTS}
        found[str(name)] = {each: float(v[-1]) for each, v in last.items() if len(v)}
    return found


DOCUMENTS = {VARIANT: pl.String, SEED: pl.Int64, "document": pl.Int64, "predicted": pl.Int64}


def _documents(raw: Raw, meaning: Meaning, variants: Sequence[str], said: Said) -> pl.DataFrame:
    """Losses of single validation documents, from a file of their own."""
    empty = pl.DataFrame(schema=DOCUMENTS | {"loss": pl.Float64})
    if raw.documents is None:
        return empty
    names = {
        "document": said.columns.get("document", "document"),
        "loss": said.columns.get("document_loss", "loss"),
        "predicted": said.columns.get("document_tokens", "predicted"),
    }
    absent = [each for each in names.values() if each not in raw.documents.columns]
    if absent:
        hints = (f"columns: {', '.join(c for c in raw.documents.columns if c[0] != '@')}",)
        place = f"{raw.path}, documents"
        raise UserError(*(Problem("a column is missing", place, key, "", hints) for key in absent))
    found = identify(raw, meaning, raw.documents).rows
    numbers = Meaning(names, None, ())
    columns = [_number(raw, numbers, found, each).alias(each) for each in names]
    table = found.select(VARIANT, SEED).with_columns(*columns).drop_nulls()
    table = table.filter(pl.col(VARIANT).is_in(list(variants)) & pl.col("loss").is_finite())
    kept = table.unique([VARIANT, SEED, "document"], keep="last", maintain_order=True)
    return kept.select(
        pl.col(VARIANT),
        pl.col(SEED),
        pl.col("document").cast(pl.Int64),
        pl.col("predicted").cast(pl.Int64),
        pl.col("loss"),
    ).sort(VARIANT, SEED, "document")
