"""Loss by position in the context: read, cut to what every cell has, in blocks of neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reports.drawings.drawing import Drawing, Mark
from reports.drawings.profile import Axis, Difference, Level, levels, profile
from reports.estimates import student
from reports.frames import Frames
from reports.judged import has_answers, judged_length, judging, loss_name
from reports.numbers import count
from reports.readings import trained_length
from reports.switches import Shown, Switch

Array = NDArray[np.float64]
# A profile of a long context is drawn as so many means of neighbouring positions.
MOST_POSITIONS = 128
FEWEST_SEEDS = 2
TITLE = "Loss by token position"


@dataclass(frozen=True)
class Profiles:
    """Final profiles of the finished cells, all of the same length.

    Fields:
        found: variant -> seed -> mean loss of each block of positions [blocks].
        positions: middle of each block, in tokens from 1 [blocks].
        block: positions in a block; the last one may have fewer.
        known: positions that every cell has a loss for, from the first on.
        context: positions that there are.
    """

    found: Mapping[str, Mapping[int, Array]]
    positions: Array
    block: int
    known: int
    context: int

    @property
    def note(self) -> str:
        """Say what is left out; empty if nothing is."""
        if self.known == self.context:
            return ""
        return (
            f" Positions {count(self.known + 1)} to {count(self.context)} are left out: "
            "no validation document reaches them."
        )


def profiles(frames: Frames) -> Profiles:
    """Read the final profile of every finished cell.

    They are cut at the first position that is unknown in any of them: where no validation
    document reaches there is no loss.
    """
    rows = _final_rows(frames)
    context = max((len(each) for each in rows.values()), default=0)
    known = min((_known(each) for each in rows.values()), default=0)
    block = max(1, -(-known // MOST_POSITIONS))
    firsts = np.arange(0, known, block)
    sizes = np.diff([*firsts, known])
    found: dict[str, dict[int, Array]] = {}
    for cell in frames.manifest.cells:
        if cell.cell in rows and known:
            means = np.add.reduceat(rows[cell.cell][:known], firsts) / sizes
            found.setdefault(cell.variant, {})[cell.seed] = means
    return Profiles(found, firsts + (sizes + 1) / 2, block, known, context)


def profile_section(frames: Frames, marks: Sequence[Mark]) -> Drawing:
    """Draw the loss by token position as a difference to the baseline."""
    manifest, read = frames.manifest, profiles(frames)
    base = read.found.get(manifest.baseline, {})
    if not base or has_answers(manifest):
        why = _why_none(frames, read, "a finished cell of the baseline")
        return Drawing(TITLE, "", problem=why)
    lines = []
    for variant, mark in zip(manifest.variants, marks, strict=True):
        own = read.found.get(variant.name, {})
        pairs = [own[seed] - base[seed] for seed in own if seed in base]
        if variant.name != manifest.baseline and pairs:
            lines.append(Difference(mark, *_over_seeds(np.array(pairs))))
    if not lines:
        return Drawing(TITLE, "", problem="No variant shares a finished seed with the baseline.")
    reference = next(mark for mark in marks if mark.slot == 0)
    return profile(_axis(frames, read), lines, reference)


def level_section(frames: Frames, marks: Sequence[Mark]) -> Drawing:
    """Draw the loss by token position as it is, of every variant that has one."""
    read = profiles(frames)
    if not read.found or has_answers(frames.manifest):
        return Drawing(TITLE, "", problem=_why_none(frames, read, "a finished cell"))
    lines = [
        Level(mark, *_over_seeds(np.array(list(read.found[variant.name].values()))))
        for variant, mark in zip(frames.manifest.variants, marks, strict=True)
        if variant.name in read.found
    ]
    return levels(_axis(frames, read), lines)


def profile_switch(frames: Frames, marks: Sequence[Mark]) -> Switch:
    """Let the reader choose between the differences and the losses."""
    difference = Shown("profile", "difference to the baseline", profile_section(frames, marks))
    level = Shown("profile-absolute", "absolute", level_section(frames, marks))
    return Switch("profile-as", "Loss as", (difference, level))


def profile_json(frames: Frames) -> dict[str, Any] | None:
    """Return the mean profile of every variant with half-widths over seeds, for machines."""
    read = profiles(frames)
    if not read.found:
        return None
    return {
        "x": read.positions.tolist(),
        "context": read.context,
        "window": frames.manifest.training.get("window"),
        "v": [_mean_profile(read.found.get(each.name, {})) for each in frames.manifest.variants],
    }


def _why_none(frames: Frames, read: Profiles, whose: str) -> str:
    if has_answers(frames.manifest):
        return "Only the answers of a synthetic task have a loss, and they stand at few positions."
    if read.context and not read.known:
        return "No validation document reaches the first position of every cell."
    return f"evaluations.parquet has no profile of {whose}."


def _axis(frames: Frames, read: Profiles) -> Axis:
    manifest = frames.manifest
    window = int(manifest.training.get("window") or manifest.training["context"])
    trained = judged_length(manifest) and (trained_length(manifest) or read.context)
    return Axis(read.positions, read.block, window, read.note, trained, loss_name(manifest))


def _final_rows(frames: Frames) -> dict[str, Array]:
    """Finished cell -> its last profile [positions], NaN where it has no loss."""
    name = str(judging(frames.manifest)["name"])
    rows = frames.evaluations.filter(
        (pl.col("evaluation") == name) & pl.col("profile").is_not_null()
    )
    done = {each.cell for each in frames.manifest.cells if each.status == "complete"}
    last = {row["cell"]: row["profile"] for row in rows.sort("step").iter_rows(named=True)}
    return {
        cell: np.array(values, dtype=np.float64)
        for cell, values in last.items()
        if values and cell in done
    }


def _known(values: Array) -> int:
    unknown = np.flatnonzero(~np.isfinite(values))
    return int(unknown[0]) if len(unknown) else len(values)


def _over_seeds(values: Array) -> tuple[Array, Array | None]:
    """Return mean and half-width of its 95 % interval; no half-width below two seeds."""
    half = None
    if len(values) >= FEWEST_SEEDS:
        scatter = np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
        half = student(0.975, len(values) - 1) * scatter
    return values.mean(axis=0), half


def _mean_profile(own: Mapping[int, Array]) -> dict[str, Any]:
    if not own:
        return {"mean": None, "half_width": None}
    mean, half = _over_seeds(np.array(list(own.values())))
    return {"mean": mean.tolist(), "half_width": None if half is None else half.tolist()}
