"""The finished cells of other grids under the same folder of results."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from reports.errors import UserError
from reports.manifest import Manifest, read_manifest


def finished(results: Path, but: Path | None = None) -> Iterator[tuple[Manifest, pl.DataFrame]]:
    """Yield each grid with its complete cells of finite loss, by name.

    What cannot be read is passed over: its own report says what is wrong with it.

    Args:
        results: folder of results.
        but: one of them that is left out.
    """
    for path in sorted(results.glob("*/manifest.json")):
        if path.parent == but:
            continue
        try:
            manifest = read_manifest(path)
            cells = pl.read_parquet(path.with_name("cells.parquet"))
        except (UserError, OSError, pl.exceptions.PolarsError):
            continue
        yield manifest, cells.filter((pl.col("status") == "complete") & pl.col("loss").is_finite())


def recipe(manifest: Manifest, variant: str) -> str:
    """Return all settings of a variant: what it is, whatever a grid calls it."""
    return json.dumps(dict(manifest.variant(variant).settings), sort_keys=True)
