"""Which cells stand in the page at every step, and which in buckets of steps: chosen by bytes."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports.encode import in_buckets, in_quanta, packed, rounded, shuffled
from reports.material import Material
from reports.misleadviews import open_contrasts
from reports.pictures import Picture

Array = NDArray[np.float64]

PAGE = 6_000_000
"""Bytes of a page."""

SMALL_PAGE = 2_500_000
"""Bytes of a page of at most SMALL_CELLS cells of SMALL_STEPS steps."""

SMALL_CELLS, SMALL_STEPS = 15, 5000

NO_LIMIT = sys.maxsize
COARSEST = 2**12
PROBED = 6
"""Cells from which the bytes of all are estimated, so that hopeless buckets are not packed."""

CERTAIN = 1.3
"""An estimate that is so many times too large is believed."""


@dataclass(frozen=True)
class Stored:
    """The curves as they stand in the page.

    Fields:
        buckets: of each cell, the steps of one stored point; 1 is every step.
        text: all curves, packed.
        shape: cells, steps.
    """

    buckets: tuple[int, ...]
    text: str
    shape: tuple[int, int]

    @property
    def size(self) -> int:
        """Steps of the widest bucket; 1 where every step of every cell is there."""
        return max(self.buckets, default=1)


def most_bytes(cells: int, steps: int) -> int:
    """Return how many bytes a page may have."""
    return SMALL_PAGE if cells <= SMALL_CELLS and steps <= SMALL_STEPS else PAGE


def store(losses: Array, whole: Sequence[bool], room: int) -> Stored:
    """Pack all curves in the smallest buckets, a power of two, that take at most `room` bytes.

    Args:
        losses: [cells, steps]; NaN where there is none.
        whole: of each cell, whether it stays at every step if not all can.
        room: bytes. Where even the widest bucket takes more, that is what is returned.
    """
    every, size = rounded(losses), 1
    found = _stored(every, whole, size, room)
    while found is None:
        size *= 2
        last = all(whole) or size >= min(COARSEST, max(2, losses.shape[1]))
        found = _stored(every, whole, size, NO_LIMIT if last else room)
    return found


def store_most(losses: Array, kept: Sequence[Sequence[bool]], room: int) -> Stored:
    """Pack with the first of `kept` that leaves the curves at most `room` bytes, or with the last.

    Args:
        losses: [cells, steps]; NaN where there is none.
        kept: from the most to the fewest cells that stay at every step; see `store`.
        room: bytes.
    """
    *more, fewest = kept
    for whole in more:
        found = store(losses, whole, room)
        if len(found.text) <= room:
            return found
    return store(losses, fewest, room)


def kept_whole(material: Material) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Say of each cell whether it should stay at every step, and whether it must.

    The misleading views that the page shows or opens need every step of their cells; the variants
    that have a colour should have theirs as well, where there is room.
    """
    manifest = material.frames.manifest
    named = {
        variant.name
        for variant, mark in zip(manifest.variants, material.marks, strict=True)
        if mark.slot is not None
    }
    seen = {(name, each.seed) for each in _views(material) for name in each.variants}
    must = tuple((cell.variant, cell.seed) in seen for cell in manifest.cells)
    pairs = zip(manifest.cells, must, strict=True)
    return tuple(cell.variant in named or needed for cell, needed in pairs), must


def steps_file(material: Material) -> str:
    """Name the file that has every step of every cell, as seen from where the page lies."""
    return f"{material.frames.folder.name}/steps.parquet"


def curves_block(stored: Stored, place: str) -> dict[str, Any]:
    """Return what the page's script must know to read the curves.

    Args:
        stored: the curves.
        place: of the file that has every step of every cell.
    """
    return {
        "tier": "every step" if stored.size == 1 else "buckets",
        "buckets": list(stored.buckets),
        "shape": list(stored.shape),
        "file": place,
    }


def resolution(stored: Stored, place: str) -> str:
    """Say in one or two sentences which steps are in the page."""
    elsewhere = f"All steps are always in {place}."
    if stored.size == 1:
        return f"Every step of every cell is in this page, to 1/4096 of a nat. {elsewhere}"
    many, cells = stored.buckets.count(1), len(stored.buckets)
    whole = (
        f"{many} of {cells} cells are in this page at every step, those of the misleading views "
        "and, where there is room, of the variants that begin in colour"
    )
    if many == 0:
        whole = "No cell is in this page at every step"
    return (
        f"{whole}; all others in buckets of {stored.size:,} steps with their lowest, mean and "
        f"highest loss, where smoothing runs on the means. To 1/4096 of a nat. {elsewhere} "
        "The page was kept below its size; --full builds it with every step."
    )


def _views(material: Material) -> Iterator[Picture]:
    found = material.misleading
    if found.pictures is not None:
        yield from (found.pictures.good, found.pictures.bad)
    if not found.problem:
        shown = open_contrasts(material.frames.manifest, found)
        yield from (each.worst for each in shown if each.worst is not None)


def _stored(
    every: NDArray[np.float32], whole: Sequence[bool], size: int, room: int
) -> Stored | None:
    """Pack with one bucket size; None where that takes more than `room`."""
    cells, steps = every.shape
    sizes = tuple(1 if keep else size for keep in whole)
    if room < NO_LIMIT and _estimate(every, sizes) > CERTAIN * room:
        return None
    text = packed(shuffled(in_quanta(_flat(every, sizes))))
    return Stored(sizes, text, (cells, steps)) if len(text) <= room else None


def _flat(every: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.float32]:
    rows = [
        row if size == 1 else in_buckets(row, size) for row, size in zip(every, sizes, strict=True)
    ]
    return np.concatenate([each.ravel() for each in rows]) if rows else np.empty(0, np.float32)


def _estimate(every: NDArray[np.float32], sizes: Sequence[int]) -> float:
    """Bytes that all cells take, from a few of each size; cells hardly compress each other."""
    total = 0.0
    for size in set(sizes):
        cells = [place for place, each in enumerate(sizes) if each == size]
        probed = [
            cells[round(at)] for at in np.linspace(0, len(cells) - 1, min(PROBED, len(cells)))
        ]
        text = packed(shuffled(in_quanta(_flat(every[probed], [size] * len(probed)))))
        total += len(text) * len(cells) / len(probed)
    return total
