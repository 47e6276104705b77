import json
import warnings
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from ablations.study import Point, Trials, parameters, write_study


def point(variant: str, seed: int, status: str = "missing", loss: float | None = None) -> Point:
    params = {"variant": variant, **parameters({"memory": ["xl", variant]}, ["memory"], seed)}
    return Point(f"{variant}-{seed}", variant, seed, params, status, loss)


GRID = [
    point("rotary", 0, "complete", 3.5),
    point("rotary", 1),
    point("none", 0, "diverged"),
    point("none", 1),
]


def test_the_study_hands_out_what_is_missing_in_grid_order_and_nothing_else():
    trials = Trials(GRID)
    assert [trials.ask() for _ in range(4)] == ["rotary-1", "none-1", None, None]


def test_a_cell_may_end_with_a_loss_or_without():
    trials = Trials(GRID)
    trials.ask()
    trials.ask()
    trials.tell("none-1", 3.25)
    trials.tell("rotary-1", None)
    assert {each.user_attrs["fingerprint"]: each.state for each in trials._study.trials} == {
        "rotary-0": TrialState.COMPLETE,
        "rotary-1": TrialState.FAIL,
        "none-0": TrialState.FAIL,
        "none-1": TrialState.COMPLETE,
    }
    assert trials._study.best_value == 3.25


def test_an_infinite_loss_is_a_failed_trial():
    trials = Trials(GRID)
    trials.ask()
    trials.tell("rotary-1", float("inf"))
    assert trials._study.trials[1].state == TrialState.FAIL


def load(path: Path) -> list:
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.load_study(study_name="positions", storage=storage).trials


def test_the_journal_holds_every_cell_in_grid_order(tmp_path: Path):
    path = tmp_path / "studies" / "positions.log"
    write_study(path, "positions", GRID)
    trials = load(path)
    assert [each.user_attrs["fingerprint"] for each in trials] == [
        "rotary-0", "rotary-1", "none-0", "none-1",
    ]  # fmt: skip
    assert [each.state.name for each in trials] == ["COMPLETE", "WAITING", "FAIL", "WAITING"]
    assert trials[0].value == 3.5
    assert trials[0].params == {"variant": "rotary", "memory": '["xl", "rotary"]', "seed": 0}
    assert sorted(each.name for each in path.parent.iterdir()) == ["positions.log"]


def test_a_torn_journal_is_written_anew(tmp_path: Path):
    path = tmp_path / "positions.log"
    write_study(path, "positions", GRID)
    path.write_bytes(path.read_bytes()[:-20] + b"garbage\n{")
    with pytest.raises(json.JSONDecodeError):
        load(path)
    write_study(path, "positions", GRID)
    assert len(load(path)) == 4


def test_a_new_variant_may_join_a_study_that_was_written(tmp_path: Path):
    path = tmp_path / "positions.log"
    write_study(path, "positions", GRID)
    write_study(path, "positions", [*GRID, point("linspace", 0, "complete", 3.4)])
    assert load(path)[-1].params["variant"] == "linspace"


def test_lists_and_mappings_are_words_to_optuna():
    settings = {"memory": [{"xl": {"windows": 2}}, "rmt"], "model.heads": 4, "positions": "none"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = parameters(settings, ["positions", "memory", "model.heads", "positions.base"], 3)
    assert values == {
        "positions": "none",
        "memory": '[{"xl": {"windows": 2}}, "rmt"]',
        "model.heads": "4",
        "seed": 3,
    }
