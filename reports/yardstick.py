"""For one seed: how far apart two identical recipes end, as other grids have seen it."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from reports import numbers
from reports.claims import Caveat, Claim
from reports.estimates import student_below
from reports.frames import Frames
from reports.judged import judged_length
from reports.manifest import Manifest
from reports.siblings import finished
from reports.siblings import recipe as recipe_of
from reports.wording import listed

Group = list[tuple[str, float]]
FEWEST_DEGREES = 5
FOREIGN = (
    "No finished grid at this preset says how far seeds spread here. Elsewhere, final losses of "
    "identical GPT-2-sized recipes had a standard deviation of 0.0005 to 0.004 nats between runs "
    "(logs of modded-nanogpt); small models with short runs are noisier."
)


def yardstick(frames: Frames, claims: Sequence[Claim]) -> Caveat:
    """Say how often two identical recipes would differ by more than what one seed shows."""
    spread = seed_spread(frames)
    if spread is None:
        return Caveat("yardstick", FOREIGN, "provenance")
    deviation, degrees, names = spread
    seen = max(abs(each.difference or 0.0) for each in claims)
    share = 2 * student_below(-seen / (deviation * math.sqrt(2)), degrees)
    many = len(claims)
    which = f", the largest of the {many} differences here," if many > 1 else ""
    # whatever the pairs have in common, one of them does so at most so often
    most = f", and one of {many} such pairs in up to {numbers.percent(min(1.0, many * share))}"
    text = (
        f"By the spread of seeds in {listed(names)} ({numbers.fixed(deviation, 4)} nats, "
        f"{degrees} degrees of freedom), two identical recipes with different seeds would "
        "differ by more than "
        f"{numbers.fixed(seen, numbers.DECIMALS_ALONE)}{which} in {numbers.percent(share)} of "
        f"cases{most if many > 1 else ''}."
    )
    return Caveat("yardstick", text, "provenance")


def seed_spread(frames: Frames) -> tuple[float, int, tuple[str, ...]] | None:
    """Return pooled standard deviation between seeds, its degrees, and the grids it is from.

    Read from the results that lie beside these, of the same preset, validation text and length;
    each recipe counts once with each seed, however many grids hold it. None below 5 degrees of
    freedom.
    """
    groups = [group for group in _recipes(frames) if len(group) > 1]
    samples = [np.array([loss for _, loss in group]) for group in groups]
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in samples)
    degrees = sum(len(each) - 1 for each in samples)
    if degrees < FEWEST_DEGREES or squares == 0:
        return None
    names = dict.fromkeys(name for group in groups for name, _ in group)
    return math.sqrt(squares / degrees), degrees, tuple(names)


def _recipes(frames: Frames) -> Iterable[Group]:
    """Losses of cells that differ in the seed alone, with the grid that each was found in first.

    A seed that was trained again, by other code, is no further seed; nor are losses of different
    code one group, since the code may have moved them.
    """
    groups: dict[tuple[str, str], Group] = {}
    seen: set[tuple[str, int]] = set()
    for manifest, cells in finished(frames.folder.parent, but=frames.folder):
        if not _is_alike(manifest, frames.manifest):
            continue
        recipes = {each.name: recipe_of(manifest, each.name) for each in manifest.variants}
        for variant, seed, loss in cells.select("variant", "seed", "loss").iter_rows():
            recipe = recipes[variant]
            if (recipe, seed) not in seen:
                seen.add((recipe, seed))
                groups.setdefault((recipe, manifest.code), []).append((manifest.name, loss))
    return groups.values()


def _is_alike(theirs: Manifest, ours: Manifest) -> bool:
    same_text = theirs.data.get("digest") == ours.data.get("digest")
    same_length = judged_length(theirs) == judged_length(ours)
    same_rule = theirs.preset == ours.preset and theirs.final == ours.final
    return same_rule and same_text and same_length
