"""Whether one seed carries a verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reports.claims import Caveat, Claim
from reports.contrasts import Contrast
from reports.estimates import Interval
from reports.intervals import Method, intervals
from reports.manifest import Manifest
from reports.numbers import difference_of
from reports.wording import listed

FEWEST_PAIRS = 4  # below it, three pairs without one resolve almost nothing whatever they are


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
    seeds = sorted({seed for each in contrasts for seed in each.seeds})
    found = {
        seed: intervals([without(each, seed) for each in contrasts], manifest) for seed in seeds
    }
    for claim in claims:
        if claim.interval == "always-valid" or claim.pairs < FEWEST_PAIRS:
            continue
        if claim.verdict not in {"better", "worse"}:
            continue
        carrying = [
            seed for seed in claim.seeds if not _agrees(found[seed].get((claim.a, claim.b)), claim)
        ]
        if carrying:
            pair = difference_of(manifest.label(claim.a), manifest.label(claim.b))
            named = listed([str(each) for each in carrying], limit=5)
            which = f"seed {named}" if len(carrying) == 1 else f"any one of seeds {named}"
            text = f"Without {which}, {pair} would not be resolved."
            yield Caveat("leave_one_out", text, "seeds")


def _agrees(found: tuple[Interval, Method] | None, claim: Claim) -> bool:
    """Whether the rest resolves the same way; a rest without variance speaks against no seed."""
    if found is None:
        return True
    return found[0].high < 0 if claim.verdict == "better" else found[0].low > 0
