"""The axes of a grid that is a full product of at least two, read off what its variants change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.manifest import Manifest, Variant

FEWEST_AXES = 2


@dataclass(frozen=True)
class Axis:
    """One thing that the variants of a grid differ in.

    Fields:
        name: for people; two settings that always change together are one axis.
        levels: for people, the baseline's first.
        codes: level of every variant, in the order of the grid.
    """

    name: str
    levels: tuple[str, ...]
    codes: tuple[int, ...]


def axes_of(manifest: Manifest) -> tuple[Axis, ...]:
    """Return the axes; none unless every combination of their levels is one variant.

    They are in the order of a product: the last one changes from a variant to the next.
    """
    columns = _columns(manifest)
    groups = _together(columns)
    if len(groups) < FEWEST_AXES:
        return ()
    found = tuple(_axis(manifest, keys, columns[keys[0]]) for keys in groups)
    points = {*zip(*(axis.codes for axis in found), strict=True)}
    product = 1
    for axis in found:
        product *= len(axis.levels)
    is_full = product == len(points) == len(manifest.variants)
    return tuple(sorted(found, key=_first_change, reverse=True)) if is_full else ()


def _columns(manifest: Manifest) -> Mapping[str, tuple[int, ...]]:
    """Setting -> level of every variant, 0 where it is the baseline's."""
    keys = dict.fromkeys(key for each in manifest.variants for key in each.differs)
    return {key: _codes([_given(each, key) for each in manifest.variants]) for key in keys}


def _given(variant: Variant, key: str) -> tuple[Any, ...]:
    return (variant.differs[key],) if key in variant.differs else ()


def _codes(values: Sequence[tuple[Any, ...]]) -> tuple[int, ...]:
    levels: list[tuple[Any, ...]] = [()]
    for value in values:
        if value not in levels:
            levels.append(value)
    return tuple(levels.index(value) for value in values)


def _together(columns: Mapping[str, tuple[int, ...]]) -> Sequence[tuple[str, ...]]:
    """Settings that distinguish the same variants, as one group."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for key, codes in columns.items():
        groups.setdefault(codes, []).append(key)
    return [tuple(keys) for keys in groups.values()]


def _axis(manifest: Manifest, keys: tuple[str, ...], codes: tuple[int, ...]) -> Axis:
    levels = [_baseline_level(manifest, keys)]
    for code in range(1, max(codes) + 1):
        changed = [
            each
            for each, own in zip(manifest.variants, codes, strict=True)
            if own == code and {*each.differs} == {*keys}
        ]
        first = manifest.variants[codes.index(code)]
        alone = changed[0].label if changed else ", ".join(str(first.differs[k]) for k in keys)
        levels.append(alone)
    return Axis(" and ".join(_word(key) for key in keys), tuple(levels), codes)


def _baseline_level(manifest: Manifest, keys: Sequence[str]) -> str:
    settings = manifest.variant(manifest.baseline).settings
    return ", ".join(_level(key, settings.get(key)) for key in keys)


def _level(key: str, value: Any) -> str:
    """Write a level as labels do: `rotary`, `no memory`, `heads = 4`."""
    if "." in key:
        return f"{_word(key)} = {value}"
    return f"no {key}" if value == "none" else str(value)


def _word(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ")


def _first_change(axis: Axis) -> int:
    return next(place for place, code in enumerate(axis.codes) if code)
