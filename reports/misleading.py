"""How often a usual way to draw the curves tells another story than the verdict.

The numbers describe views, which overlap, and never probabilities: no interval belongs to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.claims import Claim, Verdict
from reports.frames import Frames
from reports.judged import judged_length
from reports.observed import Observed, Paired, observed, over_steps
from reports.pictures import Picture, Pictures, pictures, widest
from reports.places import Place, relative_place
from reports.told import TRUTHS, Told, tell
from reports.views import LEFT_OUT, USUAL, window_of
from reports.windows import fewest_points, longest_opposite, shortest_opposite


@dataclass(frozen=True)
class Stretch:
    """A stretch of one seed's run whose mean difference has the other sign.

    Fields:
        start, end: tokens seen before its first and after its last step.
        mean: of a - b over it, in nats per token.
        share: of the tokens of the run.
    """

    seed: int
    start: float
    end: float
    mean: float
    share: float


@dataclass(frozen=True)
class Views:
    """All views of one contrast.

    Fields:
        views: how many there are, over all its seeds.
        told: by them.
        by_factor: what views differ in -> its value -> told by those that have it.
        shortest, longest: stretch that contradicts the verdict, over all seeds.
        worst: the picture that contradicts the verdict most.
    """

    claim: Claim
    seeds: tuple[int, ...]
    views: int
    told: Told
    by_factor: Mapping[str, Mapping[str, Told]]
    shortest: Stretch | None
    longest: Stretch | None
    worst: Picture | None


@dataclass(frozen=True)
class Misleading:
    """What the pictures of a grid would have told.

    Fields:
        problem: why nothing is counted; everything else is empty then.
        contrasts: in the order of the claims, without those that have no curves.
        pictures: two of one seed that tell opposite stories.
        place: of the variant between two others, one for each seed; of `pictures.triple`.
    """

    problem: str
    contrasts: tuple[Views, ...] = ()
    pictures: Pictures | None = None
    place: tuple[Place, ...] = ()


def misleading(frames: Frames, verdict: Verdict, noises: Mapping[str, float | None]) -> Misleading:
    """Draw every usual view of every contrast and compare it with the verdict.

    Args:
        frames: of the grid.
        verdict: of the same.
        noises: variant -> its own noise as a multiple of the baseline's, where it is known.
    """
    problem = _problem(frames, verdict)
    if problem:
        return Misleading(problem)
    seen = observed(frames, verdict.claims)
    if not seen:
        return Misleading(TOO_SHORT)
    # Pictures are drawn over steps, as the page and dashboards do.
    even = all(pair.grows_evenly for each in seen for pair in each.pairs)
    shown = seen if even else over_steps(seen)
    contrasts = tuple(_views(*each) for each in zip(seen, shown, strict=True))
    found = pictures(shown, frames.manifest.baseline, noises)
    return Misleading("", contrasts, found, _places(seen, found))


TOO_SHORT = "Needs two variants whose curves have at least 100 common steps in two seeds."


def _problem(frames: Frames, verdict: Verdict) -> str:
    manifest = frames.manifest
    if len(manifest.variants) == 1:
        return "The grid has one variant: there is nothing to confuse it with."
    if len(manifest.seeds) == 1:
        return (
            "Needs a second seed: from one seed there is no verdict that a picture of the same "
            "curves could contradict."
        )
    length = judged_length(manifest)
    if length is not None:
        return (
            f"The verdict is about the loss at {length:,} tokens, which no training curve shows: "
            "a picture of the curves cannot contradict it."
        )
    if all(each.pairs < 2 for each in verdict.claims):  # noqa: PLR2004 - one seed has no verdict
        return "No two variants have two finished seeds in common, so there is nothing to compare."
    return ""


def _views(seen: Observed, shown: Observed) -> Views:
    shares, verdict = seen.gaps.shares, seen.claim.verdict
    by_factor = {
        factor: {
            value: tell(np.take(shares, place, axis=axis), verdict)
            for place, value in enumerate(values)
        }
        for axis, (factor, values) in enumerate(USUAL.factors.items(), start=1)
    }
    truth = TRUTHS.get(verdict)
    stretches = [] if truth is None else [_stretches(pair, truth) for pair in seen.pairs]
    return Views(
        seen.claim,
        tuple(pair.seed for pair in seen.pairs),
        shares.size,
        tell(shares, verdict),
        by_factor,
        min((each for each, _ in stretches if each), key=lambda each: each.share, default=None),
        max((each for _, each in stretches if each), key=lambda each: each.share, default=None),
        widest(shown),
    )


def _stretches(pair: Paired, truth: int) -> tuple[Stretch | None, Stretch | None]:
    """Return the shortest and the longest stretch of one seed that contradicts."""
    visible = window_of(pair.tokens, 0.0, 1.0)
    weights = np.diff(pair.tokens, prepend=0.0)[visible]
    d = (pair.a - pair.b)[visible]
    found = (
        shortest_opposite(d, truth, fewest_points(len(pair.steps)), weights),
        longest_opposite(d, truth, weights),
    )
    edges = np.concatenate([[0.0], pair.tokens])
    ends = [
        None
        if each is None
        else (
            float(edges[visible.start + each.start]),
            float(edges[visible.start + each.start + each.length]),
            each.mean,
        )
        for each in found
    ]
    shortest, longest = (
        None
        if each is None
        else Stretch(pair.seed, *each, share=(each[1] - each[0]) / float(pair.tokens[-1]))
        for each in ends
    )
    return shortest, longest


def _places(seen: Sequence[Observed], found: Pictures | None) -> tuple[Place, ...]:
    """Where the middle one of three variants lay, in each seed that has all three."""
    if found is None or found.triple is None:
        return ()
    low, middle, high = found.triple
    pairs = {(each.claim.a, each.claim.b): each.pairs for each in seen}
    outer = {pair.seed: pair for pair in pairs[high, low]}
    placed = []
    for pair in pairs[middle, low]:
        other = outer.get(pair.seed)
        if other is None or len(other.steps) != len(pair.steps):
            continue
        visible = window_of(pair.tokens, 0.0, 1.0, LEFT_OUT)
        curves = (pair.b[visible], pair.a[visible], other.a[visible])
        placed.append(relative_place(*curves, fewest_points(len(pair.steps))))
    return tuple(each for each in placed if each is not None)


def as_json(found: Misleading) -> dict[str, Any] | None:
    """Return the counts and the two pictures for machines; None where nothing is counted."""
    if found.problem:
        return None
    shown = found.pictures
    return {
        "contrasts": [_contrast_json(each) for each in found.contrasts],
        "triple": None if shown is None or shown.triple is None else list(shown.triple),
        "good": None if shown is None else shown.good.as_json(),
        "bad": None if shown is None else shown.bad.as_json(),
        "place": [vars(each) for each in found.place],
    }


def _contrast_json(views: Views) -> dict[str, Any]:
    claim = views.claim
    return {
        "a": claim.a,
        "b": claim.b,
        "verdict": claim.verdict,
        "views": views.views,
        **vars(views.told),
        "seeds": list(views.seeds),
        "by_factor": {
            factor: {value: vars(told) for value, told in values.items()}
            for factor, values in views.by_factor.items()
        },
        "shortest": None if views.shortest is None else vars(views.shortest),
        "longest": None if views.longest is None else vars(views.longest),
        "worst": None if views.worst is None else views.worst.as_json(),
    }
