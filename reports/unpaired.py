"""What runs that are not paired may claim: no statistic of pairs, and sentences of their own."""

from dataclasses import replace

from reports import numbers
from reports.claims import Claim
from reports.contrasts import Contrast
from reports.details import Details
from reports.manifest import Manifest
from reports.power import MOST_SEEDS
from reports.wording import capital, for_seen, places, places_of, seeds_in_all
from reports.wording import sentence as paired_sentence


def told(claim: Claim, contrast: Contrast, manifest: Manifest) -> Claim:
    """Return a claim with its sentence; of runs that are not paired without statistics of pairs."""
    if manifest.is_paired:
        return replace(claim, text=paired_sentence(claim, contrast, manifest))
    ours = without_pairs(claim)
    return replace(ours, text=sentence(ours, contrast, manifest))


def without_pairs(claim: Claim) -> Claim:
    """Leave out what says something about pairs; how often runs diverged does not."""
    details = claim.details
    kept = (
        None if details is None else Details(None, None, None, None, None, details.divergence, None)
    )
    return replace(
        claim,
        holm_p=None,
        flip_probability=None,
        median=None,
        rho=None,
        wins=0,
        differences=(),
        details=kept,
    )


def sentence(claim: Claim, contrast: Contrast, manifest: Manifest) -> str:
    """Write what is known about `claim.a` against `claim.b`, and never of pairs."""
    a, b = manifest.label(claim.a), manifest.label(claim.b)
    if claim.verdict in {"identical", "one_seed"}:
        return paired_sentence(claim, contrast, manifest)
    if claim.verdict == "diverged":
        return _diverged(claim, contrast, a, b)
    if claim.low is None or claim.high is None:
        return _without_interval(claim, a, b)
    if claim.verdict in {"better", "worse"}:
        return _resolved(claim, a, b)
    if claim.verdict == "equivalent":
        within = numbers.margin(claim.margin or 0)
        return f"{capital(a)} and {b} differ by less than {within} nats/token ({_evidence(claim)})."
    limits = " and ".join(numbers.limit(each, places(claim)) for each in (claim.low, claim.high))
    difference = numbers.difference_of(a, b)
    text = f"Not resolved: {difference} is between {limits} nats/token ({_basis(claim)})."
    return f"{text}{_settling(claim)}"


def _evidence(claim: Claim) -> str:
    limits = numbers.interval(claim.low, claim.high)
    return f"{_kind(claim)} {limits}, {_rests_on(claim)}"


def _basis(claim: Claim) -> str:
    return f"{_kind(claim)}, {_rests_on(claim)}"


def _kind(claim: Claim) -> str:
    many = "simultaneous " if claim.comparisons > 1 else ""
    return f"{numbers.percent(claim.level)} {many}interval"


def _rests_on(claim: Claim) -> str:
    comparisons = "1 comparison" if claim.comparisons == 1 else f"{claim.comparisons} comparisons"
    text = f"{claim.pairs} unpaired runs of each, {comparisons}"
    return text if claim.decided_at is None else f"{text}, decided at {claim.decided_at} seeds"


def _resolved(claim: Claim, a: str, b: str) -> str:
    by = numbers.fixed(abs(claim.difference or 0.0), places(claim))
    text = f"{capital(a)} is {claim.verdict} than {b} by {by} nats/token ({_evidence(claim)})"
    if claim.size is None:
        return f"{text}."
    how = "at least" if claim.size == "beyond" else "less than"
    return f"{text}, by {how} the margin of {numbers.margin(claim.margin or 0)}."


def _diverged(claim: Claim, contrast: Contrast, a: str, b: str) -> str:
    many = "1 run" if contrast.trained == 1 else f"{contrast.trained} runs"
    where = places_of(contrast.diverged)
    text = f"{capital(a)} diverged in {len(contrast.diverged)} of {many} ({where})."
    if claim.difference is None:
        return text
    side = "below" if claim.difference < 0 else "above"
    by = numbers.fixed(abs(claim.difference), places(claim))
    given = (
        "no interval" if claim.low is None else f"given that it did not diverge: {_evidence(claim)}"
    )
    return f"{text} Where it did not, it ended {by} nats/token {side} {b} ({given})."


def _without_interval(claim: Claim, a: str, b: str) -> str:
    difference = numbers.difference_of(a, b)
    return (
        f"Not resolved: {difference} is {numbers.signed(claim.difference)}, without an interval: "
        f"{claim.pairs} unpaired runs of each do not vary, or it is not time to look at them."
    )


def _settling(claim: Claim) -> str:
    """Say how many runs would settle it, by the noise of a difference of two runs."""
    low, high = claim.seeds_needed or (None, None)
    if claim.margin is None or claim.seeds_needed is None:
        return ""
    within = numbers.margin(claim.margin)
    if low is None:
        most = f" More than {MOST_SEEDS} runs of each would be needed to resolve {within}"
        return f"{most}{for_seen(claim)}."
    many = seeds_in_all(low, high)
    return f" About {many} runs of each would resolve a difference of {within}."
