"""Results of a grid that is a full product of its axes."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from tests.results import edit_manifest, results

Losses = Mapping[tuple[str, ...], Sequence[float | None]]
AXES = {"positions": ("rotary", "none"), "model.heads": ("4", "1")}


def products(
    folder: Path,
    losses: Losses,
    axes: Mapping[str, Sequence[str]] | None = None,
    **options: Any,
) -> Path:
    """Write the results of a product; the first level of each axis is the baseline's.

    Args:
        folder: where `results/` is put.
        losses: levels -> final loss of every seed.
        axes: setting -> levels; two by two unless said.
        options: those of `results`; statuses by the name of a variant, `none, heads=1`.
    """
    axes = axes or AXES
    points = [point for point in product(*axes.values()) if point in losses]
    first = points[0]
    names = [_name(axes, point, first) for point in points]
    labels = [_label(axes, point, first) for point in points]
    rows = {name: losses[point] for name, point in zip(names, points, strict=True)}
    into = results(folder, rows, labels=dict(zip(names, labels, strict=True)), **options)
    variants = [
        {
            "name": name,
            "label": label,
            "differs": {
                key: level
                for key, level, ours in zip(axes, point, first, strict=True)
                if level != ours
            },
            "settings": dict(zip(axes, point, strict=True)),
            "parameters": 120_000,
            "flops_per_token": 7.2e5,
        }
        for name, label, point in zip(names, labels, points, strict=True)
    ]
    edit_manifest(into, variants=variants)
    return into


def _name(axes: Mapping[str, Sequence[str]], point: Sequence[str], first: Sequence[str]) -> str:
    parts = [
        f"{key.rpartition('.')[2]}={level}" if "." in key else level
        for key, level, ours in zip(axes, point, first, strict=True)
        if level != ours or point == first
    ]
    return ", ".join(parts)


def _label(axes: Mapping[str, Sequence[str]], point: Sequence[str], first: Sequence[str]) -> str:
    parts = [
        f"{key.rpartition('.')[2]} = {level}"
        if "." in key
        else (f"no {key}" if level == "none" else level)
        for key, level, ours in zip(axes, point, first, strict=True)
        if level != ours or point == first
    ]
    return ", ".join(parts)
