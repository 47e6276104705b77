"""A search has no verdict before its best was trained again on fresh seeds."""

import pytest

from reports.frames import read_frames
from reports.settle import heading, note
from reports.verdict import judge
from tests.chosen import RATE, search
from tests.results import results

BASE = [3.30, 3.31, 3.29]
BEST = [3.22, 3.233, 3.208]


def judged(folder, losses, block, **options):
    return judge(
        read_frames(results(folder, losses, name="lr", blocks={"search": block}, **options))
    )


@pytest.mark.parametrize("losses", [{"baseline": BASE}, {"baseline": BASE, "best": [None] * 3}])
def test_without_a_rerun_there_is_no_verdict(tmp_path, losses):
    found = judged(tmp_path, losses, search(12))
    assert (found.kind, found.lead) == ("search", (found.text,))
    assert found.text == (
        "No verdict: the best of 12 trials is chosen by its luck as well; re-run it with fresh "
        "seeds."
    )
    assert found.set == ()


def test_nothing_counts_as_settled_then(tmp_path):
    found = judged(tmp_path, {"baseline": BASE}, search(12))
    assert heading((), found) == "What would settle it"
    assert note((), found).startswith("The best of a search is trained again")


def test_pruned_trials_count_among_those_that_the_best_was_chosen_from(tmp_path):
    found = judged(tmp_path, {"baseline": BASE}, search(12, statuses={3: "pruned", 4: "failed"}))
    assert "the best of 12 trials" in found.text


def test_with_the_rerun_the_verdict_is_the_ordinary_one(tmp_path):
    found = judged(tmp_path, {"baseline": BASE, "best": BEST}, search(12))
    assert (found.kind, found.lead) == ("wins", ("best wins.",))


def test_a_rerun_that_goes_on_is_not_finished(tmp_path):
    found = judged(tmp_path, {"baseline": BASE, "best": [3.2, None, None]}, search(12))
    assert found.text == "Not finished. 4 of 6 cells are done."


def test_a_search_that_goes_on_is_not_finished(tmp_path):
    found = judged(tmp_path, {"baseline": BASE}, search(5, budget=12))
    assert (found.kind, found.text) == (
        "not_finished",
        "Not finished. 5 of 12 trials of the search have ended.",
    )


def test_a_search_that_has_not_begun_is_not_run(tmp_path):
    found = judged(tmp_path, {"baseline": [None] * 3}, search(0, budget=12))
    assert found.kind == "not_run"


def test_a_search_that_completed_nothing_says_so(tmp_path):
    block = search(3, statuses=dict.fromkeys(range(3), "diverged"))
    found = judged(tmp_path, {"baseline": BASE}, block)
    assert (found.kind, found.text) == (
        "search",
        "No verdict: none of the 3 trials of the search was completed.",
    )


def test_the_scope_says_that_only_the_best_was_searched_for(tmp_path):
    found = judged(tmp_path, {"baseline": BASE, "best": BEST}, search(12))
    assert found.scope.endswith(
        "these hyperparameters: optimizer.learning_rate, model.layers and mlp.activation were "
        "searched for in 12 trials, nothing was tuned for the baseline."
    )


def test_a_best_value_at_the_edge_and_seeds_that_are_not_fresh_are_caveats(tmp_path):
    block = search(12, seeds=[1, 2], at_edge=["model.layers"])
    beyond = "lies at the edge of what was searched; a better one may lie beyond it."
    layers = block["trials"][block["best"]]["settings"]["model.layers"]
    found = judged(tmp_path, {"baseline": BASE, "best": BEST}, block)
    assert [each.text for each in found.caveats if each.anchor == "search"] == [
        "The search used seeds 1 and 2, which judge as well; that flatters what was found.",
        f"The best trial's model.layers = {layers} {beyond}",
    ]
    clean = judged(tmp_path, {"baseline": BASE, "best": BEST}, search(12))
    assert RATE in clean.scope
    assert not [each for each in clean.caveats if each.anchor == "search"]
