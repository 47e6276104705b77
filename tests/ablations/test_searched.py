import random
from importlib.util import find_spec

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ablations.importance import importance
from ablations.search import Search
from ablations.searched import best, front, is_over, search_block, solved, unchanged, unsolvable
from ablations.space import Range, Values
from ablations.study import write_study
from ablations.study_views import search_view, tuning_view
from ablations.trials import Trial
from ablations.tune import Tried, Tune, Tuned

RATE = Range("rate", 1e-4, 1e-2, log=True)
SEARCH = Search((RATE,), "tpe", 4, "median")
TRIALS = (
    Trial(0, {"rate": 2e-3}, ("a",), "complete", (3.0,), reported=((5, 4.0), (10, 3.5)), steps=100),
    Trial(1, {"rate": 9.9e-3}, ("b",), "diverged", reason="loss is NaN", steps=100),
    Trial(2, {"rate": 1e-4}, ("c",), "complete", (2.5,), steps=100),
    Trial(3, {"rate": 5e-3}, ("d",), "pruned", None, 10, ((5, 4.5), (10, 4.25)), 100),
)


def test_the_best_is_the_first_of_the_lowest_complete_ones():
    assert best(TRIALS) == TRIALS[2]
    twin = Trial(4, {"rate": 1e-3}, ("e",), "complete", (2.5,))
    assert best((*TRIALS, twin)) == TRIALS[2]
    assert best(TRIALS[1:2]) is None


def test_trials_count_up_to_the_first_whose_cells_have_changed():
    now = {each.settings["rate"]: each.cells for each in TRIALS} | {1e-4: ("edited",)}
    assert unchanged(TRIALS, lambda settings: now[settings["rate"]]) == TRIALS[:2]


def test_nothing_is_solved_before_the_search_is_over():
    assert solved(SEARCH, TRIALS) == {"best": {"rate": 1e-4}}
    assert solved(SEARCH, TRIALS[:3]) == {}
    assert not is_over(SEARCH, (*TRIALS[:3], TRIALS[3].asked))
    assert unsolvable(SEARCH, TRIALS) == unsolvable(SEARCH, TRIALS[:1]) == ()


def test_a_search_without_a_complete_trial_says_why():
    (problem,) = unsolvable(Search((RATE,), "tpe", 1), TRIALS[1:2])
    assert problem.hints[0] == "loss is NaN"


def test_the_front_is_what_nothing_beats_in_every_objective():
    values = [(3.0, 1.0), (2.0, 2.0), (2.5, 2.5), (1.0, 9.0), (3.0, 1.0), (3.0, 2.0)]
    trials = [Trial(index, {}, (), "complete", each) for index, each in enumerate(values)]
    assert front(trials) == (0, 1, 3, 4)


def test_the_block_of_the_manifest_has_every_trial():
    block = search_block(SEARCH, (1000,), TRIALS)
    assert (block["best"], block["at_edge"], block["seeds"]) == (2, ["rate"], [1000])
    assert block["ranges"] == {"rate": {"low": 1e-4, "high": 1e-2, "log": True, "step": None}}
    assert [each["status"] for each in block["trials"]] == [
        "complete",
        "diverged",
        "complete",
        "pruned",
    ]
    assert block["trials"][3] == {
        "number": 3,
        "settings": {"rate": 5e-3},
        "status": "pruned",
        "values": None,
        "at": 10,
        "reported": [[5, 4.5], [10, 4.25]],
        "steps": 100,
        "reason": None,
        "cells": ["d"],
    }
    assert block["importance"] is None
    begun = search_block(SEARCH, (1000,), TRIALS[:3])
    assert (begun["best"], begun["at_edge"], begun["budget"]) == (None, [], 4)


def many(count: int) -> list[Trial]:
    """Trials in which the rate moves the loss by up to 1 and the heads by 0.02."""
    dice = random.Random(3)  # noqa: S311  # data, not secrets
    found = []
    for number in range(count):
        share, heads = dice.random(), dice.choice([1, 2, 4])
        settings = {"rate": 1e-4 * 100**share, "heads": heads}
        found.append(Trial(number, settings, (), "complete", (share + 0.01 * heads,)))
    return found


WIDE = Search((RATE, Values("heads", (1, 2, 4))), "random", 60)


def test_importance_is_told_with_the_name_of_its_method():
    found = importance(WIDE, many(60))
    has_forests = find_spec("sklearn") is not None
    assert found["evaluator"] == ("fANOVA" if has_forests else "PED-ANOVA")
    assert found["trials"] == 60
    rate, heads = found["keys"]["rate"], found["keys"]["heads"]
    assert rate["mean"] > 0.7
    assert rate["mean"] + heads["mean"] == pytest.approx(1.0)
    assert (rate["low"] < rate["mean"] < rate["high"]) == has_forests
    assert rate["low"] <= rate["mean"] <= rate["high"]
    assert importance(WIDE, many(60)) == found


def test_importance_is_not_estimated_from_few_trials_or_of_one_setting():
    assert importance(WIDE, many(19)) is None
    assert importance(WIDE, many(20)) is not None
    lost = [Trial(0, {"rate": 1e-3, "heads": 1}, (), "pruned")]
    assert importance(WIDE, [*many(19), *lost]) is None
    assert importance(Search((RATE,), "tpe", 60), many(60)) is None


def load(path, name):
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.load_study(study_name=name, storage=storage).trials


def test_a_dashboard_has_every_trial_of_a_search_beside_the_cells(tmp_path):
    path = tmp_path / "rates.log"
    trials = (*TRIALS, Trial(4, {"rate": 1e-3}, ("e",)))
    write_study(path, "rates", [], {"rates search": search_view(SEARCH, trials)})
    assert load(path, "rates") == []
    found = load(path, "rates search")
    assert [each.state.name for each in found] == [
        "COMPLETE",
        "FAIL",
        "COMPLETE",
        "PRUNED",
        "WAITING",
    ]
    assert [each.params.get("rate") for each in found[:4]] == [2e-3, 9.9e-3, 1e-4, 5e-3]
    assert (found[3].value, found[3].intermediate_values) == (4.25, {5: 4.5, 10: 4.25})
    assert found[1].user_attrs == {"status": "diverged", "reason": "loss is NaN", "cells": ["b"]}


def test_a_dashboard_has_several_objectives(tmp_path):
    search = Search((RATE,), "tpe", 1, objectives=("loss", "seconds"))
    trial = Trial(0, {"rate": 1e-3}, ("a",), "complete", (3.0, 60.0))
    write_study(tmp_path / "a.log", "a", [], {"a search": search_view(search, [trial])})
    assert load(tmp_path / "a.log", "a search")[0].values == [3.0, 60.0]


def test_a_dashboard_has_every_point_of_a_tuning(tmp_path):
    tune = Tune((Values("rate", (1e-3, 1e-2)),), 2, None)
    done = ("complete", "complete")
    tuned = [
        Tuned("rotary", (Tried({"rate": 1e-3}, done, (3.0, 2.0)),), 1, 0, ()),
        Tuned(
            "none",
            (
                Tried({"rate": 1e-3}, ("diverged", "complete"), (None, 2.0)),
                Tried({"rate": 1e-2}, ("missing", "missing"), (None, None)),
            ),
            2,
            None,
            (),
        ),
    ]
    write_study(tmp_path / "a.log", "a", [], {"a tuning": tuning_view(tune, tuned)})
    found = load(tmp_path / "a.log", "a tuning")
    assert [each.state.name for each in found] == ["COMPLETE", "FAIL", "WAITING"]
    assert found[0].value == 2.5
    assert found[1].params == {"variant": "none", "rate": "0.001"}
