"""Sentences about one contrast: templates filled from its statistics, and nothing else."""

from collections.abc import Sequence

import numpy as np

from reports import numbers
from reports.claims import Claim
from reports.contrasts import Contrast
from reports.estimates import always_valid_critical
from reports.judged import judged_tokens
from reports.manifest import Cell, Manifest
from reports.power import MOST_SEEDS
from reports.volatility import IF_INDEPENDENT, Volatility

NAMED_AT_MOST = 3


def capital(text: str) -> str:
    """Return `text`, which begins with a variant's name, as it begins a sentence.

    Names are identifiers or settings (`xl`, `my_idea`, `heads = 1`) and stay as they are written;
    only the word that stands for the member `none` has a capital: `No positions`.
    """
    return f"No{text[2:]}" if text.startswith("no ") else text


def listed(names: Sequence[str], last: str = "and", limit: int = NAMED_AT_MOST) -> str:
    """Write `A, B and C`, or `A, B, C and 4 more`; a single one more is named as well."""
    shown = list(names)
    if len(names) > limit + 1:
        shown[limit:] = [f"{len(names) - limit} more"]
    if len(shown) < 2:  # noqa: PLR2004 - one name needs no joint
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def sentence(claim: Claim, contrast: Contrast, manifest: Manifest) -> str:
    """Write what is known about `claim.a` against `claim.b`."""
    a, b = manifest.label(claim.a), manifest.label(claim.b)
    if claim.verdict in {"better", "worse"}:
        return _resolved(claim, a, b)
    if claim.verdict == "equivalent":
        return (
            f"{capital(a)} and {b} differ by less than {numbers.margin(claim.margin or 0)} "
            f"nats/token ({evidence(claim)})."
        )
    if claim.verdict == "diverged":
        return _diverged(claim, contrast, a, b)
    if claim.verdict == "identical":
        pairs = numbers.of_all(claim.pairs, claim.pairs, "pair")
        return (
            f"{capital(a)} and {b} are identical: the losses of {pairs} are equal to the bit, "
            "so the option does not reach the model."
        )
    if claim.verdict == "one_seed" and claim.difference is None and contrast.unevaluated:
        return f"No verdict on {a} against {b}: {unevaluated(contrast.unevaluated, manifest)}."
    if claim.verdict == "one_seed":
        return _one_seed(claim, a, b)
    return _unresolved(claim, contrast, manifest)


def unevaluated(cells: Sequence[Cell], manifest: Manifest) -> str:
    """Write which variants cannot be evaluated as the verdicts need it, and why."""
    why = {each.variant: (each.reason or "").rstrip(".") for each in cells}
    labels = listed([manifest.label(each) for each in why])
    reasons = "; ".join(dict.fromkeys(why.values()))
    if manifest.final == "tail":
        return f"{labels} cannot be judged by the last fifth ({reasons})"
    return f"{labels} cannot be evaluated at {judged_tokens(manifest)} ({reasons})"


def evidence(claim: Claim) -> str:
    """Write the interval with what it rests on: level, pairs, comparisons."""
    level = numbers.percent(claim.level)
    many = "simultaneous " if claim.comparisons > 1 else ""
    kind = "always-valid " if claim.interval == "always-valid" else many
    comparisons = "1 comparison" if claim.comparisons == 1 else f"{claim.comparisons} comparisons"
    limits = numbers.interval(claim.low, claim.high)
    text = f"{level} {kind}interval {limits}, {claim.pairs} paired seeds, {comparisons}"
    return text if claim.decided_at is None else f"{text}, decided at {claim.decided_at} seeds"


def places(claim: Claim) -> int:
    """Return the decimals that the interval of a claim supports."""
    if claim.low is None or claim.high is None:
        return numbers.DECIMALS_ALONE
    return numbers.decimals((claim.high - claim.low) / 2)


def in_pairs(claim: Claim) -> str:
    """Write in how many pairs the difference has the sign of its mean."""
    mean = claim.difference or 0.0
    same = sum(each * mean > 0 for each in claim.differences)
    side = "lower" if mean < 0 else "higher"
    return f"{side} in {numbers.of_all(same, claim.pairs, 'pair')}"


def crosses_zero(limits: tuple[float, float] | None) -> bool:
    """Return whether an interval contains 0; False where there is none."""
    return limits is not None and limits[0] <= 0 <= limits[1]


def _resolved(claim: Claim, a: str, b: str) -> str:
    by = numbers.fixed(abs(claim.difference or 0.0), places(claim))
    only_here = " on this validation set" if crosses_zero(claim.documents) else ""
    text = (
        f"{capital(a)} is {claim.verdict} than {b}{only_here} by {by} nats/token "
        f"({evidence(claim)}), {in_pairs(claim)}"
    )
    if claim.size is None:
        return f"{text}."
    how = "at least" if claim.size == "beyond" else "less than"
    return f"{text}, by {how} the margin of {numbers.margin(claim.margin or 0)}."


def _one_seed(claim: Claim, a: str, b: str) -> str:
    if claim.difference is None:
        return f"{capital(a)} and {b} have no seed that both finished: there is no difference."
    seen = f"{numbers.signed(claim.difference)} ({numbers.difference_of(a, b)})"
    text = (
        f"One seed: the difference seen is {seen}. "
        "No interval for it can be computed from one seed."
    )
    if claim.documents is None:
        return text
    limits = numbers.interval(*claim.documents)
    return (
        f"{text} These two runs on other documents of this kind: {limits}, "
        "which says nothing about other seeds."
    )


def _diverged(claim: Claim, contrast: Contrast, a: str, b: str) -> str:
    text = (
        f"{capital(a)} diverged in {len(contrast.diverged)} of {_seeds(contrast.trained)} "
        f"({places_of(contrast.diverged)})."
    )
    if claim.difference is None:
        return text
    side = "below" if claim.difference < 0 else "above"
    by = numbers.fixed(abs(claim.difference), places(claim))
    if claim.low is None:
        few = "one pair" if claim.pairs == 1 else f"{claim.pairs} pairs, no interval"
        return f"{text} Where it did not, it ended {by} nats/token {side} {b} ({few})."
    return (
        f"{text} Where it did not, it ended {by} nats/token {side} {b} "
        f"(given that it did not diverge: {evidence(claim)})."
    )


def places_of(cells: Sequence[Cell]) -> str:
    """Write where cells diverged: `seed 3 at step 3,117`."""
    parts = [
        f"seed {each.seed}" + ("" if each.at is None else f" at step {numbers.count(each.at)}")
        for each in cells
    ]
    return listed(parts, limit=5)


def _seeds(number: int) -> str:
    return "1 seed" if number == 1 else f"{number} seeds"


def _unresolved(claim: Claim, contrast: Contrast, manifest: Manifest) -> str:
    a, b = manifest.label(claim.a), manifest.label(claim.b)
    if contrast.has_no_variance:
        return (
            f"No verdict on {a} against {b}: zero variance between seeds: the seed does not reach "
            f"the training. The difference is {numbers.signed(claim.difference)} in every pair."
        )
    begin = "Not finished" if manifest.state == "partial" else "Not resolved"
    difference = numbers.difference_of(a, b)
    if claim.low is None or claim.high is None:
        return (
            f"{begin}: {difference} is {numbers.signed(claim.difference)} in {claim.pairs} pairs "
            f"so far; intervals that allow for looking early begin at "
            f"{_first_interval(claim.comparisons)} pairs."
        )
    shown = places(claim)
    text = (
        f"{begin}: {difference} is between {numbers.limit(claim.low, shown)} and "
        f"{numbers.limit(claim.high, shown)} nats/token ({_basis(claim)})."
    )
    return f"{text}{_settling(claim)}"


def _basis(claim: Claim) -> str:
    limits = numbers.interval(claim.low, claim.high)
    return evidence(claim).replace(f" {limits}", "", 1)


def _first_interval(comparisons: int) -> int:
    sizes = range(2, 1000)
    return next(n for n in sizes if np.isfinite(always_valid_critical(n, comparisons)))


def _settling(claim: Claim) -> str:
    """Say how many seeds would settle it; what they cost depends on the command that runs them."""
    if claim.seeds_needed is None or claim.margin is None:
        return ""
    low, high = claim.seeds_needed
    if low is None:
        most = max(abs(claim.low or 0.0), abs(claim.high or 0.0))
        return (
            f" More than {MOST_SEEDS} seeds would be needed to resolve a difference of "
            f"{numbers.margin(claim.margin)}{for_seen(claim)}; so far the difference is at most "
            f"{numbers.fixed(most, places(claim))} nats/token."
        )
    return (
        f" About {seeds_in_all(low, high)} paired seeds in all would resolve a difference of "
        f"{numbers.margin(claim.margin)}; there are {claim.pairs}."
    )


def for_seen(claim: Claim) -> str:
    """Write how many seeds a difference as large as the one seen needs; empty where too many."""
    low, high = claim.seeds_for_seen or (None, None)
    if low is None:
        return ""
    seen = numbers.fixed(abs(claim.difference or 0.0), places(claim))
    return f", and about {seeds_in_all(low, high)} in all for one as large as the one seen, {seen}"


def seeds_in_all(low: int, high: int | None) -> str:
    """Write how many seeds are needed, from the noise seen and from its upper limit."""
    if high is None:
        return f"{low} or more"
    return f"{low}" if high == low else f"{low} to {high}"


def volatility_sentence(label: str, measured: Volatility) -> str:
    """Write whether a variant is noisier than the baseline; only its own noise may say so."""
    ratio = measured.own_ratio
    if ratio is None or ratio.low <= 1 <= ratio.high:
        return f"{capital(label)} is not shown to be noisier than the baseline."
    seeds = _seeds(len(measured.jitters))
    genitive = "'" if label.endswith("s") else "'s"
    text = (
        f"{capital(label)}{genitive} own step-to-step noise is {ratio.estimate:.2f} times the "
        "baseline's "
        f"({ratio.low:.2f} to {ratio.high:.2f}, {seeds})"
    )
    if measured.own_note == IF_INDEPENDENT:
        text += f" {IF_INDEPENDENT}"
    if measured.common_share is None:
        return f"{text}."
    share = numbers.percent(max(0.0, measured.common_share))
    return f"{text}; {share} of what one sees jump is the batches and common to all."
