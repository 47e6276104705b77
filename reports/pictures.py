"""Two views of one seed that tell opposite stories, chosen from all that were looked at.

Chosen are views that a reader would believe: points enough for a curve, the whole of it in the
frame, and if there is one a gap that is seen at the right edge and over most of the window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from reports.encode import QUANTUM
from reports.observed import Observed, Paired
from reports.told import TRUTHS, tell
from reports.views import LEGIBLE, USUAL, VISIBLE, window_of

Array = NDArray[np.float64]

WORTH_SAYING = 0.02
"""Share of the views below which they are too few for a finding."""

FEWEST_DRAWN = 20
"""Points of a line that a reader takes for a curve; a running mean must be narrower than half."""

LEAST_HEIGHT = 20 * QUANTUM
"""Nats from top to bottom, so that what the page rounds cannot be seen."""

NEAR = 0.25
"""A place this near to one of the outer curves looks like lying on it."""


@dataclass(frozen=True)
class Picture:
    """One view of one seed.

    Fields:
        variants: that are drawn.
        smoothing: `none`, or `ema`, `twema`, `mean` and its parameter.
        points: into how many stretches the window is cut of which the last is drawn; None: all.
        left, right: first and last visible step.
        y_range: `auto`, fitted to the lines: others leave a part of the lines outside.
    """

    seed: int
    variants: tuple[str, ...]
    smoothing: str
    points: int | None
    left: int
    right: int
    y_range: str = "auto"

    def as_json(self) -> dict[str, Any]:
        """Return plain values; `as` is how the page's own curves are told to draw it."""
        return {**vars(self), "variants": list(self.variants), "as": self.drawn_as}

    @property
    def drawn_as(self) -> str:
        """Write smoothing and points as the page's script reads them."""
        return f"{self.smoothing},{self.points or 'all'}"

    def address(self, shown: Sequence[str], every: Sequence[str]) -> str:
        """Return the fragment that sets the page's own curves to this view.

        Args:
            shown: variants that are drawn when nothing is chosen.
            every: variants in the order of the grid.
        """
        kind, _, value = self.smoothing.partition(" ")
        weight = value if kind in {"ema", "twema"} else "0"
        query = [
            ("p", weight),
            ("kind", "tensorboard" if kind == "ema" else "wandb"),
            ("as", self.drawn_as),
            ("range", f"{self.left},{self.right}"),
            ("seeds", str(self.seed)),
            *(("off", each) for each in every if each in shown and each not in self.variants),
            *(("on", each) for each in every if each not in shown and each in self.variants),
        ]
        return f"#curves?{urlencode(query, safe=',')}"


@dataclass(frozen=True)
class Pictures:
    """Two of them.

    Fields:
        good, bad: of one seed.
        about: a and b of the contrast that they are about.
        verdict: of that contrast.
        triple: lower, middle and higher variant, where `good` shows the middle one on the lower
            and `bad` on the higher one; None where the two show a below and above b.
    """

    good: Picture
    bad: Picture
    about: tuple[str, str]
    verdict: str
    triple: tuple[str, str, str] | None


def pictures(
    seen: Sequence[Observed], baseline: str, noises: Mapping[str, float | None]
) -> Pictures | None:
    """Return the two most opposite views of one seed; None where too few views mislead."""
    telling = [each for each in seen if _misled(each) >= WORTH_SAYING]
    if not telling:
        return None
    return _of_three(seen, baseline, noises) or _of_two(telling)


def widest(seen: Observed) -> Picture | None:
    """Return the view that contradicts the verdict with the widest gap; None where none does."""
    if not _has_story(seen):
        return None
    shares, verdict = _shares(seen), seen.claim.verdict
    against = np.abs(shares) if verdict == "equivalent" else shares * -_truth(seen)
    scores = np.where(_looks_like_a_curve(seen), against.max(axis=-1), -np.inf)
    enough = VISIBLE if verdict == "equivalent" else LEGIBLE
    place = tuple(map(int, np.unravel_index(int(np.argmax(scores)), scores.shape)))
    return None if scores[place] < enough else _picture(seen, place, _names(seen))


def _misled(seen: Observed) -> float:
    return tell(seen.gaps.shares, seen.claim.verdict).misled


def _of_two(telling: Sequence[Observed]) -> Pictures | None:
    """The contrast that misleads most often; a verdict comes before none."""
    order = sorted(telling, key=lambda each: (_has_story(each), _misled(each)), reverse=True)
    return next((found for each in order if (found := _pair(each)) is not None), None)


def _truth(seen: Observed) -> int:
    """The sign of a - b that agrees with the verdict; without one, that of a below b."""
    return TRUTHS.get(seen.claim.verdict, -1)


def _has_story(seen: Observed) -> bool:
    return seen.claim.verdict in {"better", "worse", "equivalent"}


def _pair(seen: Observed) -> Pictures | None:
    """Good agrees with the verdict and bad does not; without a verdict good shows a below b."""
    agreeing = _shares(seen) * _truth(seen)
    good, bad, enough = _clearness(agreeing, VISIBLE), _clearness(-agreeing, VISIBLE), VISIBLE
    if seen.claim.verdict == "equivalent":
        gaps = np.abs(agreeing)
        good, bad, enough = -gaps.max(axis=-1), _clearness(gaps, VISIBLE), -LEGIBLE
    chosen = _one_seed(seen, (good, enough), (bad, VISIBLE))
    if chosen is None:
        return None
    first, second = (_picture(seen, place, _names(seen)) for place in chosen)
    return Pictures(first, second, (seen.claim.a, seen.claim.b), seen.claim.verdict, None)


def _of_three(
    seen: Sequence[Observed], baseline: str, noises: Mapping[str, float | None]
) -> Pictures | None:
    """The noisiest variant between the baseline and the next one above it."""
    against = {each.claim.a: each for each in seen if each.claim.b == baseline}
    known = {name: noise for name in against if (noise := noises.get(name)) is not None}
    if not known:
        return None
    middle = against[max(known, key=lambda name: known[name])]
    above = [each for each in against.values() if _ends(each) > _ends(middle) > 0]
    if not above:
        return None
    high = min(above, key=_ends)
    place = _places(middle, high)
    good, bad = _clearness(-np.abs(place), -NEAR), _clearness(-np.abs(place - 1), -NEAR)
    chosen = _one_seed(middle, (good, -NEAR), (bad, -NEAR))
    if chosen is None:
        return None
    triple = (baseline, middle.claim.a, high.claim.a)
    first, second = (_picture(middle, at, triple) for at in chosen)
    return Pictures(first, second, (middle.claim.a, baseline), middle.claim.verdict, triple)


def _ends(seen: Observed) -> float:
    return seen.claim.difference or 0.0


def _shares(seen: Observed) -> Array:
    """Gaps in charts fitted to the lines [seeds, smoothings, points, lefts, rights, readouts]."""
    shares: Array = seen.gaps.shares[..., 0, :]
    return shares


def _places(middle: Observed, high: Observed) -> Array:
    """Place of the middle curve in every view; infinite where the outer two are hardly apart."""
    place = np.full(middle.gaps.gaps.shape, np.inf)
    seeds = [pair.seed for pair in high.pairs]
    for row, pair in enumerate(middle.pairs):
        if pair.seed not in seeds:
            continue
        outer = seeds.index(pair.seed)
        gap, height = high.gaps.gaps[outer], high.gaps.heights[outer][..., :1]
        np.divide(middle.gaps.gaps[row], gap, out=place[row], where=gap > VISIBLE * height)
    return place


def _clearness(seen: Array, enough: float) -> Array:
    """What both readouts see of a story; a view in which only one sees enough comes after all."""
    both, either = seen.min(axis=-1), seen.max(axis=-1)
    found: Array = np.where(both >= enough, 1 + both, np.minimum(either, 1 + enough))
    return found


def _looks_like_a_curve(seen: Observed) -> NDArray[np.bool_]:
    """Whether a view has points and height enough [seeds, smoothings, points, lefts, rights]."""
    drawn = np.array([_drawn_enough(pair) for pair in seen.pairs])
    enough: NDArray[np.bool_] = drawn & (seen.gaps.heights[..., 0] >= LEAST_HEIGHT)
    return enough


def _drawn_enough(pair: Paired) -> NDArray[np.bool_]:
    """Whether so many points are drawn [smoothings, points, lefts, rights]."""
    fewest = [
        2 * int(parameter) if kind == "mean" else FEWEST_DRAWN
        for kind, _, parameter in (name.partition(" ") for name in USUAL.smoothings)
    ]
    counts = np.empty([len(USUAL.points), len(USUAL.lefts), len(USUAL.rights)])
    for left, share in enumerate(USUAL.lefts.values()):
        for right, end in enumerate(USUAL.rights.values()):
            visible = window_of(pair.steps, share, end)
            every = visible.stop - visible.start
            counts[:, left, right] = [min(every, most or every) for most in USUAL.points.values()]
    enough: NDArray[np.bool_] = counts >= np.reshape(fewest, (-1, 1, 1, 1))
    return enough


def _one_seed(
    seen: Observed, good: tuple[Array, float], bad: tuple[Array, float]
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the places of the best good and bad view of that seed in which the two are best.

    Each is what is to be large in every view, and how large it must be.
    """
    curves = _looks_like_a_curve(seen)
    goods, bads = (
        np.where(curves, each, -np.inf).reshape(len(curves), -1) for each, _ in (good, bad)
    )
    fit = (goods.max(axis=1) >= good[1]) & (bads.max(axis=1) >= bad[1])
    if not fit.any():
        return None
    seed = int(np.argmax(np.where(fit, goods.max(axis=1) + bads.max(axis=1), -np.inf)))
    first, second = (
        np.unravel_index(int(np.argmax(each[seed])), curves.shape[1:]) for each in (goods, bads)
    )
    return (seed, *map(int, first)), (seed, *map(int, second))


def _names(seen: Observed) -> tuple[str, str]:
    return seen.claim.b, seen.claim.a


def _picture(seen: Observed, place: Sequence[int], variants: Sequence[str]) -> Picture:
    """Return the view at a place [seed, smoothing, points, left, right]."""
    seed, smoothing, points, left, right = place
    pair = seen.pairs[seed]
    visible = window_of(
        pair.steps, list(USUAL.lefts.values())[left], list(USUAL.rights.values())[right]
    )
    steps = pair.steps[visible]
    return Picture(
        pair.seed,
        tuple(variants),
        list(USUAL.smoothings)[smoothing],
        list(USUAL.points.values())[points],
        int(steps[0]),
        int(steps[-1]),
    )
