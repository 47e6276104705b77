import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablations.space import (
    Range,
    Values,
    as_settings,
    combinations,
    is_at_edge,
    listed,
    read_space,
    refuse_decided,
    size,
)
from ablations.tree import Problems
from components.catalogue import read_catalogue
from tests.ablations.sections import PLACE, said, section


def space(text):
    problems = Problems()
    found = read_space(section(text, "search"), ("seeds", "trials"), read_catalogue(), problems)
    return found, problems.found


def axes(text):
    found, problems = space(text)
    assert problems == []
    return found


def wrong(text):
    found = space(text)[1]
    assert {each.place for each in found} == {PLACE}
    return found


def test_lists_and_ranges_are_read_in_the_order_written():
    text = (
        "{optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}, model: {heads: [1, 2]},"
        " training.steps: {low: 10, high: 30, step: 10}, memory: [none, [xl, rmt]], seeds: 3}"
    )
    assert axes(text) == (
        Range("optimizer.learning_rate", 1e-4, 1e-2, log=True),
        Values("model.heads", (1, 2)),
        Range("training.steps", 10, 30, step=10),
        Values("memory", ("none", ["xl", "rmt"])),
    )


def test_a_range_has_the_type_of_its_setting():
    (rate,) = axes("{optimizer.learning_rate: {low: 1, high: 2}}")
    (heads,) = axes("{model.heads: {low: 1, high: 2}}")
    assert (type(rate.low), rate.is_whole) == (float, False)
    assert (type(heads.low), heads.is_whole) == (int, True)


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        (
            "{optimizer.learning_rate: {low: 1e-2, high: 1e-4}}",
            "optimizer.learning_rate",
            "the range is empty",
        ),
        (
            "{optimizer.learning_rate: {low: 0, high: 1, log: true}}",
            "optimizer.learning_rate.low",
            "a logarithmic range starts above 0",
        ),
        (
            "{optimizer.learning_rate: {low: 1, high: 2, log: true, step: 1}}",
            "optimizer.learning_rate.step",
            "a logarithmic range has no steps",
        ),
        (
            "{optimizer.learning_rate: {low: 0.1, high: 0.25, step: 0.1}}",
            "optimizer.learning_rate.step",
            "the steps do not end at high",
        ),
        (
            "{optimizer.learning_rate: {low: 1, high: 2, step: 0}}",
            "optimizer.learning_rate.step",
            "a step is above 0",
        ),
        ("{optimizer.learning_rate: {low: 1}}", "optimizer.learning_rate", "the range has no high"),
        (
            "{optimizer.learning_rate: {low: a, high: 2}}",
            "optimizer.learning_rate.low",
            "not a number",
        ),
        (
            "{optimizer.learning_rate: {low: 1, high: true}}",
            "optimizer.learning_rate.high",
            "not a number",
        ),
        ("{model.heads: {low: 1, high: 2.5}}", "model.heads.high", "not a number"),
        (
            "{optimizer.learning_rate: {low: 1, high: 2, log: 3}}",
            "optimizer.learning_rate.log",
            "log is true or false",
        ),
        (
            "{optimizer.learning_rate: {low: 1, high: 2, stepp: 3}}",
            "optimizer.learning_rate.stepp",
            "a range has no key stepp",
        ),
        ("{positions: {low: 1, high: 2}}", "positions", "positions is no number"),
        ("{model.tied: {low: 0, high: 1}}", "model.tied", "model.tied is no number"),
        (
            "{optimizer.learning_rate: 3e-3}",
            "optimizer.learning_rate",
            "optimizer.learning_rate has neither values nor a range",
        ),
        (
            "{optimizer.learning_rate: []}",
            "optimizer.learning_rate",
            "optimizer.learning_rate has nothing to choose from",
        ),
        (
            "{optimizer.learning_rate: [1e-3]}",
            "optimizer.learning_rate",
            "optimizer.learning_rate has nothing to choose from",
        ),
        (
            "{optimizer.learning_rate: [1, 1.0]}",
            "optimizer.learning_rate[1]",
            "the value is repeated",
        ),
        (
            "{optimizer.learning_rate: [1, fast]}",
            "optimizer.learning_rate[1]",
            "optimizer.learning_rate has the wrong type",
        ),
        ("{model.heads: [1, 1.5]}", "model.heads[1]", "model.heads has the wrong type"),
        ("{positions: [rotary, rotery]}", "positions[1]", "unknown component positions/rotery"),
        (
            "{optimizer.learning_rat: [1, 2]}",
            "optimizer.learning_rat",
            "no optimizer has an option learning_rat",
        ),
        ("{model.hads: [1, 2]}", "model.hads", "model has no field hads"),
        ("{trails: 8, model.heads: [1, 2]}", "trails", "search has no key trails"),
        ("{learning_rate: [1, 2]}", "learning_rate", "unknown setting learning_rate"),
        ("{seeds: 3}", "", "search varies nothing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, key, what):
    assert said(wrong(text)) == [(f"search.{key}".rstrip("."), what)]


def test_near_names_are_offered():
    assert "did you mean trials?" in wrong("{trails: 8, model.heads: [1, 2]}")[0].hints
    assert "did you mean learning_rate?" in wrong("{optimizer.learning_rat: [1, 2]}")[0].hints
    assert "did you mean step?" in wrong("{model.heads: {low: 1, high: 2, stp: 1}}")[0].hints
    text = "{optimizer.learning_rate: {low: 0.1, high: 0.25, step: 0.1}}"
    assert wrong(text)[0].hints == ("low + 1 steps is 0.2",)


def test_everything_is_said_at_once():
    text = "{model.heads: [1], positions: [rotary, rotery], training.steps: {low: 3, high: 2}}"
    assert len(wrong(text)) == 3


def test_a_space_that_is_no_mapping_is_refused():
    assert said(wrong("[1, 2]")) == [("search", "a mapping is expected here")]


def test_a_range_with_steps_is_listed_without_rounding():
    assert listed(Range("a", 0.1, 0.7, step=0.2)) == (0.1, 0.3, 0.5, 0.7)
    assert listed(Range("a", 2, 5)) == (2, 3, 4, 5)
    assert listed(Range("a", 1, 7, step=3)) == (1, 4, 7)
    assert listed(Range("a", 0.1, 0.7)) is None
    assert listed(Range("a", 1, 8, log=True)) is None


def test_combinations_come_in_order_and_the_last_axis_is_the_fastest():
    both = (Values("a", ("x", "y")), Range("b", 1, 2))
    assert [*combinations(both)] == [
        {"a": "x", "b": 1},
        {"a": "x", "b": 2},
        {"a": "y", "b": 1},
        {"a": "y", "b": 2},
    ]
    assert size(both) == 4
    assert size((*both, Range("c", 0.0, 1.0))) is None


def test_numbers_at_the_end_of_a_list_lie_at_its_edge_and_words_never_do():
    rates = Values("a", (3e-3, 1e-3, 1e-2))
    assert [is_at_edge(rates, each) for each in rates.values] == [False, True, True]
    assert not is_at_edge(Values("a", ("rotary", "none")), "rotary")
    assert not is_at_edge(Values("a", (1, "auto")), 1)


@given(st.floats(0.0, 1.0))
def test_the_edge_of_a_range_is_its_outer_twentieth(share):
    plain, log = Range("a", 2.0, 4.0), Range("a", 1e-4, 1e-2, log=True)
    expected = min(share, 1 - share) <= 0.05
    if abs(min(share, 1 - share) - 0.05) > 1e-9:
        assert is_at_edge(plain, 2.0 + 2.0 * share) == expected
        assert is_at_edge(log, 1e-4 * math.exp(share * math.log(100))) == expected


def test_only_the_ends_of_a_range_with_steps_are_its_edge():
    assert [is_at_edge(Range("a", 1, 100), each) for each in (1, 2, 99, 100)] == [
        True,
        False,
        False,
        True,
    ]


def test_chosen_values_are_settings_with_the_place_of_their_axis():
    found = axes("{memory: [none, [xl, rmt]], model.heads: [1, 2]}")
    settings = as_settings(found, {"memory": ["xl", "rmt"], "model.heads": 2})
    assert settings["memory"].plain == ["xl", "rmt"]
    assert (settings["model.heads"].value, settings["model.heads"].place) == (2, PLACE)


def test_an_axis_that_something_else_decides_is_refused():
    problems = Problems()
    found = axes("{model.heads: [1, 2], training.steps: [5, 6]}")
    refuse_decided(found, {"an axis": ["positions"], "under `set`": ["model.heads"]}, problems)
    assert said(problems.found) == [("model.heads", "model.heads is tuned and under `set`")]
