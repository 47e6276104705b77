"""The blocks of a manifest about what was chosen before anything was judged."""

import pytest

from ablations.search import Search as Asked
from ablations.searched import search_block
from ablations.space import Range, Values
from ablations.trials import Trial as Recorded
from ablations.tune import Tried as Point
from ablations.tune import Tune, choose, tuning_block
from reports.choices import is_same, read_search, read_tuning, setting_of
from reports.errors import UserError
from reports.frames import read_frames
from tests.chosen import RATE, search, usual_tuning
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.2, 3.21], "none": [3.25, 3.27]}
MATCH = {"quantity": "flops", "key": "mlp.width", "tolerance": 0.02, "solved": {"none": 171}}
AXES = (Values(RATE, (0.001, 0.003)), Range("model.layers", 2, 8))


def manifest(folder, **blocks):
    return read_frames(results(folder, LOSSES, blocks=blocks)).manifest


def test_an_older_manifest_has_none_of_them(tmp_path):
    found = manifest(tmp_path)
    assert (found.tuning, found.search, found.match) == (None, None, None)


def test_null_is_none(tmp_path):
    found = manifest(tmp_path, tuning=None, search=None, match=None)
    assert (found.tuning, found.search, found.match) == (None, None, None)


def test_all_are_read_whole(tmp_path):
    found = manifest(tmp_path, tuning=usual_tuning("rotary", "none"), search=search(3), match=MATCH)
    assert found.tuning.seeds == (1000, 1001)
    assert found.tuning.variants["none"].chosen == {RATE: 0.003}
    assert found.tuning.variants["none"].trials[2].losses == (3.4, None)
    assert found.search.best_trial.values == (min(each.loss for each in found.search.trials),)
    assert found.match.solved == {"none": 171}


def test_a_missing_field_is_named_with_its_place(tmp_path):
    block = usual_tuning("rotary")
    del block["variants"]["rotary"]["trials"][1]["losses"]
    folder = results(tmp_path, LOSSES)
    edit_manifest(folder, tuning=block)
    with pytest.raises(UserError, match=r"tuning\.variants\.rotary\.trials\[1\]\.losses"):
        read_frames(folder)


def test_an_unknown_status_is_refused_with_the_nearest():
    block = search(2)
    block["trials"][1]["status"] = "prund"
    with pytest.raises(UserError, match="did you mean pruned"):
        read_search(block, "manifest.json")


def test_a_search_says_how_many_trials_have_ended():
    block = search(5, budget=8)
    block["trials"][4] |= {"status": "asked", "values": None}
    found = read_search(block, "manifest.json")
    assert (found.ended, found.budget, found.best_trial) == (4, 8, None)


def test_the_budget_of_a_search_that_does_not_say_is_what_was_asked():
    block = search(5)
    del block["budget"]
    assert read_search(block, "manifest.json").budget == 5


def test_the_block_that_a_sweep_writes_of_a_search_is_read():
    asked = Asked(AXES, "tpe", 3, pruner="hyperband")
    trials = (
        Recorded(0, {RATE: 0.001, "model.layers": 4}, ("a",), "complete", (3.3,)),
        Recorded(1, {RATE: 0.003, "model.layers": 8}, ("b",), "complete", (3.2,)),
        Recorded(2, {RATE: 0.001, "model.layers": 3}, ("c",), "pruned", None, 20, ((20, 5.0),), 60),
    )
    found = read_search(search_block(asked, [1000], trials), "manifest.json")
    assert found.best_trial.settings == {RATE: 0.003, "model.layers": 8}
    assert found.at_edge == (RATE, "model.layers")
    assert (found.trials[2].last, found.trials[2].steps) == (5.0, 60)


def test_the_block_that_a_sweep_writes_of_a_tuning_is_read():
    tune = Tune(AXES[:1], 2, None)
    points = [
        Point({RATE: 0.001}, ("complete", "complete"), (3.3, 3.1)),
        Point({RATE: 0.003}, ("complete", "diverged"), (3.0, None)),
    ]
    block = tuning_block(tune, [7, 8], [choose(tune.axes, "none", points, tune.budget)])
    found = read_tuning(block, "manifest.json")
    assert found.variants["none"].chosen == {RATE: 0.001}
    assert found.variants["none"].at_edge == (RATE,)
    assert found.variants["none"].trials[1].mean is None


@pytest.mark.parametrize(
    ("full", "key", "expected"),
    [
        ("optimizer.adamw.learning_rate", "optimizer.learning_rate", True),
        ("optimizer.adamw.learning_rate", "optimizer.adamw.learning_rate", True),
        ("optimizer.adamw.learning_rate", "optimizer.lion.learning_rate", False),
        ("optimizer", "optimizer", True),
        ("optimizer.adamw", "optimizer", False),
        ("training.steps", "training.steps", True),
        ("schedule.cosine.learning_rate", "optimizer.learning_rate", False),
    ],
)
def test_a_key_may_leave_out_the_component(full, key, expected):
    assert is_same(full, key) is expected


def test_the_value_of_a_setting_is_found_by_either_key():
    settings = {"mlp": "gated", "mlp.gated.width": 171}
    assert setting_of(settings, "mlp.width") == 171
    assert setting_of(settings, "mlp.gated.width") == 171
    assert setting_of(settings, "model.width") is None
