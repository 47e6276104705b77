import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.crossings import (
    expected_sign_changes,
    lead,
    lead_of,
    states,
    stretches,
    time_in_lead,
)
from tests.reference import known

TOKENS = 1e6 * np.arange(1, 13)


def test_the_lead_is_the_known_answer():
    inputs, expected = known("crossings")
    tokens, difference = np.array(inputs["tokens"]), np.array(inputs["difference"])
    found = lead_of(tokens, difference, inputs["band"], 0.005)
    assert found.changes == tuple(tokens[expected["lead_change_index"]])
    assert len(found.changes) == expected["lead_changes"]
    assert found.sign_changes == expected["raw_sign_changes"]
    assert found.settled_since == expected["settled_since_tokens"]
    assert found.time_in_lead == pytest.approx(expected["time_in_lead_variant"])


def test_the_expected_sign_changes_are_the_known_answer():
    inputs, expected = known("expected_sign_changes")
    found = expected_sign_changes(inputs["mean"], inputs["noise_sd"], inputs["points"])
    assert found == pytest.approx(expected["total"], rel=1e-6)
    assert found / (inputs["points"] - 1) == pytest.approx(expected["per_step"], rel=1e-6)


def test_the_expected_sign_changes_are_those_of_simulated_noise():
    noise = np.random.default_rng(0).normal(0.01, 0.02, (4000, 50))
    seen = np.count_nonzero(np.diff(np.sign(noise), axis=1), axis=1).mean()
    assert expected_sign_changes(0.01, 0.02, 50) == pytest.approx(seen, rel=0.03)
    assert expected_sign_changes(0.01, 0.0, 50) == 0


def crossing(seed, *, places=(0.3, 0.6), steps=3000, gap=0.04, noise=0.05):
    """Tokens and differences of a run in which the sign of a constant gap changes."""
    step = np.arange(1, steps + 1)
    sign = np.ones(steps)
    for place in places:
        sign[step > place * steps] *= -1
    return 128.0 * step, gap * sign + np.random.default_rng(seed).normal(0, noise, steps)


@pytest.mark.parametrize("seed", range(5))
def test_planted_changes_of_the_lead_are_found_within_two_stretches(seed):
    tokens, difference = crossing(seed)
    found = lead(tokens, difference)
    planted = np.array([0.3, 0.6]) * tokens[-1]
    assert np.abs(np.array(found.changes) - planted).max() <= 2 * tokens[-1] / 50
    assert found.settled_since == found.changes[-1]
    assert found.leader == 1
    assert found.time_in_lead == pytest.approx(0.3, abs=0.03)


def test_a_late_change_is_not_settled():
    found = lead(*crossing(0, places=(0.93,)))
    assert len(found.changes) == 1
    assert found.settled_since is None


def test_a_lead_that_never_changes_stands_from_the_start():
    found = lead(*crossing(0, places=()))
    assert (found.changes, found.is_from_start, found.leader) == ((), True, 1)
    assert found.settled_since == found.first == pytest.approx(3000 * 128 / 50)


def test_a_lead_that_shows_late_does_not_stand_from_the_start():
    difference = np.array([0.0] * 6 + [-0.03] * 6)
    found = lead_of(TOKENS, difference, 0.01, 0.005)
    assert (found.changes, found.is_from_start, found.settled_since) == ((), False, 7e6)


def test_noise_around_nothing_has_no_lead_that_a_constant_gap_would_have():
    found = lead(*crossing(1, gap=0.0, places=()))
    assert found.sign_changes == pytest.approx(found.expected_sign_changes, abs=12)
    assert found.time_in_lead == pytest.approx(0.5, abs=0.2)


def test_two_equal_curves_have_no_lead():
    found = lead(np.arange(1.0, 201), np.zeros(200))
    assert (found.first, found.settled_since, found.leader) == (None, None, 0)
    assert (found.sign_changes, found.time_in_lead) == (0, 0.0)


def test_points_that_are_not_finite_are_left_out():
    tokens, difference = crossing(0)
    late = np.append(difference, [np.nan] * 50)
    longer = np.append(tokens, tokens[-1] + 128.0 * np.arange(1, 51))
    assert lead(longer, late) == lead(tokens, difference)


def test_thirty_points_are_needed():
    assert lead(np.arange(1.0, 30), np.ones(29)) is None
    assert lead(np.arange(30.0), np.ones(30)) is None  # no tokens at the first
    assert lead(np.arange(1.0, 31), np.ones(30)) is not None


def test_a_point_stands_for_the_tokens_before_it():
    assert time_in_lead(np.array([1.0, 2.0, 10.0]), np.array([1.0, 1.0, -1.0])) == 0.8


def test_a_long_run_is_cut_into_fifty_means():
    x, y = stretches(np.arange(1.0, 1001), np.arange(1000.0))
    assert (len(x), x[-1], y[0], y[-1]) == (50, 1000, 9.5, 989.5)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(0, 0.5))
def test_the_state_is_the_last_difference_beyond_the_band(values, band):
    expected, state = [], 0
    for each in values:
        state = 1 if each > band else -1 if each < -band else state
        expected.append(state)
    assert states(np.array(values), band).tolist() == expected
