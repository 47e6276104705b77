"""What is imported: a source, its runs, and what was said about them."""

from dataclasses import dataclass

import polars as pl

from reports.errors import Problem, UserError, nearest
from reports.importers.identity import SEED, VARIANT
from reports.importers.mapping import Said
from reports.importers.raw import Raw
from reports.importers.runs import Runs

BASELINES = ("baseline", "base", "control", "vanilla", "default", "reference")


@dataclass(frozen=True)
class Imported:
    """What is written.

    Fields:
        raw: the source.
        runs: of it.
        said: the mapping.
        guesses: sentences about columns that nobody explained.
        name: of the results folder.
        command: that imports it again.
    """

    raw: Raw
    runs: Runs
    said: Said
    guesses: tuple[str, ...]
    name: str
    command: str

    @property
    def every_guess(self) -> tuple[str, ...]:
        """What nobody said, of columns, seeds and baseline."""
        guess = baseline_of(self.runs, self.said)[1]
        return (*self.guesses, *self.runs.guesses, *((guess,) if guess else ()))

    @property
    def validates(self) -> bool:
        """Whether there is a validation loss; without one the training loss judges."""
        return self.runs.evaluations.height > 0

    @property
    def tokens_known(self) -> bool:
        """Whether every step has its tokens, and they grow; else steps stand in for them."""
        tokens = self.runs.steps["tokens"]
        if tokens.is_null().any() or not tokens.is_finite().all():
            return False
        grows = pl.col("tokens").diff().over(VARIANT, SEED).fill_null(1) > 0
        return bool(self.runs.steps.select((grows & (pl.col("tokens") > 0)).all()).item())


def check_baseline(runs: Runs, said: Said) -> None:
    """Refuse a baseline that is no variant.

    Raises:
        UserError: the mapping names one.
    """
    if said.baseline is not None and said.baseline not in runs.variants:
        hints = (f"variants: {', '.join(runs.variants)}", *nearest(said.baseline, runs.variants))
        what = "the baseline is none of the variants"
        raise UserError(Problem(what, str(said.path), "baseline", said.baseline, hints))


def baseline_of(runs: Runs, said: Said) -> tuple[str, str]:
    """Return the baseline, and the sentence that tells how it was guessed; empty if it was said."""
    if said.baseline is not None:
        return said.baseline, ""
    named = [each for each in runs.variants if each.lower() in BASELINES]
    if named:
        return named[0], f"the baseline is {named[0]}, by its name"
    return runs.variants[0], f"the baseline is {runs.variants[0]}, the first variant"
