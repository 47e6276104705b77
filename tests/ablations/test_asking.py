import optuna
import pytest
from optuna.trial import TrialState

from ablations.asking import Asking, from_words, in_words, seed_of
from ablations.search import Search
from ablations.space import Range, Values
from ablations.trials import Trial

RATE = Range("rate", 1e-4, 1e-2, log=True)
HEADS = Values("heads", (1, 2, 4))
MEMORY = Values("memory", ("none", ["xl", "rmt"], {"xl": {"windows": 2}}))
AXES = (RATE, HEADS, MEMORY)


def ended(number, settings, value, status="complete"):
    values = (value,) if status == "complete" else None
    return Trial(number, settings, (), status, values)


def loss(settings):
    return abs(settings["rate"] - 3e-3) + 0.01 * settings["heads"]


def asked(sampler, count=16, replayed=0, before=()):
    """The settings of `count` trials, the first `replayed` of them as they were asked before."""
    asking = Asking(Search(AXES, sampler, count), "digest")
    found = []
    for number in range(count):
        if number < replayed:
            settings = before[number]
            assert asking.resume(settings) == number
        else:
            at, settings = asking.ask()
            assert at == number
        asking.tell(ended(number, settings, loss(settings)))
        found.append(settings)
    return found


@pytest.mark.parametrize("sampler", ["tpe", "random", "gp"])
def test_a_search_that_goes_on_asks_what_one_without_a_break_asks(sampler):
    whole = asked(sampler)
    assert asked(sampler) == whole
    assert asked(sampler, replayed=13, before=whole) == whole
    assert all(1e-4 <= each["rate"] <= 1e-2 for each in whole)
    assert {type(each["heads"]) for each in whole} == {int}
    assert all(each["memory"] in MEMORY.values for each in whole)
    assert len({each["rate"] for each in whole}) == 16


def test_what_was_told_decides_what_is_asked():
    def rates(value):
        asking = Asking(Search((RATE,), "tpe", 20), "digest")
        found = []
        for number in range(16):
            settings = asking.ask()[1]
            asking.tell(ended(number, settings, value(settings["rate"])))
            found.append(settings["rate"])
        return found

    up, down = rates(lambda rate: rate), rates(lambda rate: -rate)
    assert up[:10] == down[:10]
    assert sum(up[10:]) < sum(down[10:]) / 3


def test_another_search_asks_otherwise():
    search = Search(AXES, "random", 2)
    assert Asking(search, "one").ask() != Asking(search, "two").ask()
    assert seed_of("one", 0) != seed_of("one", 1)
    assert 0 <= seed_of("one", 0) < 2**32


def test_a_trial_under_way_counts_as_a_bad_one_and_one_that_failed_does_not_count():
    def next_rate(end):
        asking = Asking(Search((RATE,), "tpe", 30), "digest")
        for number in range(12):
            settings = asking.ask()[1]
            asking.tell(ended(number, settings, abs(settings["rate"] - 3e-3)))
        number = asking.resume({"rate": 3e-3})
        if end:
            asking.tell(ended(number, {"rate": 3e-3}, 0.0, "failed"))
        return asking.ask()[1]["rate"]

    assert next_rate(end=False) != next_rate(end=True)


def test_a_grid_is_asked_in_order():
    assert [tuple(each.values()) for each in asked_grid()] == [
        (1, "none"),
        (1, ["xl", "rmt"]),
        (2, "none"),
        (2, ["xl", "rmt"]),
    ]


def asked_grid():
    axes = (Values("heads", (1, 2)), Values("memory", ("none", ["xl", "rmt"])))
    asking = Asking(Search(axes, "grid", 4), "digest")
    found = []
    for number in range(4):
        at, settings = asking.ask()
        assert at == number
        asking.tell(ended(number, settings, 1.0))
        found.append(settings)
    return found


def test_whole_numbers_and_steps_are_kept():
    axes = (
        Range("heads", 1, 3),
        Range("width", 16, 64, step=16),
        Range("drop", 0.0, 0.2, step=0.1),
    )
    asking = Asking(Search(axes, "random", 40), "digest")
    found = [asking.ask()[1] for _ in range(40)]
    assert {each["heads"] for each in found} == {1, 2, 3}
    assert {each["width"] for each in found} == {16, 32, 48, 64}
    assert {each["drop"] for each in found} == {0.0, 0.1, 0.2}


def test_values_are_words_to_optuna_and_come_back_as_they_were():
    settings = {"rate": 1e-3, "heads": 4, "memory": {"xl": {"windows": 2}}}
    words = in_words(AXES, settings)
    assert words == {"rate": 1e-3, "heads": "4", "memory": '{"xl": {"windows": 2}}'}
    assert from_words(AXES, words) == settings


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_several_objectives_are_asked_for(sampler):
    asking = Asking(Search((RATE,), sampler, 16, objectives=("loss", "seconds")), "digest")
    for number in range(16):
        settings = asking.ask()[1]
        status = "diverged" if number == 3 else "complete"
        rate = settings["rate"]
        values = None if number == 3 else (abs(rate - 3e-3), rate)
        asking.tell(Trial(number, settings, (), status, values))
    assert asking.count == 16


def test_how_trials_end_for_the_sampler():
    asking = Asking(Search((RATE,), "tpe", 5), "digest")
    for status in ("complete", "pruned", "diverged", "failed"):
        number, settings = asking.ask()
        asking.tell(ended(number, settings, 1.0, status))
    assert [each.state for each in asking._study.trials] == [
        TrialState.COMPLETE,
        TrialState.PRUNED,
        TrialState.PRUNED,
        TrialState.FAIL,
    ]


def test_a_region_that_diverges_is_left():
    asking = Asking(Search((RATE,), "tpe", 40), "digest")
    late = []
    for number in range(40):
        settings = asking.ask()[1]
        is_bad = settings["rate"] > 2e-3
        late.append(is_bad)
        asking.tell(ended(number, settings, 1.0, "diverged" if is_bad else "complete"))
    assert sum(late[20:]) < sum(late[:10])


def test_hyperband_has_a_report_for_each_twentieth():
    pruner = Asking(Search((RATE,), "tpe", 5, "hyperband"), "digest")._study.pruner
    assert isinstance(pruner, optuna.pruners.HyperbandPruner)
    assert pruner._max_resource == 20
