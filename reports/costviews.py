"""The table `At equal tokens, seconds, FLOPs`, as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.efficiency import NAMES, Budget, spent
from reports.judged import is_last_validation, judged_length, loss_words
from reports.looks import Outcome
from reports.manifest import Manifest
from reports.numbers import THIN, decimals, difference_of, fixed, interval, signed
from reports.targets import Ratio, Targets

TITLE = "At equal tokens, seconds, FLOPs"
WORDS = {"unresolved": "not resolved", "one_seed": "no verdict"}
Pair = tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """A number with its verdict and its limits; empty words where there is none."""

    number: str
    word: str
    limits: str


@dataclass(frozen=True)
class Equal:
    """The table.

    Fields:
        columns: heading, and what stands below it.
        rows: label, and a cell for each column.
        notes: how it is to be read, and why a column is not there.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[str, ...]


def equal(manifest: Manifest, budgets: Sequence[Budget], targets: Targets | None) -> Equal:
    """Write a row for each contrast, a column for each budget that can be compared."""
    known = [each for each in budgets if each.outcomes]
    pairs = list(dict.fromkeys(outcome.pair for each in known for outcome in each.outcomes))
    ratios = {} if targets is None else {(each.a, each.b): each for each in targets.ratios}
    columns = [_column(each) for each in known]
    found: list[Mapping[Pair, Cell]] = [_differences(each.outcomes) for each in known]
    if targets is not None and ratios and known:
        columns.append((f"Tokens to {fixed(targets.loss, 3)}", "× the baseline's, secondary"))
        found.append({pair: _ratio(each) for pair, each in ratios.items()})
    empty = Cell("–", "", "")
    rows = tuple(
        (_label(manifest, pair), tuple(cells.get(pair, empty) for cells in found)) for pair in pairs
    )
    notes = (_note(manifest), *(each.problem for each in budgets if each.problem))
    return Equal(TITLE, tuple(columns), rows, notes if rows else notes[1:])


def _column(budget: Budget) -> tuple[str, str]:
    what, _, much = spent(budget).partition(" (")
    secondary = ", secondary" if budget.is_secondary else ""
    return f"Equal {what}", f"{much.rstrip(')')}{secondary}"


def _differences(outcomes: Sequence[Outcome]) -> Mapping[Pair, Cell]:
    """Write a column with the decimals of its widest interval."""
    halves = [each.interval.half_width for each in outcomes if each.interval is not None]
    places = decimals(max(halves, default=None))
    return {each.pair: _difference(each, places) for each in outcomes}


def _difference(outcome: Outcome, places: int) -> Cell:
    value, word = float(outcome.contrast.differences.mean()), str(outcome.word)
    word = WORDS.get(word, word)
    if outcome.interval is None:
        return Cell(signed(value, places), word, "")
    limits = interval(outcome.interval.low, outcome.interval.high, places)
    return Cell(signed(value, places), word, limits)


def _ratio(each: Ratio) -> Cell:
    if each.ratio is None:
        return Cell("–", "cannot tell", "")
    number = fixed(each.ratio, 2)
    few = "" if len(each.seeds) == each.pairs else f"{len(each.seeds)} of {each.pairs} pairs"
    if each.statement != "is":
        return Cell(f"{each.statement} {number}", "", few)
    if each.low is None or each.high is None:
        return Cell(number, "", few)
    return Cell(
        number, _side(each.low, each.high), f"{fixed(each.low, 2)} to {fixed(each.high, 2)}"
    )


def _side(low: float, high: float) -> str:
    if high < 1:
        return "fewer"
    return "more" if low > 1 else WORDS["unresolved"]


def _label(manifest: Manifest, pair: Pair) -> str:
    a, b = manifest.label(pair[0]), manifest.label(pair[1])
    return a if pair[1] == manifest.baseline else difference_of(a, b)


def _note(manifest: Manifest) -> str:
    is_whole = is_last_validation(manifest)
    loss = "Validation loss" if judged_length(manifest) is None else "Loss at the trained length"
    loss = loss if manifest.final == "last" else "Loss of single validations"
    others = "the other columns are secondary" if is_whole else "all columns are secondary"
    return (
        f"{loss} less that of {manifest.label(manifest.baseline)}, at the smallest budget of all "
        "finished cells, and the tokens to its mean final loss; between two evaluations on a "
        "straight line over the logarithm. Seconds are those of the training steps, so a cell, "
        "which is evaluated as well, takes longer; they compare where cells were trained beside as "
        "much other work. Pairs in which neither reached that loss say nothing; "
        "where one did not, there is only a bound. The intervals of one column hold together with "
        f"95{THIN}%. The verdicts of the grid are about the {loss_words(manifest)} at equal "
        f"{NAMES[manifest.hold]}; {others}."
    )
