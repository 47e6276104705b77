"""A caveat where usual pictures of single runs contradict a verdict."""

from collections.abc import Iterator, Sequence

from reports.claims import Caveat, Claim
from reports.frames import Frames
from reports.judged import judged_length
from reports.numbers import difference_of, percent
from reports.observed import observed
from reports.pictures import WORTH_SAYING
from reports.told import Told, tell

CONTRADICTED = {"better", "worse", "equivalent"}


def picture_caveats(frames: Frames, claims: Sequence[Claim]) -> Iterator[Caveat]:
    """Warn of the contrast whose views contradict its verdict most often.

    A verdict at another length is about no training curve, so no picture contradicts it.
    """
    if judged_length(frames.manifest) is not None:
        return
    if not any(each.verdict in CONTRADICTED for each in claims):
        return
    told = [
        (each.claim, tell(each.gaps.shares, each.claim.verdict))
        for each in observed(frames, tuple(claims))
        if each.claim.verdict in CONTRADICTED
    ]
    worst = max(told, key=lambda each: each[1].misled, default=None)
    if worst is None or worst[1].misled < WORTH_SAYING:
        return
    claim, views = worst
    pair = difference_of(frames.manifest.label(claim.a), frames.manifest.label(claim.b))
    text = f"Of the usual ways to draw {pair} in one seed, {_says(views)}."
    yield Caveat("picture", text, "mislead")


def _says(views: Told) -> str:
    if views.opposite is not None:
        return f"{percent(views.opposite)} would tell the opposite story"
    return f"{percent(views.misled)} would show a gap that is none"
