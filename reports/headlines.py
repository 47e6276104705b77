"""The headline of a report: the first row of a fixed table that applies to the verdicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports import numbers
from reports.budgets import unequal
from reports.claims import Claim, Kind
from reports.judged import judged_length, judged_tokens, loss_words
from reports.reruns import unjudged
from reports.standing import Judged
from reports.winners import only_one, several, wins
from reports.wording import NAMED_AT_MOST, capital, listed, places


@dataclass(frozen=True)
class Headline:
    """`text` with its decisive words `lead`, which a page sets in bold.

    `kind` is the first row that applies:

    - `not_run`, `not_finished`, `no_cells`, `no_baseline`, `one_seed`: there is no verdict;
    - `search`: nor is there one of a search whose best was not trained again;
    - `identical`, `equivalent`: so is every contrast;
    - `wins`: one could be the best and is `better` than the baseline, or is the baseline and all
      others are `worse` or diverged;
    - `set`: some could not be the best, and several could; or one alone of three or more, which
      contrasts call better than every other;
    - `partly`: some contrast is resolved; `unresolved`: none is. A set of one then follows as a
      sentence of its own that says what kind of statement it is.
    """

    kind: Kind
    lead: tuple[str, ...]
    text: str


NOT_JUDGED = {"not_run", "not_finished", "search", "no_cells", "no_baseline"}

Row = Callable[[Judged], tuple[Kind, str, str] | None]


def headline(judged: Judged) -> Headline:
    """Return the first row that applies, behind what makes it unfair, before what diverged."""
    kind, lead, rest = next(filled for row in ROWS if (filled := row(judged)) is not None)
    prefix = unequal(judged.frames)
    unfair = f"Not a fair comparison: {prefix}" if prefix else ""
    at = "" if kind in NOT_JUDGED else _judged_at(judged)
    text = " ".join(part for part in (unfair, lead, rest, _divergences(judged), at) if part)
    leads = ("Not a fair comparison:", lead) if prefix else (lead,)
    return Headline(kind, leads, text)


def _not_finished(judged: Judged) -> tuple[Kind, str, str] | None:
    cells = len(judged.manifest.cells)
    if judged.count("missing") == cells:
        return "not_run", "Not run yet.", ""
    if judged.manifest.state != "partial":
        return None
    done = judged.count("complete") + judged.count("diverged")
    decided = sum(each.decided_at is not None for each in judged.claims)
    stand = f" {decided} of {len(judged.claims)} contrasts are decided." if decided else ""
    return "not_finished", "Not finished.", f"{done} of {cells} cells are done.{stand}"


def _no_cells(judged: Judged) -> tuple[Kind, str, str] | None:
    if judged.count("complete") > 0:
        return None
    return "no_cells", "No verdict: no cell finished.", ""


def _no_baseline(judged: Judged) -> tuple[Kind, str, str] | None:
    if len(judged.manifest.variants) == 1:
        return "no_baseline", "No verdict: one variant, and none to compare it with.", ""
    if judged.losses[judged.manifest.baseline]:
        return None
    if any(each.unevaluated for each in judged.contrasts):
        at = judged_tokens(judged.manifest)
        return "no_baseline", f"No verdict: the baseline cannot be evaluated at {at}.", ""
    return "no_baseline", "No verdict: the baseline has no finished cell.", ""


def _one_seed(judged: Judged) -> tuple[Kind, str, str] | None:
    several = len(judged.losses[judged.manifest.baseline]) > 1
    asked = [each for each in judged.claims if each.verdict != "diverged" or not several]
    if any(each.pairs > 1 or each.verdict == "identical" for each in asked):
        return None
    if several and not asked:
        return None
    seen = [each for each in asked if each.difference is not None]
    if not seen and any(each.unevaluated for each in judged.contrasts):
        at = judged_tokens(judged.manifest)
        lead = f"No verdict: no variant can be compared with the baseline at {at}."
        return "one_seed", lead, ""
    if not seen:
        return "one_seed", "No verdict: no variant shares a finished seed with the baseline.", ""
    return "one_seed", "No verdict: one seed.", _differences_seen(judged, seen)


def _differences_seen(judged: Judged, seen: Sequence[Claim]) -> str:
    parts = [f"{numbers.signed(each.difference)} ({judged.pair(each)})" for each in seen]
    verb = "The difference seen is" if len(parts) == 1 else "The differences seen are"
    return f"{verb} {listed(parts)}. One run cannot tell a better variant from a lucky seed."


def _identical(judged: Judged) -> tuple[Kind, str, str] | None:
    if set(judged.words) != {"identical"}:
        return None
    rest = "The options do not reach the model: all losses are equal to the bit."
    return "identical", "Identical.", rest


def _equivalent(judged: Judged) -> tuple[Kind, str, str] | None:
    if set(judged.words) != {"equivalent"} or judged.manifest.margin is None:
        return None
    within = numbers.margin(judged.manifest.margin)
    rest = f"All variants lie within {within} nats of {judged.baseline}."
    return "equivalent", "No difference that matters.", rest


def _partly(judged: Judged) -> tuple[Kind, str, str] | None:
    claims = [each for each in judged.claims if each.a not in judged.unevaluated]
    if {each.verdict for each in claims} <= {"unresolved"}:
        return None
    told = [each.text for each in claims if each.verdict not in {"unresolved", "diverged"}]
    more = len(told) - NAMED_AT_MOST
    rest = " ".join(told[:NAMED_AT_MOST]) + (f" {more} more in the table." if more > 0 else "")
    return "partly", "Which is best is not resolved.", f"{rest}{only_one(judged)}".lstrip()


def _unresolved(judged: Judged) -> tuple[Kind, str, str] | None:
    known = [each for each in judged.claims if each.low is not None]
    rest = f"No difference from {judged.baseline} is larger than its uncertainty"
    if not known:
        rest = f"No difference from {judged.baseline} has an interval."
        return "unresolved", "Not resolved.", f"{rest}{only_one(judged)}"
    largest = max(known, key=lambda each: abs(each.difference or 0.0))
    shown = numbers.signed(largest.difference, places(largest))
    limits = numbers.interval(largest.low, largest.high)
    pair = judged.pair(largest)
    rest = f"{rest}; the largest is {pair}, {shown} ({limits})."
    return "unresolved", "Not resolved.", f"{rest}{only_one(judged)}"


ROWS: tuple[Row, ...] = (
    unjudged,
    _not_finished,
    _no_cells,
    _no_baseline,
    _one_seed,
    _identical,
    _equivalent,
    wins,
    several,
    _partly,
    _unresolved,
)


def _judged_at(judged: Judged) -> str:
    """Say by which loss, where it is not the validation loss that every reader expects."""
    manifest = judged.manifest
    if judged_length(manifest) is None:
        return "" if manifest.final == "last" else f"Judged by the {loss_words(manifest)}."
    without = listed([manifest.label(each) for each in judged.unevaluated])
    tail = f", at which {without} cannot be evaluated" if without else ""
    return f"Judged by the {loss_words(manifest)}{tail}."


def _divergences(judged: Judged) -> str:
    sentences = []
    for variant in judged.manifest.variants:
        cells = [each for each in judged.manifest.cells if each.variant == variant.name]
        diverged = sum(each.status == "diverged" for each in cells)
        trained = diverged + sum(each.status == "complete" for each in cells)
        if diverged:
            seeds = "1 seed" if trained == 1 else f"{trained} seeds"
            name = capital(judged.manifest.label(variant.name))
            sentences.append(f"{name} diverged in {diverged} of {seeds}.")
    more = len(sentences) - NAMED_AT_MOST
    tail = [f"{more} more variants diverged."] if more > 0 else []
    return " ".join(sentences[:NAMED_AT_MOST] + tail)
