"""Results of one grid at several presets, and of grids that share cells, for comparisons."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from reports.compare import page
from reports.comparison import Comparison
from reports.frames import read_frames
from reports.sides import Side
from reports.verdict import judge
from tests.results import edit_manifest, results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
SMALL = {
    "rotary": [3.201, 3.198, 3.209, 3.204, 3.200],
    "none": [3.255, 3.247, 3.260, 3.256, 3.251],
    "linspace": [3.215, 3.190, 3.220, 3.196, 3.206],
}
LARGE = {
    "rotary": [2.801, 2.798, 2.809, 2.804, 2.800],
    "none": [2.845, 2.837, 2.850, 2.846, 2.841],
    "linspace": [2.831, 2.829, 2.839, 2.835, 2.830],
}


def at_preset(
    folder: Path,
    losses: Mapping[str, Sequence[float | None]],
    preset: str = "pythia-14m",
    *,
    factor: int = 50,
    grid: str = "positions",
    **given: Any,
) -> Path:
    """Write `folder/results/GRID@PRESET`: other fingerprints, `factor` times the parameters."""
    path = results(folder, losses, name=f"{grid}@{preset}", **given)
    manifest = read(path)
    for variant in manifest["variants"]:
        variant["parameters"] *= factor
    for cell in manifest["cells"]:
        cell["fingerprint"] = other(cell["fingerprint"], preset)
    edit_manifest(path, **manifest | {"preset": preset, "grid": grid})
    return path


def read(path: Path) -> dict[str, Any]:
    """Return the manifest of a results folder."""
    manifest: dict[str, Any] = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def other(fingerprint: str, why: str) -> str:
    """Return the fingerprint of a cell that differs in `why`."""
    return blake2b(f"{fingerprint}{why}".encode(), digest_size=10).hexdigest()


def refingerprint(path: Path, *variants: str) -> None:
    """Let the cells of these variants be others, as after a change of code."""
    cells = read(path)["cells"]
    for cell in cells:
        if cell["variant"] in variants:
            cell["fingerprint"] = other(cell["fingerprint"], "code")
    edit_manifest(path, cells=cells)


def compared(*folders: Path, built: datetime = BUILT) -> Comparison:
    """Compare results folders."""
    frames = [read_frames(each) for each in folders]
    return Comparison(tuple(Side(each, judge(each)) for each in frames), built)


def write_comparison(*folders: Path) -> Path:
    """Write the page of a comparison beside the folders."""
    path = folders[0].with_name("compared.html")
    path.write_text(page(compared(*folders)), encoding="utf-8")
    return path
