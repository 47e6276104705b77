"""What the cost section says of trainings that chose settings and judge nothing."""

import pytest

from reports.frames import read_frames
from reports.spending import choosing
from tests.chosen import search, usual_tuning
from tests.reference import written
from tests.results import results

LOSSES = {"baseline": [3.2, 3.21, 3.19], "best": [3.25, 3.26, 3.24]}


def said(tmp_path, **blocks):
    return choosing(read_frames(results(tmp_path, LOSSES, blocks=blocks)).manifest)


def test_a_tuning_is_counted_apart(tmp_path):
    assert said(tmp_path, tuning=usual_tuning("baseline", "best")) == written(
        "Not in these numbers: 12 cells of the tuning, which took 1.6_min of training."
    )


def test_trials_that_were_pruned_are_counted_beside_those_that_ended(tmp_path):
    block = search(4, statuses={1: "pruned", 2: "pruned"})
    assert said(tmp_path, search=block) == written(
        "Not in these numbers: 2 cells of the search that were trained to their end, "
        "which took 25_s of training, and 2 pruned trials."
    )


@pytest.mark.parametrize("spent", [None, {"cells": 0, "seconds": 0}])
def test_older_results_and_a_tuning_that_has_not_begun_say_nothing(tmp_path, spent):
    block = usual_tuning("baseline", "best") | {"spent": spent}
    assert said(tmp_path, tuning=block) == ""


def test_seconds_that_nobody_noted_are_not_told(tmp_path):
    block = usual_tuning("baseline", "best") | {"spent": {"cells": 1, "seconds": None}}
    assert said(tmp_path, tuning=block) == "Not in these numbers: 1 cell of the tuning."
