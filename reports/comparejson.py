"""results/compare-A-B.json: what the page of several grids says, for machines."""

from collections.abc import Mapping
from typing import Any

from reports.carrying import Carried, Carry, Pair
from reports.claims import Claim
from reports.comparison import Comparison
from reports.provenance import digest, package_version
from reports.sides import Shared, Side

SCHEMA = "ablations.compare/1"


def document(comparison: Comparison) -> dict[str, Any]:
    """Return everything that the page says; readers refuse an unknown major of the schema."""
    return {
        "schema": SCHEMA,
        "title": " and ".join(each.name for each in comparison.sides),
        "built": comparison.built.isoformat(timespec="seconds"),
        "text": comparison.text,
        "is_pooled": comparison.is_pooled,
        "agreement": [
            {"differs": each.name, "agrees": each.agrees, "shown": list(each.shown)}
            for each in comparison.facts
        ],
        "caveats": [vars(each) for each in comparison.caveats],
        "grids": [
            _grid(side, name) for side, name in zip(comparison.sides, comparison.names, strict=True)
        ],
        "variants": _variants(comparison),
        "scales": [_carry(comparison, each) for each in comparison.carried],
        "version": package_version(),
    }


def _grid(side: Side, name: str) -> Mapping[str, Any]:
    manifest = side.manifest
    return {
        "name": side.name,
        "label": name,
        "grid": manifest.grid,
        "preset": manifest.preset,
        "question": manifest.question,
        "state": manifest.state,
        "baseline": manifest.baseline,
        "verdict": {"kind": side.verdict.kind, "text": side.verdict.text},
        "command": manifest.command,
        "manifest_digest": digest(side.frames.folder / "manifest.json"),
    }


def _variants(comparison: Comparison) -> list[Mapping[str, Any]]:
    """Return every variant with its colour and its grids; by name where nothing is pooled."""
    every = comparison.joined or tuple(
        Shared(name, {p: name for p, side in enumerate(comparison.sides) if name in side.summaries})
        for name in comparison.marks
    )
    return [
        {
            "id": shared.name,
            "label": comparison.marks[shared.name].label,
            "slot": comparison.marks[shared.name].slot,
            "marker": comparison.marks[shared.name].marker,
            "members": [_member(comparison.sides[p], name) for p, name in shared.members.items()],
        }
        for shared in every
    ]


def _member(side: Side, name: str) -> Mapping[str, Any]:
    wide, claim = side.summaries[name].wide, side.claims.get(name)
    return {
        "grid": side.name,
        "variant": name,
        "parameters": side.manifest.variant(name).parameters,
        "loss": None if wide is None else vars(wide),
        "difference": None if claim is None else _claim(claim),
    }


def _claim(claim: Claim) -> Mapping[str, Any]:
    keys = ("verdict", "difference", "low", "high", "level", "pairs", "margin")
    return {key: getattr(claim, key) for key in keys}


def _carry(comparison: Comparison, carry: Carry) -> Mapping[str, Any]:
    return {
        "small": comparison.sides[carry.small].name,
        "large": comparison.sides[carry.large].name,
        "contrasts": [_contrast(each) for each in carry.contrasts],
        "pairs": [_pair(each) for each in carry.pairs],
        "left_out": carry.left_out,
        "decision_accuracy": carry.accuracy,
        "resolved_at_both": len(carry.resolved_at(2)),
        "resolved_at_one": len(carry.resolved_at(1)),
        "resolved_at_none": len(carry.resolved_at(0)),
    }


def _contrast(each: Carried) -> Mapping[str, Any]:
    return {
        "variant": each.variant,
        "state": each.state,
        "small": _claim(each.small),
        "large": _claim(each.large),
    }


def _pair(each: Pair) -> Mapping[str, Any]:
    return {
        "a": each.a,
        "b": each.b,
        "small": {"difference": each.small, "verdict": each.words[0]},
        "large": {"difference": each.large, "verdict": each.words[1]},
        "keeps_order": each.keeps_order,
        "flips": each.flips,
    }
