"""The details of every claim: second opinions by other rules, for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reports.contrasts import Contrast
from reports.estimates import ALPHA
from reports.intervals import FEWEST_PAIRS
from reports.manifest import Manifest
from reports.moderation import Moderated, moderated
from reports.opinions import (
    Fisher,
    PairedT,
    SignFlip,
    Tost,
    e_value,
    fisher,
    joined,
    paired_t,
    sign_flips,
    tost,
)
from reports.others import DocumentNoise

T = TypeVar("T")
Pair = tuple[str, str]


@dataclass(frozen=True)
class Evidence:
    """An e-value, and the threshold for all comparisons at once, at any number of seeds."""

    value: float
    threshold: float


@dataclass(frozen=True)
class Details:
    """What other rules say about a contrast. None of them is a verdict.

    Fields:
        paired_t: without any correction.
        tost: of equivalence within the margin.
        sign_flip: adjusted for all comparisons; None above 12 seeds.
        moderated_t: with a variance that borrows from the other contrasts, without correction.
        e_value: evidence that holds whenever one looks.
        divergence: how often the two diverged; None where neither did.
        documents: the noise of seeds and of documents; None where documents do not pair.
    """

    paired_t: PairedT | None
    tost: Tost | None
    sign_flip: SignFlip | None
    moderated_t: Moderated | None
    e_value: Evidence | None
    divergence: Fisher | None
    documents: DocumentNoise | None


def details_of(
    manifest: Manifest,
    contrasts: Sequence[Contrast],
    documents: Mapping[Pair, DocumentNoise | None],
) -> Mapping[Pair, Details]:
    """Return (a, b) -> what other rules say; those that need a variance need two pairs that vary.

    Args:
        manifest: of the grid.
        contrasts: the family.
        documents: (a, b) -> the noise of seeds and of documents.
    """
    usable = [each for each in contrasts if _has_variance(each)]
    flips = _by_pair(usable, _sign_flips(usable))
    borrowed = _by_pair(usable, moderated([each.differences for each in usable]) if usable else ())
    margin = manifest.margin
    found = {}
    for each in contrasts:
        pair, has_variance = (each.a, each.b), _has_variance(each)
        found[pair] = Details(
            paired_t(each.differences) if has_variance else None,
            tost(each.differences, margin) if has_variance and margin is not None else None,
            flips.get(pair),
            borrowed.get(pair),
            Evidence(e_value(each.differences), len(contrasts) / ALPHA) if has_variance else None,
            _divergence(manifest, each),
            documents.get(pair),
        )
    return found


def _by_pair(contrasts: Sequence[Contrast], values: Sequence[T]) -> Mapping[Pair, T]:
    pairs = [(each.a, each.b) for each in contrasts]
    return dict(zip(pairs, values, strict=True)) if values else {}


def _has_variance(each: Contrast) -> bool:
    return each.pairs >= FEWEST_PAIRS and not each.is_identical and not each.has_no_variance


def _sign_flips(usable: Sequence[Contrast]) -> Sequence[SignFlip]:
    if not usable:
        return ()
    table = joined([each.differences for each in usable], [each.seeds for each in usable])
    return sign_flips(table) or ()


def _divergence(manifest: Manifest, contrast: Contrast) -> Fisher | None:
    ends = [_ends(manifest, name) for name in (contrast.a, contrast.b)]
    return fisher(*ends) if any(diverged for diverged, _ in ends) else None


def _ends(manifest: Manifest, name: str) -> tuple[int, int]:
    statuses = [each.status for each in manifest.cells if each.variant == name]
    return statuses.count("diverged"), statuses.count("complete")
