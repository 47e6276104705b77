import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablations.match import Match, solve, steps_of
from ablations.tree import Node
from components.errors import UserError


def match(tolerance=0.01, multiple=1):
    node = Node("mlp.width", "match.parameters", "grid.yaml:4")
    return Match("parameters", "mlp.width", tolerance, multiple, node)


@given(
    slope=st.integers(1, 500),
    fixed=st.integers(0, 100_000),
    wanted=st.integers(1, 5000),
    start=st.integers(1, 5000),
)
def test_the_nearest_whole_number_is_found_wherever_the_search_starts(slope, fixed, wanted, start):
    target = fixed + slope * wanted
    found = solve(match(0.9), target, start, lambda width: fixed + slope * width, "gated")
    assert found == wanted


@given(target=st.integers(2000, 100_000), multiple=st.sampled_from([1, 8, 64]))
def test_no_other_multiple_is_nearer(target, multiple):
    def measured(width):
        return 1000 + 3 * width

    found = solve(match(0.9, multiple), target, 64, measured, "gated")
    assert found % multiple == 0
    every = range(multiple, 40_000, multiple)
    nearest = min(abs(measured(width) - target) for width in every)
    assert abs(measured(found) - target) == nearest


def test_the_search_measures_few_values():
    asked = []

    def measured(width):
        asked.append(width)
        return 7.0 * width

    assert solve(match(), 7 * 3000, 64, measured, "gated") == 3000
    assert len(set(asked)) < 25


def test_what_cannot_be_met_says_by_how_much_it_missed():
    with pytest.raises(UserError) as error:
        solve(match(0.01, 100), 1_150, 100, lambda width: 10 * width, "gated")
    (problem,) = error.value.problems
    assert problem.what == "gated cannot have as many parameters as the baseline"
    assert problem.place == "grid.yaml:4"
    assert "nearest is mlp.width = 100: 1,000, 13 % fewer" in problem.hints[0]
    assert "the baseline has 1,150, and 1 % is allowed" in problem.hints[1]


def test_a_target_below_the_smallest_model_is_refused():
    with pytest.raises(UserError, match="cannot have as many"):
        solve(match(), 100, 64, lambda width: 1000 + width, "gated")


def test_steps_share_out_the_flops_of_the_baseline():
    assert steps_of(1000, 2.0, 4.0) == 500
    assert steps_of(1000, 2.0, 1.5) == 1333
    assert steps_of(1, 1.0, 1000.0) == 1
