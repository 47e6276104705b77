"""Whether a verdict hangs on how it was reached: on one seed, one rule, or what is held equal."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reports import numbers
from reports.claims import Caveat, Claim
from reports.contrasts import Contrast
from reports.efficiency import NAMES, Budget, spent
from reports.estimates import Interval
from reports.intervals import Method, intervals
from reports.judged import is_last_validation
from reports.looks import Outcome, Round
from reports.manifest import Manifest
from reports.numbers import difference_of
from reports.wording import capital, crosses_zero, listed

FEWEST_PAIRS = 4  # below it, three pairs without one resolve almost nothing whatever they are
RESOLVED = {"better", "worse"}
COMPARED = RESOLVED | {"equivalent", "unresolved"}
SAID = {"unresolved": "is not resolved", "equivalent": "is inside the margin"} | {
    "better": "is resolved, lower",
    "worse": "is resolved, higher",
}


def without(contrast: Contrast, seed: int) -> Contrast:
    """Return the contrast without one of its seeds."""
    kept = [index for index, each in enumerate(contrast.seeds) if each != seed]
    return replace(
        contrast,
        seeds=tuple(contrast.seeds[index] for index in kept),
        a_losses=contrast.a_losses[kept],
        b_losses=contrast.b_losses[kept],
    )


def carried_by_a_seed(
    manifest: Manifest, claims: Sequence[Claim], contrasts: Sequence[Contrast]
) -> Iterator[Caveat]:
    """Name the seeds without which a resolved contrast would not be resolved the same way."""
    for claim, carrying in carriers(manifest, claims, contrasts):
        if carrying:
            pair = _pair(manifest, claim)
            named = listed([str(each) for each in carrying], limit=5)
            which = f"seed {named}" if len(carrying) == 1 else f"any one of seeds {named}"
            text = f"Without {which}, {pair} would not be resolved."
            yield Caveat("leave_one_out", text, "seeds")


def carriers(
    manifest: Manifest, claims: Sequence[Claim], contrasts: Sequence[Contrast]
) -> Iterator[tuple[Claim, Sequence[int]]]:
    """Return the seeds that carry each resolved contrast with four pairs or more."""
    seeds = sorted({seed for each in contrasts for seed in each.seeds})
    found = {
        seed: intervals([without(each, seed) for each in contrasts], manifest) for seed in seeds
    }
    for claim in claims:
        if claim.interval == "always-valid" or claim.pairs < FEWEST_PAIRS:
            continue
        if claim.verdict in RESOLVED:
            pair = (claim.a, claim.b)
            yield claim, [s for s in claim.seeds if not _agrees(found[s].get(pair), claim)]


def at_other_budgets(
    manifest: Manifest, claims: Sequence[Claim], budgets: Sequence[Budget]
) -> Iterator[Caveat]:
    """Name the contrasts that have another verdict at equal seconds, or at equal FLOPs."""
    for budget in _comparable(manifest, budgets):
        outcomes = {each.pair: each for each in budget.outcomes}
        parts = [
            _otherwise(_pair(manifest, claim), outcomes[claim.a, claim.b])
            for claim in claims
            if _differs(claim, outcomes.get((claim.a, claim.b)))
        ]
        if parts:
            about = f"Secondary: the verdicts are about equal {NAMES[manifest.hold]}."
            text = f"At equal {spent(budget)} {listed(parts)}. {about}"
            yield Caveat(f"equal_{budget.by}", text, "cost")


def robust(
    manifest: Manifest,
    claims: Sequence[Claim],
    rounds: Sequence[Round],
    budgets: Sequence[Budget],
) -> tuple[str, ...]:
    """Say of which resolved contrasts no second look says anything else; nothing if of none.

    Without four pairs no seed can be left out, and nothing is said.
    """
    carried = {
        (claim.a, claim.b): carrying
        for each in rounds
        for claim, carrying in carriers(
            each.manifest,
            [claim for claim in claims if claim.decided_at == each.seeds],
            each.contrasts,
        )
    }
    firm: dict[str, list[str]] = {}
    for claim in claims:
        pair = (claim.a, claim.b)
        if carried.get(pair) == [] and _rules_agree(claim):
            others = _others(manifest, claim, budgets)
            if others is not None:
                firm.setdefault(others, []).append(_pair(manifest, claim))
    return tuple(
        f"{capital(listed(pairs))} {'is' if len(pairs) == 1 else 'are'} robust: {others} say the "
        "same."
        for others, pairs in firm.items()
    )


def holm_differs(claim: Claim) -> bool:
    """Whether the paired t with Holm's correction resolves what the interval does not, or not."""
    if claim.holm_p is None or claim.low is None or claim.high is None:
        return False
    if claim.interval == "always-valid" or claim.verdict == "diverged":
        return False
    excludes = not crosses_zero((claim.low, claim.high))
    return excludes != (claim.holm_p < 1 - claim.level)


def median_differs(claim: Claim) -> bool:
    """Whether the median of three pairs or more has the other sign than their mean."""
    return (
        claim.verdict in RESOLVED | {"unresolved"}
        and claim.pairs > 2  # noqa: PLR2004 - of two, the median is the mean
        and claim.difference is not None
        and claim.median is not None
        and claim.difference * claim.median < 0
    )


def _rules_agree(claim: Claim) -> bool:
    differs = holm_differs(claim) or median_differs(claim) or crosses_zero(claim.documents)
    return claim.holm_p is not None and not differs


def _others(manifest: Manifest, claim: Claim, budgets: Sequence[Budget]) -> str | None:
    """What was looked at beside the interval; None where a budget says something else."""
    looked = ["Holm's paired t", "the median", "every rest without one seed"]
    looked += [] if claim.documents is None else ["other documents"]
    for budget in _comparable(manifest, budgets):
        outcome = {each.pair: each for each in budget.outcomes}.get((claim.a, claim.b))
        if _differs(claim, outcome):
            return None
        looked += [] if outcome is None else [f"equal {NAMES[budget.by]}"]
    return listed(looked, limit=len(looked))


def _comparable(manifest: Manifest, budgets: Sequence[Budget]) -> Iterator[Budget]:
    """Budgets that are not held equal; of another loss than the judged one nothing follows."""
    if is_last_validation(manifest) and manifest.state == "complete":
        yield from (each for each in budgets if each.is_secondary and each.at is not None)


def _differs(claim: Claim, outcome: Outcome | None) -> bool:
    known = outcome is not None and {claim.verdict, outcome.word} <= COMPARED
    return known and outcome is not None and outcome.word != claim.verdict


def _otherwise(pair: str, outcome: Outcome) -> str:
    difference = float(outcome.contrast.differences.mean())
    if outcome.interval is None:
        return f"{pair} {SAID[outcome.word]} ({numbers.signed(difference)})"
    places = numbers.decimals(outcome.interval.half_width)
    limits = numbers.interval(outcome.interval.low, outcome.interval.high)
    return f"{pair} {SAID[outcome.word]} ({numbers.signed(difference, places)}, {limits})"


def _pair(manifest: Manifest, claim: Claim) -> str:
    return difference_of(manifest.label(claim.a), manifest.label(claim.b))


def _agrees(found: tuple[Interval, Method] | None, claim: Claim) -> bool:
    """Whether the rest resolves the same way; a rest without variance speaks against no seed."""
    if found is None:
        return True
    return found[0].high < 0 if claim.verdict == "better" else found[0].low > 0
