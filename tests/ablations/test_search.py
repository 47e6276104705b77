from dataclasses import replace

import pytest

from ablations.search import Search, read_search, search_digest
from ablations.space import Range, Values
from tests.ablations.sections import read, refused, said

RATE = "optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}"


def test_a_search_is_read_with_what_it_leaves_out():
    assert read(read_search, f"{{{RATE}, trials: 20}}", "search") == Search(
        (Range("optimizer.learning_rate", 1e-4, 1e-2, log=True),), "tpe", 20
    )


def test_everything_can_be_said():
    text = f"{{{RATE}, sampler: gp, trials: 9, pruner: wilcoxon, objectives: [loss], seeds: 5}}"
    found = read(read_search, text, "search")
    assert (found.sampler, found.trials, found.pruner, found.seeds) == ("gp", 9, "wilcoxon", 5)
    both = read(read_search, f"{{{RATE}, trials: 9, objectives: [loss, seconds]}}", "search")
    assert both.objectives == ("loss", "seconds")


def test_a_grid_has_a_trial_for_each_point():
    text = "{model.heads: [1, 2, 4], training.steps: {low: 5, high: 6}, sampler: grid}"
    assert read(read_search, text, "search").trials == 6


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        ("tpe", "search", "search names no setting"),
        (f"{{{RATE}}}", "search", "the search has no number of trials"),
        (f"{{{RATE}, trials: 0}}", "search.trials", "trials are a number"),
        (f"{{{RATE}, trials: 5, sampler: tpi}}", "search.sampler", "unknown sampler"),
        (f"{{{RATE}, trials: 5, pruner: hyper}}", "search.pruner", "unknown pruner"),
        (
            f"{{{RATE}, trials: 5, objectives: [loss, second]}}",
            "search.objectives[1]",
            "unknown objective",
        ),
        (
            f"{{{RATE}, trials: 5, objectives: [seconds]}}",
            "search.objectives",
            "objectives are a list that begins with loss",
        ),
        (
            f"{{{RATE}, trials: 5, objectives: [loss, loss]}}",
            "search.objectives",
            "objectives are a list that begins with loss",
        ),
        (
            f"{{{RATE}, trials: 5, objectives: loss}}",
            "search.objectives",
            "objectives are a list that begins with loss",
        ),
        (
            f"{{{RATE}, trials: 5, objectives: [loss, seconds], pruner: median}}",
            "search.pruner",
            "a search with several objectives has no pruner",
        ),
        (
            f"{{{RATE}, trials: 5, pruner: wilcoxon, seeds: 4}}",
            "search.pruner",
            "wilcoxon has too few seeds to end anything early",
        ),
        (
            f"{{{RATE}, trials: 5, pruner: hyperband, seeds: 2}}",
            "search.pruner",
            "hyperband watches one training of a configuration",
        ),
        (
            f"{{{RATE}, sampler: grid}}",
            "optimizer.learning_rate",
            "a grid cannot hold every value of optimizer.learning_rate",
        ),
        (
            "{model.heads: [1, 2], sampler: grid, trials: 3}",
            "search.trials",
            "the grid has 2 points",
        ),
    ],
)
def test_what_is_wrong_is_refused(text, key, what):
    assert (key, what) in said(refused(read_search, text, "search"))


def test_near_words_are_offered():
    (problem,) = refused(read_search, f"{{{RATE}, trials: 5, pruner: hyperbnd}}", "search")
    assert problem.hints == (
        "expected none, hyperband, median or wilcoxon",
        "did you mean hyperband?",
    )


def test_the_digest_is_of_all_that_decides_what_is_proposed_and_not_of_how_much():
    search = Search((Values("a", (1, 2)), Range("b", 0.0, 1.0)), "tpe", 20)
    same = search_digest(search, (1000,), "baseline")
    assert search_digest(replace(search, trials=40), (1000,), "baseline") == same
    others = [
        search_digest(replace(search, axes=search.axes[::-1]), (1000,), "baseline"),
        search_digest(replace(search, sampler="random"), (1000,), "baseline"),
        search_digest(replace(search, pruner="median"), (1000,), "baseline"),
        search_digest(replace(search, objectives=("loss", "seconds")), (1000,), "baseline"),
        search_digest(search, (1001,), "baseline"),
        search_digest(search, (1000,), "another"),
    ]
    assert len({same, *others}) == 7
