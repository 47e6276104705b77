"""The headline of a report: the first row of a fixed table that applies to the verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reports import numbers
from reports.budgets import unequal
from reports.claims import Claim, Kind
from reports.contrasts import Contrast
from reports.frames import Frames
from reports.judged import judged_length, judged_tokens, loss_words
from reports.manifest import Manifest
from reports.wording import NAMED_AT_MOST, capital, listed, places

Losses = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Judged:
    """What the headline is chosen from.

    Fields:
        claims: against the baseline, in grid order, with their sentences.
        contrasts: of these claims.
        best: variants that could be the best, without those called worse or diverged.
        candidates: variants that were considered for it.
        losses: variant -> seed -> final loss of complete cells.
    """

    frames: Frames
    claims: tuple[Claim, ...]
    contrasts: tuple[Contrast, ...]
    best: tuple[str, ...]
    candidates: tuple[str, ...]
    losses: Losses

    @property
    def manifest(self) -> Manifest:
        """The grid's."""
        return self.frames.manifest

    @property
    def baseline(self) -> str:
        """What people call the baseline."""
        return self.manifest.label(self.manifest.baseline)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The verdict of every contrast."""
        return tuple(each.verdict for each in self.claims)

    @cached_property
    def unevaluated(self) -> tuple[str, ...]:
        """Variants without any pair, since they cannot be evaluated as the verdicts need it."""
        return tuple(each.a for each in self.contrasts if each.unevaluated and not each.pairs)

    def pair(self, claim: Claim) -> str:
        """Return which difference a claim is about."""
        return numbers.difference_of(self.manifest.label(claim.a), self.baseline)

    def count(self, status: str) -> int:
        """Return how many cells have a status."""
        return sum(each.status == status for each in self.manifest.cells)


@dataclass(frozen=True)
class Headline:
    """`text` with its decisive words `lead`, which a page sets in bold."""

    kind: Kind
    lead: tuple[str, ...]
    text: str


NOT_JUDGED = {"not_run", "not_finished", "no_cells", "no_baseline"}

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
    return "not_finished", "Not finished.", f"{done} of {cells} cells are done."


def _no_cells(judged: Judged) -> tuple[Kind, str, str] | None:
    if judged.count("complete") > 0:
        return None
    return "no_cells", "No verdict: no cell finished.", ""


def _no_baseline(judged: Judged) -> tuple[Kind, str, str] | None:
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


def _wins(judged: Judged) -> tuple[Kind, str, str] | None:
    if len(judged.best) != 1 or not _is_resolved(judged, judged.best[0]):
        return None
    winner = judged.best[0]
    name = capital(judged.manifest.label(winner))
    others = _distances(judged, winner)
    if _is_inside_margin(judged):
        within = numbers.margin(judged.manifest.margin or 0.0)
        return "wins", f"{name} wins by less than the margin of {within}.", others
    return "wins", f"{name} wins.", others


def _is_resolved(judged: Judged, winner: str) -> bool:
    if "one_seed" in judged.words:
        return False
    if winner == judged.manifest.baseline:
        return set(judged.words) <= {"worse", "diverged"}
    return any(each.a == winner and each.verdict == "better" for each in judged.claims)


def _is_inside_margin(judged: Judged) -> bool:
    finished = [each for each in judged.claims if each.verdict != "diverged"]
    return bool(finished) and all(
        each.size == "inside" or each.verdict in {"equivalent", "identical"} for each in finished
    )


def _distances(judged: Judged, winner: str) -> str:
    """How far the others end from the winner, described on the seeds that both finished."""
    shared = min((places(each) for each in judged.claims if each.low is not None), default=3)
    diverged = {each.a for each in judged.claims if each.verdict == "diverged"}
    ours = judged.losses[winner]
    ends: list[tuple[str, float]] = []
    for variant in judged.manifest.variants:
        theirs = judged.losses[variant.name]
        seeds = [seed for seed in ours if seed in theirs]
        if variant.name != winner and variant.name not in diverged and seeds:
            mean = sum(theirs[seed] - ours[seed] for seed in seeds) / len(seeds)
            ends.append((variant.label, mean))
    return _ends(ends, shared)


def _ends(ends: Sequence[tuple[str, float]], shared: int) -> str:
    if not ends:
        return ""
    parts = []
    for index, (label, mean) in enumerate(ends):
        by = numbers.fixed(abs(mean), shared)
        side = "below" if mean < 0 else "above"
        tail = f"{by} nats {side} it" if index == 0 else by + (" below" if mean < 0 else "")
        verb = " ends" if index == 0 else ""
        parts.append(f"{capital(label) if index == 0 else label}{verb} {tail}")
    shown = parts[:NAMED_AT_MOST]
    if len(parts) > NAMED_AT_MOST:
        shown.append(f"{len(parts) - NAMED_AT_MOST} more in the table")
    return f"{', '.join(shown)}."


def _set(judged: Judged) -> tuple[Kind, str, str] | None:
    if not judged.best or len(judged.best) >= len(judged.candidates):
        return None
    named = [judged.manifest.label(each) for each in judged.best]
    left_out = [each for each in judged.candidates if each not in judged.best]
    out = [judged.manifest.label(each) for each in left_out]
    who = {1: "It alone", 2: "Either"}.get(len(named), "Any of them")
    are = "is not" if len(out) == 1 else "are not"
    every = len(judged.manifest.variants)
    which = "" if len(judged.candidates) == every else " that can be compared"
    rest = (
        f"{who} could be the best of the {len(judged.candidates)} variants{which}; "
        f"{listed(out)} {are} ({numbers.percent(0.95)})."
    )
    return "set", f"{capital(listed(named, 'or'))}.", rest


def _partly(judged: Judged) -> tuple[Kind, str, str] | None:
    claims = [each for each in judged.claims if each.a not in judged.unevaluated]
    if {each.verdict for each in claims} <= {"unresolved"}:
        return None
    told = [each.text for each in claims if each.verdict not in {"unresolved", "diverged"}]
    more = len(told) - NAMED_AT_MOST
    rest = " ".join(told[:NAMED_AT_MOST]) + (f" {more} more in the table." if more > 0 else "")
    return "partly", "Which is best is not resolved.", rest


def _unresolved(judged: Judged) -> tuple[Kind, str, str] | None:
    known = [each for each in judged.claims if each.low is not None]
    rest = f"No difference from {judged.baseline} is larger than its uncertainty"
    if not known:
        rest = f"No difference from {judged.baseline} has an interval."
        return "unresolved", "Not resolved.", rest
    largest = max(known, key=lambda each: abs(each.difference or 0.0))
    shown = numbers.signed(largest.difference, places(largest))
    limits = numbers.interval(largest.low, largest.high)
    pair = judged.pair(largest)
    rest = f"{rest}; the largest is {pair}, {shown} ({limits})."
    return "unresolved", "Not resolved.", rest


ROWS: tuple[Row, ...] = (
    _not_finished,
    _no_cells,
    _no_baseline,
    _one_seed,
    _identical,
    _equivalent,
    _wins,
    _set,
    _partly,
    _unresolved,
)


def _judged_at(judged: Judged) -> str:
    """Say by which loss, where it is not the validation loss that every reader expects."""
    manifest = judged.manifest
    if judged_length(manifest) is None:
        return ""
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
            sentences.append(f"{capital(variant.label)} diverged in {diverged} of {seeds}.")
    more = len(sentences) - NAMED_AT_MOST
    tail = [f"{more} more variants diverged."] if more > 0 else []
    return " ".join(sentences[:NAMED_AT_MOST] + tail)
