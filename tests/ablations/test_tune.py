from dataclasses import dataclass, field
from typing import Any

import pytest

from ablations.choosing_seeds import choosing_seeds
from ablations.space import Range, Values
from ablations.trials import Trial
from ablations.tune import (
    Tried,
    Tune,
    choose,
    chosen,
    chosen_by_sampler,
    read_tune,
    solved,
    tuning_block,
    untunable,
)
from tests.ablations.sections import read, refused, said

RATES = Values("optimizer.learning_rate", (1e-3, 3e-3, 1e-2))
WIDTHS = Values("mlp.width", (16, 32))


@dataclass(frozen=True)
class Run:
    status: str
    loss: float | None = None
    outcome: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", {"loss": self.loss})


def rates(text: str) -> Tune:
    return read(read_tune, text, "tune")


def test_lists_are_tried_in_all_combinations():
    tune = rates("{optimizer.learning_rate: [1e-3, 3e-3], model.heads: [1, 2, 4]}")
    assert (tune.seeds, tune.trials, tune.sampler, tune.budget) == (2, None, None, 6)


def test_ranges_are_tried_at_as_many_points_as_the_grid_says():
    text = "{optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}, trials: 8, seeds: 3}"
    tune = rates(text)
    assert tune.axes == (Range("optimizer.learning_rate", 1e-4, 1e-2, log=True),)
    assert (tune.seeds, tune.trials, tune.sampler, tune.budget) == (3, 8, "tpe", 8)
    assert (tune.search.sampler, tune.search.trials, tune.search.seeds) == ("tpe", 8, 3)


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        ("3", "tune", "tune names no setting"),
        ("{seeds: 2}", "tune", "tune varies nothing"),
        ("{model.heads: [1, 2], seeds: 0}", "tune.seeds", "seeds are a number"),
        ("{model.heads: [1, 2], seeds: [1000]}", "tune.seeds", "seeds are a number"),
        ("{model.heads: [1, 2], trials: many}", "tune.trials", "trials are a number"),
        (
            "{optimizer.learning_rate: {low: 1, high: 2}}",
            "optimizer.learning_rate",
            "the range of optimizer.learning_rate cannot be tried out whole",
        ),
    ],
)
def test_what_is_wrong_is_refused(text, key, what):
    assert said(refused(read_tune, text, "tune")) == [(key, what)]


def test_seeds_that_choose_are_none_of_those_that_judge():
    assert choosing_seeds(3, [0, 1, 2]) == (1000, 1001, 1002)
    assert choosing_seeds(3, [1001, 5, 1003]) == (1000, 1002, 1004)


def tried(*losses: float | None, rate: float = 1e-3, status: str = "complete") -> Tried:
    statuses = tuple("complete" if loss is not None else status for loss in losses)
    return Tried({"optimizer.learning_rate": rate}, statuses, losses)


def test_the_lowest_mean_is_chosen_and_the_first_of_equal_ones():
    points = [tried(3.0, 3.5), tried(3.2, 3.2, rate=3e-3), tried(3.3, 3.1, rate=1e-2)]
    assert [each.mean for each in points] == [3.25, 3.2, 3.2]
    found = choose((RATES,), "rotary", points, 0)
    assert (found.chosen, found.settings, found.at_edge) == (
        1,
        {"optimizer.learning_rate": 3e-3},
        (),
    )


def test_a_choice_at_the_edge_of_what_was_tried_is_told():
    found = choose((RATES,), "rotary", [tried(3.0), tried(3.2, rate=3e-3)], 0)
    assert found.at_edge == ("optimizer.learning_rate",)


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_a_point_with_a_seed_that_went_wrong_is_never_chosen(status):
    points = [tried(1.0, None, status=status), tried(3.0, 3.0, rate=3e-3)]
    assert choose((RATES,), "rotary", points, 0).chosen == 1


def test_a_variant_for_which_every_point_went_wrong_says_so():
    bad = choose((RATES,), "none", [tried(1.0, None, status="diverged")], 0)
    good = choose((RATES,), "rotary", [tried(1.0, 2.0)], 0)
    assert bad.chosen is None
    assert [each.what.partition(":")[0] for each in untunable([bad, good])] == [
        "nothing can be chosen for the variant none"
    ]
    assert [*solved([bad, good])] == ["rotary"]


def test_nothing_is_chosen_before_every_cell_has_ended():
    missing = choose((RATES,), "none", [tried(1.0), tried(None, status="missing")], 0)
    assert (missing.chosen, missing.is_open) == (None, True)
    assert untunable([missing]) == ()
    assert choose((RATES,), "none", [tried(1.0)], 2).chosen is None


def test_every_variant_is_tuned_by_the_same_points_and_seeds_from_what_the_store_has():
    tune = Tune((RATES, WIDTHS), 2, None)
    asked = []

    def run_of(variant, settings, seed):
        asked.append((variant, *settings.values(), seed))
        best = {"rotary": 3e-3, "none": 1e-2}[variant]
        is_best = settings["optimizer.learning_rate"] == best and settings["mlp.width"] == 32
        return Run("complete", 1.0 if is_best else 2.0)

    found = chosen(tune, (1000, 1001), ["rotary", "none"], run_of)
    assert len(asked) == len({*asked}) == 2 * 6 * 2
    assert solved(found) == {
        "rotary": {"optimizer.learning_rate": 3e-3, "mlp.width": 32},
        "none": {"optimizer.learning_rate": 1e-2, "mlp.width": 32},
    }
    assert [each.at_edge for each in found] == [
        ("mlp.width",),
        ("optimizer.learning_rate", "mlp.width"),
    ]
    assert found == chosen(tune, (1000, 1001), ["rotary", "none"], run_of)


def test_points_that_a_sampler_proposed_are_chosen_from_alike():
    tune = Tune((Range("rate", 1e-4, 1e-2, log=True),), 2, 3)
    done = ("complete", "complete")
    trials = [
        Trial(0, {"rate": 1e-3}, ("a", "b"), "complete", (3.0,), statuses=done, losses=(2.5, 3.5)),
        Trial(1, {"rate": 2e-3}, ("c", "d"), "complete", (2.0,), statuses=done, losses=(2.0, 2.0)),
        Trial(2, {"rate": 9e-3}, (), "failed", reason="it cannot be built"),
    ]
    (found,) = chosen_by_sampler(tune, (1000, 1001), {"none": trials})
    assert solved([found]) == {"none": {"rate": 2e-3}}
    assert [each.statuses for each in found.trials] == [done, done, ("failed", "failed")]
    assert found.at_edge == ()
    (short,) = chosen_by_sampler(tune, (1000, 1001), {"none": trials[:2]})
    assert (short.chosen, short.is_open) == (None, True)
    (begun,) = chosen_by_sampler(tune, (1000, 1001), {"none": [*trials[:2], trials[2].asked]})
    assert (begun.chosen, begun.trials[2].statuses) == (None, ("missing", "missing"))


def test_the_block_of_the_manifest_shows_everything_that_was_tried():
    tune = Tune((RATES,), 2, None)
    runs = {1e-3: Run("diverged"), 3e-3: None, 1e-2: Run("complete", 3.0)}
    found = chosen(
        tune, (1000, 1001), ["none"], lambda _, point, __: runs[point["optimizer.learning_rate"]]
    )
    block = tuning_block(tune, (1000, 1001), found)
    assert {key: block[key] for key in ("seeds", "keys", "sampler", "trials")} == {
        "seeds": [1000, 1001],
        "keys": ["optimizer.learning_rate"],
        "sampler": None,
        "trials": 3,
    }
    variant = block["variants"]["none"]
    assert variant["chosen"] is None
    assert [each["statuses"][0] for each in variant["trials"]] == [
        "diverged",
        "missing",
        "complete",
    ]
    assert [each["mean"] for each in variant["trials"]] == [None, None, 3.0]
