import pytest

from reports.cellviews import cell_views, cells_title, seeds_text, unfinished_lines
from reports.frames import read_frames
from tests.results import results

LOSSES = {"rotary": [3.201, 3.198, None], "none": [3.255, None, 3.26]}
STATUSES = {"none/1": "failed", "none/2": "diverged"}


@pytest.fixture
def frames(tmp_path):
    return read_frames(results(tmp_path, LOSSES, status=STATUSES))


def test_the_heading_counts_every_status(frames):
    assert cells_title(frames) == "Cells: 3 done, 1 diverged, 1 failed, 0 pruned, 1 missing"


def test_a_done_cell_shows_its_loss(frames):
    view = cell_views(frames)["rotary/0"]
    assert (view.short, view.status) == ("3.201", "done")
    assert view.command == "python -m ablations.run grid=positions 'only=rotary/0'"


def test_a_diverged_cell_shows_where_and_why(frames):
    view = cell_views(frames)["none/2"]
    assert view.short == "× step 40"
    assert view.title == "no positions, seed 2: diverged at step 40 of 60"
    assert view.reason.startswith("Loss is NaN. It ran 40 steps")


def test_a_failed_cell_shows_its_log(frames):
    view = cell_views(frames)["none/1"]
    assert "Traceback" in view.log
    assert view.reason == "OSError: <disk> is full. The command tries it again."


def test_missing_cells_are_one_line_and_the_others_one_each(frames):
    assert unfinished_lines(frames) == (
        "! no positions, seed 1: failed: OSError: <disk> is full",
        "× no positions, seed 2: diverged at step 40 of 60: loss is NaN",
        f"? 1 missing: {frames.manifest.command}",
    )


def test_seeds_are_counted_in_words():
    assert seeds_text(["complete"] * 4 + ["diverged"]) == "4 of 5 done, 1 diverged"
    assert seeds_text(["complete", "failed", "missing"]) == "1 of 3 done, 1 failed, 1 missing"
