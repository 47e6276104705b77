"""What stands below the heading of the variants table."""

from datetime import UTC, datetime

import pytest

from reports.frames import read_frames
from reports.material import Material
from reports.parts import variants
from reports.verdict import judge
from tests.results import results

APART = "A mean is that of the variant's own seeds, a difference that of the seeds of both."


def note(folder, losses, **more):
    frames = read_frames(results(folder, losses, **more))
    return variants(Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC))).note


@pytest.mark.parametrize(("lost", "is_told"), [({}, False), ({"none/2": "failed"}, True)])
def test_means_and_differences_of_unlike_seeds_are_told_apart(tmp_path, lost, is_told):
    losses = {"rotary": [3.20, 3.21, 3.19], "none": [3.25, 3.26, 3.24]}
    assert note(tmp_path, losses, status=lost).endswith(APART) is is_told


def test_a_variant_without_any_seed_changes_nothing(tmp_path):
    losses = {"rotary": [3.20, 3.21], "none": [3.25, 3.26], "x": [3.2, 3.2]}
    lost = {"x/0": "failed", "x/1": "failed"}
    assert not note(tmp_path, losses, status=lost).endswith(APART)
