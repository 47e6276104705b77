"""Who wins, or could: the rows of the table of headlines that name variants as the best."""

from collections.abc import Sequence

from reports import numbers
from reports.claims import Kind
from reports.standing import Judged
from reports.wording import NAMED_AT_MOST, capital, listed, places


def wins(judged: Judged) -> tuple[Kind, str, str] | None:
    """Name the one that could be the best, where the contrasts with the baseline resolve it."""
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
            ends.append((judged.manifest.label(variant.name), mean))
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


def several(judged: Judged) -> tuple[Kind, str, str] | None:
    """Name those that could be the best: several, or one that the contrasts bear out."""
    alone = len(judged.best) == 1
    of_two = alone and len(judged.candidates) == 2  # noqa: PLR2004 - one contrast says it all
    if not _is_smaller(judged) or of_two or (alone and not _is_borne_out(judged)):
        return None
    named = [judged.manifest.label(each) for each in judged.best]
    out = [judged.manifest.label(each) for each in _left_out(judged)]
    who = {1: "It alone", 2: "Either"}.get(len(named), "Any of them")
    are = "is not" if len(out) == 1 else "are not"
    rest = (
        f"{who} could be the best of the {_candidates(judged)}; "
        f"{listed(out)} {are} ({numbers.percent(0.95)})."
    )
    return "set", f"{capital(listed(named, 'or'))}.", rest


def _is_smaller(judged: Judged) -> bool:
    """Whether some variant could not be the best."""
    return 0 < len(judged.best) < len(judged.candidates)


def _left_out(judged: Judged) -> list[str]:
    return [each for each in judged.candidates if each not in judged.best]


def _is_borne_out(judged: Judged) -> bool:
    """Whether two-sided contrasts call the only one left better than every other."""
    (only,) = judged.best
    pairs = {(each.a, each.b): each.verdict for each in judged.claims}
    return all(
        pairs.get((only, each)) == "better" or pairs.get((each, only)) == "worse"
        for each in _left_out(judged)
    )


def _candidates(judged: Judged) -> str:
    every = len(judged.manifest.variants)
    which = "" if len(judged.candidates) == every else " that can be compared"
    return f"{len(judged.candidates)} variants{which}"


def only_one(judged: Judged) -> str:
    """Say of a set of one, behind contrasts that do not bear it out, what kind of statement it is.

    Its limit is one-sided and each variant in turn is its reference, so it may leave out what no
    contrast calls worse. Of two variants the one contrast says more.
    """
    if not _is_smaller(judged) or len(judged.best) > 1 or _is_borne_out(judged):
        return ""
    if len(judged.manifest.variants) == 2:  # noqa: PLR2004 - one contrast
        return ""
    name = judged.manifest.label(judged.best[0])
    return (
        f" Only {name} could be the best of the {_candidates(judged)} ({numbers.percent(0.95)}, "
        'one-sided, over all pairs); "could not be the best" says less than "is worse".'
    )
