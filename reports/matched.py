"""What was made equal for all variants by solving one option, and by how much it still differs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reports.choices import QUANTITIES, Match, setting_of
from reports.drawings.drawing import Mark
from reports.manifest import Manifest, Variant
from reports.marks import Look
from reports.numbers import MINUS, THIN, count
from reports.provenance import written

FINEST = 0.01
"""Percent, below which no digits are written."""


@dataclass(frozen=True)
class Row:
    """A variant: the value that was found for it, the quantity, its distance to the baseline."""

    label: str
    look: Look
    is_baseline: bool
    value: str
    quantity: str
    difference: str


@dataclass(frozen=True)
class Section:
    """A paragraph and a table below that of the variants."""

    sentence: str
    key: str
    quantity: str
    rows: tuple[Row, ...]


def section(manifest: Manifest, marks: Sequence[Mark]) -> Section | None:
    """Say what was matched; None where nothing was."""
    match = manifest.match
    if match is None:
        return None
    rows = tuple(
        _row(manifest, match, variant, mark)
        for variant, mark in zip(manifest.variants, marks, strict=True)
    )
    return Section(_sentence(manifest, match), match.key, QUANTITIES[match.quantity], rows)


def as_json(match: Match | None) -> dict[str, Any] | None:
    """Return what was matched as plain values; None where nothing was."""
    return None if match is None else asdict(match)


def _sentence(manifest: Manifest, match: Match) -> str:
    baseline = manifest.label(manifest.baseline)
    return (
        f"Made equal: all variants have as many {QUANTITIES[match.quantity]} as {baseline}, by "
        f"solving {match.key} for each; {100 * match.tolerance:g}{THIN}% more or fewer was allowed."
    )


def _row(manifest: Manifest, match: Match, variant: Variant, mark: Mark) -> Row:
    ours = _quantity(manifest.variant(manifest.baseline), match)
    theirs = _quantity(variant, match)
    is_baseline = variant.name == manifest.baseline
    value = match.solved.get(variant.name, setting_of(variant.settings, match.key))
    return Row(
        variant.label,
        Look(mark),
        is_baseline,
        written(value),
        "–" if theirs is None else count(round(theirs)),
        "" if is_baseline else _difference(theirs, ours),
    )


def _quantity(variant: Variant, match: Match) -> float | None:
    return variant.parameters if match.quantity == "parameters" else variant.flops_per_token


def _difference(theirs: float | None, ours: float | None) -> str:
    """Write a relative difference in hundredths of a percent, with its sign."""
    if theirs is None or not ours:
        return "–"
    share = 100 * (theirs / ours - 1)
    if share == 0:
        return "equal"
    if abs(share) < FINEST:
        return f"<{THIN}{FINEST}{THIN}% {'more' if share > 0 else 'fewer'}"
    return f"{'+' if share > 0 else MINUS}{abs(share):.2f}{THIN}%"
