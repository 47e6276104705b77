import math
from dataclasses import replace

import pytest

from ablations.search import Search
from ablations.searching import Searching
from ablations.space import Range, Values
from ablations.together import Together
from ablations.trials import Record
from pipelines.events import Progress
from tests.ablations.toy_store import STEPS, Play, Store, bowl

RATE = Range("rate", 1e-5, 1e-1, log=True)
TPE = Search((RATE,), "tpe", 14)
PRUNED = [replace(TPE, pruner=each, trials=24) for each in ("hyperband", "median")]
WILCOXON = replace(TPE, pruner="wilcoxon", seeds=6)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rates.trials.jsonl"


def test_every_trial_is_trained_and_told(path):
    play = Play(TPE, path, Store())
    trials = play.all()
    assert [each.number for each in trials] == [*range(14)]
    assert {each.status for each in trials} == {"complete"}
    assert [*trials] == play.told
    assert play.store.trained == [each.cells[0] for each in trials]
    expected = [bowl(each.settings, 1000, 1.0) for each in trials]
    assert [each.values for each in trials] == [(loss,) for loss in expected]


@pytest.mark.parametrize(
    "search", [TPE, *PRUNED, WILCOXON, replace(TPE, sampler="random", seeds=2)]
)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.93])
def test_a_search_that_was_killed_goes_on_to_the_same_trials(tmp_path, search, kept):
    whole = Play(search, tmp_path / "whole.jsonl", Store())
    whole.all()
    cut = Play(search, tmp_path / "cut.jsonl", Store())
    searching = cut.begin()
    for _ in range(int(kept * len(whole.store.trained))):
        cut.cell(searching, searching.ask())
    searching.ask()  # handed out, and then the driver is killed
    again = Play(search, cut.path, cut.store)
    again.all()
    assert again.trials == whole.trials
    assert cut.path.read_text().count('"settings"') == search.trials
    assert cut.store.trained == whole.store.trained


@pytest.mark.parametrize("search", [TPE, *PRUNED, WILCOXON])
def test_a_search_whose_cells_are_all_in_the_store_trains_none(tmp_path, search):
    first = Play(search, tmp_path / "first.jsonl", Store())
    trials = first.all()
    for cell, job in first.jobs.items():
        first.store.runs[cell] = first.store.run(job)  # the pruned ones too
    first.store.trained.clear()
    assert Play(search, tmp_path / "second.jsonl", first.store).all() == trials
    assert first.store.trained == []


def test_a_search_that_is_given_more_trials_goes_on(path):
    short = Play(TPE, path, Store())
    short.all()
    longer = Play(replace(TPE, trials=18), path, short.store)
    assert longer.all()[:14] == short.trials[:14]
    assert len(short.store.trained) == 18
    fresh = Play(replace(TPE, trials=18), path.with_name("fresh"), Store())
    assert fresh.all() == longer.trials


def test_the_same_settings_twice_are_trained_once(path):
    search = Search((Values("rate", (1e-3, 1e-2)),), "random", 12)
    play = Play(search, path, Store())
    trials = play.all()
    assert len({*play.store.trained}) == len(play.store.trained) == 2
    assert {each.settings["rate"]: each.values for each in trials} == {
        rate: (bowl({"rate": rate}, 1000, 1.0),) for rate in (1e-3, 1e-2)
    }


def test_the_same_cell_of_two_trials_under_way_is_trained_once_and_told_to_both(path):
    search = Search((Values("rate", (1e-3, 1e-2)),), "random", 6)
    play = Play(search, path, Store(), parallel=6)
    searching = play.begin()
    handed = [searching.ask() for _ in range(3)]
    assert handed[2] is None
    assert len({*handed[:2]}) == 2
    for fingerprint in handed[:2]:
        play.cell(searching, fingerprint)
    assert [each.status for each in play.trials] == ["complete"] * 6
    assert not searching.waiting


def test_no_more_trials_are_under_way_than_allowed(path):
    play = Play(TPE, path, Store(), parallel=3)
    searching = play.begin()
    first = [searching.ask() for _ in range(4)]
    assert first[3] is None
    assert len(play.trials) == 3
    play.cell(searching, first[1])
    assert searching.ask() is not None
    assert [each.status for each in play.trials] == ["asked", "complete", "asked", "asked"]


@pytest.mark.parametrize("search", PRUNED)
def test_a_training_that_falls_behind_is_pruned_and_stays_visible(path, search):
    play = Play(search, path, Store())
    trials = play.all()
    pruned = [each for each in trials if each.status == "pruned"]
    assert pruned
    best = min((each for each in trials if each.values), key=lambda each: each.values)
    for trial in pruned:
        assert (trial.values, trial.steps) == (None, STEPS)
        assert 0 < trial.at == trial.reported[-1][0] < STEPS
        assert trial.reported[-1][1] > best.values[0]
        assert trial.cells[0] not in play.store.runs
    assert best.status == "complete"


def test_the_reports_are_the_mean_losses_of_twentieths(path):
    trials = Play(PRUNED[0], path, Store()).all()
    trial = next(each for each in trials if each.status == "complete")
    settings = trial.settings
    expected = [
        (at, (bowl(settings, 1000, (at - 1) / STEPS) + bowl(settings, 1000, at / STEPS)) / 2)
        for at in range(2, STEPS, 2)
    ]
    assert [at for at, _ in trial.reported] == [at for at, _ in expected]
    assert [each for _, each in trial.reported] == pytest.approx([each for _, each in expected])


def test_a_run_that_was_found_is_pruned_as_one_that_is_trained(path):
    play = Play(PRUNED[0], path, Store())
    trials = play.all()
    number = next(each.number for each in trials if each.status == "pruned")
    store = Store()
    cell = trials[number].cells[0]
    store.runs[cell] = store.run(play.jobs[cell])
    assert Play(PRUNED[0], path.with_name("found"), store).all() == trials
    assert cell not in store.trained


def test_seeds_are_compared_one_after_another_and_a_worse_configuration_is_given_up(path):
    store = Store(lambda settings, seed, _: settings["rate"] + 1e-4 * (seed % 3))
    search = Search((Values("rate", (1e-3, 1e-1, 1e-4)),), "grid", 3, "wilcoxon", seeds=8)
    first, second, third = Play(search, path, store).all()
    assert (first.status, third.status) == ("complete", "complete")
    assert (second.status, second.at, second.values) == ("pruned", 4, None)
    assert second.reported == tuple((index, second.losses[index]) for index in range(4))
    assert second.statuses == ("complete",) * 4
    assert len(store.trained) == 8 + 4 + 8
    assert third.values[0] < first.values[0]


def test_seeds_that_are_compared_wait_for_one_another(path):
    searching = Play(WILCOXON, path, Store()).begin()
    assert [searching.ask() is None for _ in range(3)] == [False, True, True]
    both = Play(replace(TPE, seeds=2), path.with_name("both"), Store()).begin()
    assert [both.ask() is None for _ in range(3)] == [False, False, True]


def test_a_trial_that_diverges_or_cannot_be_built_is_told_and_the_search_goes_on(path):
    def loss(settings, seed, done):
        return math.nan if settings["rate"] > 0.1 and done > 0.5 else bowl(settings, seed, done)

    search = Search((Values("rate", (1e-3, 0.5, 2.0)),), "grid", 3)
    good, diverged, failed = Play(search, path, Store(loss)).all()
    assert good.status == "complete"
    assert (diverged.status, diverged.reason, diverged.values) == ("diverged", "loss is NaN", None)
    assert (failed.status, failed.reason, failed.cells) == ("failed", "the rate is above 1", ())


def test_a_cell_that_left_no_run_fails_its_trial_and_is_tried_again_later(path):
    play = Play(replace(TPE, trials=2), path, Store())
    searching = play.begin()
    searching.tell(searching.ask())
    assert (play.trials[0].status, play.trials[0].reason) == ("failed", "it left no run")
    play.cell(searching, searching.ask())
    again = Play(replace(TPE, trials=2), path, play.store)
    assert [each.status for each in again.all()] == ["complete", "complete"]


def test_a_mean_is_over_all_seeds_and_every_objective(path):
    rates = (Values("rate", (1e-3, 1e-2)),)
    search = Search(rates, "grid", 2, objectives=("loss", "seconds"), seeds=2)
    (first, _) = Play(search, path, Store()).all()
    settings = {"rate": 1e-3}
    losses = [bowl(settings, seed, 1.0) for seed in (1000, 1001)]
    assert first.losses == tuple(losses)
    assert first.values == (sum(losses) / 2, 1e-3)


def test_trials_of_changed_code_are_asked_anew_from_the_first_on(path):
    play = Play(TPE, path, Store())
    before = play.all()
    store = Store(code="edited")
    after = Play(TPE, path, store).all()
    assert [each.settings for each in after] == [each.settings for each in before]
    assert {each.cells for each in after}.isdisjoint({each.cells for each in before})
    assert len(store.trained) == 14


def test_a_cell_that_is_wanted_again_while_its_worker_gives_it_up_waits_for_it(path):
    # rates that are bad enough to be pruned, twice the same
    search = Search((Values("rate", (1e-3, 1e-1)),), "random", 40, "median")
    play = Play(search, path, Store(), parallel=2)
    searching = play.begin()
    given_up = None
    while given_up is None:
        fingerprint = searching.ask()
        settings, _ = play.jobs[fingerprint]
        run = play.store.run(play.jobs[fingerprint])
        if settings["rate"] == 1e-1:
            searching.hear(news(fingerprint, run.losses))
            if not searching.wants(fingerprint):
                given_up = fingerprint
                continue
        play.store.runs[fingerprint] = run
        searching.tell(fingerprint)
        play.store.runs.clear()  # nothing is found, so that everything is trained again
    asked = [searching.ask() for _ in range(2)]
    assert given_up not in asked
    searching.let_go(given_up)
    assert searching.wants(given_up)


def news(fingerprint, losses):
    return Progress(fingerprint, len(losses), STEPS, losses)


def steeper(settings, seed, done):
    return bowl({"rate": settings["rate"] * 30}, seed, done)


def test_several_searches_share_the_workers_and_each_is_as_it_would_be_alone(tmp_path):
    tuned = Search((RATE,), "tpe", 12)
    losses = {"rotary": bowl, "none": steeper}
    alone = {}
    for name, loss in losses.items():
        alone[name] = Play(tuned, tmp_path / f"alone-{name}", Store(loss, code=name), name).all()
    plays = {
        name: Play(tuned, tmp_path / "both", Store(loss, code=name), name)
        for name, loss in losses.items()
    }
    searchings = {name: play.begin() for name, play in plays.items()}
    both = Together([*searchings.values()])
    waiting: list[str] = []
    while waiting or both.waiting:
        while len(waiting) < 2 and (asked := both.ask()) is not None:
            waiting.append(asked)
        fingerprint = waiting.pop()
        name = next(each for each, play in plays.items() if fingerprint in play.jobs)
        plays[name].cell(_Both(both, searchings[name]), fingerprint)
    for name, play in plays.items():
        assert play.trials == alone[name]
        assert len(play.store.trained) == 12
    rates = {name: [each.settings["rate"] for each in play.trials] for name, play in plays.items()}
    assert rates["rotary"][:10] == rates["none"][:10]
    assert rates["rotary"][10:] != rates["none"][10:]


class _Both:
    """Tells everything to all searches, as a backlog does."""

    def __init__(self, both: Together, _one: Searching) -> None:
        self.hear, self.wants, self.let_go, self.tell = (
            both.hear,
            both.wants,
            both.let_go,
            both.tell,
        )


def test_the_record_of_another_search_is_not_mixed_in(path):
    one = Play(TPE, path, Store(), "one")
    two = Play(TPE, path, Store(), "two")
    one.all()
    assert Record(path, "two").trials() == ()
    assert len(two.all()) == len(one.trials) == 14
