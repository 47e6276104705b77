"""What the figures of a search draw, point by point."""

from math import log10

import pytest

from reports.drawings.search import Dot, expected_best, history, importance, loss_range, outside
from reports.drawings.slices import slice_of

DOTS = [
    Dot(0, 3.5, "complete", "trial 0"),
    Dot(1, 3.6, "complete", "trial 1"),
    Dot(2, 9.0, "pruned", "trial 2"),
    Dot(3, 3.55, "pruned", "trial 3"),
    Dot(4, None, "diverged", "<b>trial 4</b>"),
    Dot(5, 3.2, "complete", "trial 5"),
    Dot(6, 3.4, "complete", "trial 6"),
]


def traces(figure):
    return {each["meta"]["what"]: each for each in figure.to_plotly_json()["data"]}


def test_the_frame_is_that_of_completed_trials():
    assert loss_range(DOTS) == pytest.approx((3.2 - 0.032, 3.6 + 0.032))
    assert outside(DOTS) == (1, 0)
    assert loss_range([DOTS[0]])[0] < 3.5 < loss_range([DOTS[0]])[1]


def test_history_draws_each_kind_in_its_way():
    drawn = traces(history(DOTS, 5))
    assert list(drawn["complete"]["x"]) == [0, 1, 5, 6]
    assert list(drawn["pruned"]["x"]) == [3]
    assert drawn["pruned"]["marker"]["color"] == "var(--page)"
    assert list(drawn["bad"]["x"]) == [4]
    assert list(drawn["bad"]["text"]) == ["&lt;b&gt;trial 4&lt;/b&gt;"]
    assert (list(drawn["best"]["x"]), list(drawn["best"]["y"])) == ([5], [3.2])


def test_the_best_so_far_steps_down_and_goes_on_to_the_end():
    line = traces(history(DOTS, 5))["best so far"]
    assert list(line["x"]) == [0, 1, 5, 6, 6]
    assert list(line["y"]) == [3.5, 3.5, 3.2, 3.2, 3.2]
    assert line["line"]["shape"] == "hv"


def test_a_search_that_goes_on_has_no_best_yet():
    assert list(traces(history(DOTS, None))["best"]["x"]) == []


@pytest.mark.parametrize(("trials", "tick"), [(4, 1), (40, None)])
def test_few_trials_have_a_tick_each_and_none_between_two(trials, tick):
    best = expected_best([3.5 - 0.01 * place for place in range(trials)])
    order = history([Dot(place, 3.5, "complete", "") for place in range(trials)], None)
    assert [each.layout.xaxis.dtick for each in (best, order)] == [tick, tick]


def test_bars_have_the_lowest_and_the_highest_of_their_estimates():
    (bars,) = importance([("a", 0.7, 0.6, 0.9), ("b", 0.2, 0.2, 0.2)], "share").data
    assert list(bars.error_x.array) == pytest.approx([0.2, 0.0])
    assert list(bars.error_x.arrayminus) == pytest.approx([0.1, 0.0])
    assert bars.error_x.visible
    (alone,) = importance([("a", 0.7, 0.7, 0.7)], "share").data
    assert not alone.error_x.visible


def test_the_best_of_k_is_drawn_to_half_and_dotted_beyond():
    drawn = traces(expected_best([3.5, 3.4, 3.35, 3.3, 3.2]))
    assert list(drawn["estimated"]["x"]) == [1, 2]
    assert list(drawn["rest"]["x"]) == [2, 3, 4, 5]
    assert drawn["rest"]["line"]["dash"] == "dot"
    assert "dash" not in drawn["estimated"]["line"]


def test_a_logarithmic_slice_runs_from_end_to_end_with_ticks_at_1_and_3():
    places = [(each, 10.0**-each.number) for each in DOTS]
    figure = slice_of(places, 5, "rate", {"low": 1e-4, "high": 1e-2, "log": True})
    axis = figure.layout.xaxis
    assert axis.type == "log"
    assert list(axis.ticktext) == ["0.0001", "0.0003", "0.001", "0.003", "0.01"]
    assert list(axis.tickvals) == pytest.approx([1e-4, 3e-4, 1e-3, 3e-3, 1e-2])
    assert axis.range[0] < log10(1e-4) < log10(1e-2) < axis.range[1]


def test_many_decades_have_one_tick_each():
    figure = slice_of([(DOTS[0], 1e-3)], 0, "rate", {"low": 1e-6, "high": 1e-1, "log": True})
    assert [*figure.layout.xaxis.ticktext] == ["1e-06", "1e-05", "0.0001", "0.001", "0.01", "0.1"]


def test_a_slice_of_words_keeps_their_order_and_shows_tags_as_they_are():
    places = [(each, "<b>" if each.number % 2 else "relu") for each in DOTS]
    figure = slice_of(places, 5, "activation", ["relu", "<b>"])
    axis = figure.layout.xaxis
    assert (axis.type, [*axis.categoryarray]) == ("category", ["relu", "&lt;b&gt;"])
    assert [*traces(figure)["complete"]["x"]] == ["relu", "&lt;b&gt;", "&lt;b&gt;", "relu"]
    assert [*traces(figure)["best"]["x"]] == ["&lt;b&gt;"]
