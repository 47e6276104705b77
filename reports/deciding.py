"""Which verdict a contrast with its interval has."""

from reports.claims import Word
from reports.contrasts import Contrast
from reports.estimates import Interval
from reports.intervals import FEWEST_PAIRS
from reports.manifest import Manifest


def word_of(contrast: Contrast, interval: Interval | None, manifest: Manifest) -> Word:
    """Return the first word that applies, divergence before every difference.

    Args:
        contrast: two variants on the seeds that both finished.
        interval: of their difference; None where there is none.
        manifest: its margin, and whether the sweep is finished.
    """
    if contrast.diverged:
        return "diverged"
    if contrast.is_identical:
        return "identical"
    if contrast.pairs < FEWEST_PAIRS:
        return "one_seed"
    if interval is None or manifest.state == "partial":
        return "unresolved"
    return _by_interval(interval, manifest.margin)


def _by_interval(interval: Interval, margin: float | None) -> Word:
    if interval.high < 0:
        return "better"
    if interval.low > 0:
        return "worse"
    if margin is not None and -margin < interval.low and interval.high < margin:
        return "equivalent"
    return "unresolved"
