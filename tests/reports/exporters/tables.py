"""Grids whose tables are exported, and texts that mean to break a table."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from reports.frames import read_frames
from reports.material import Material
from reports.verdict import judge
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.203, 3.199, 3.212],
}
HOSTILE = {
    "rotary": [3.201, 3.198, 3.209],
    "[a|b] \\ 100 % & $x_1^2$ #{~}": [3.255, 3.247, 3.260],
    "*<b>`--`</b>*\n\n| 1. !": [3.203, 3.199, 3.212],
}
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
TEXTS |= st.text("\\{}$&#%_~^<>|`\"'[]*-,!?\n\r\t ±×−–\u202f⁻¹⁶ax1.:@+()", max_size=30)


def material(folder: Path, losses=LOSSES, **settings) -> Material:
    """What a page of these losses is made of."""
    return made_of(results(folder, losses, **settings))


def made_of(folder: Path) -> Material:
    """What a page of these results is made of."""
    frames = read_frames(folder)
    return Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC))
