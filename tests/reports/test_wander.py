"""Wander around the trend, against statsmodels' LOWESS and against what was planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.nonparametric.smoothers_lowess import lowess

from reports.wander import motion, motions, share_of_jumping, trend, wander


def falling(steps, seed=0, noise=0.05):
    """Tokens and a falling curve with white noise."""
    x = 512.0 * np.arange(5, 5 + steps)
    fall = 3 + 2 * np.exp(-5 * np.arange(steps) / steps)
    return x, fall + np.random.default_rng(seed).normal(0, noise, steps)


def reference(x, y):
    return lowess(y, np.log(x), frac=0.2, it=3, return_sorted=False)


@pytest.mark.parametrize("steps", [30, 63, 301, 1999])
def test_the_trend_is_that_of_statsmodels(steps):
    x, y = falling(steps)
    y[steps // 2 : steps // 2 + 3] += 4  # a spike, for the reweightings to find
    assert trend(x, y) == pytest.approx(reference(x, y), abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=30, max_size=60),
    st.integers(0, 1000),
)
def test_the_trend_is_that_of_statsmodels_for_any_values_at_unequal_places(values, seed):
    y = np.array(values) + np.random.default_rng(seed).normal(0, 0.1, len(values))
    x = np.random.default_rng(seed).uniform(1, 50, len(values)).cumsum()
    assert trend(x, y) == pytest.approx(reference(x, y), abs=1e-8)


def test_a_long_curve_has_the_same_trend_within_a_small_part_of_its_noise():
    x, y = falling(4001)
    assert np.abs(trend(x, y) - reference(x, y)).max() < 0.002 * 0.05


def test_a_line_in_log_tokens_is_its_own_trend():
    x = 100.0 * np.arange(1, 64)
    assert trend(x, 3 - 0.2 * np.log(x)) == pytest.approx(3 - 0.2 * np.log(x), abs=1e-9)


def test_white_noise_jumps():
    x, y = falling(4001, noise=0.05)
    found = motion(x, y, y - trend(x, y))
    assert found.jitter == pytest.approx(0.05, rel=0.1)
    assert found.wander == pytest.approx(0.05, rel=0.1)
    assert found.jumping > 0.85


def test_a_slow_drift_wanders_and_does_not_jump():
    """A wave of 40 steps: jitter sees only what is left of it from one step to the next."""
    x, _ = falling(2000)
    y = 3 + 0.1 * np.sin(2 * np.pi * np.arange(2000) / 40)
    found = motion(x, y, y - trend(x, y))
    assert found.wander == pytest.approx(1.4826 * 0.1 / np.sqrt(2), rel=0.05)
    assert found.jumping < 0.001


def test_jitter_and_wander_of_both_at_once_are_what_was_planted():
    generator = np.random.default_rng(2)
    steps, phi = 6000, 0.98
    drift = np.zeros(steps)
    for step in range(1, steps):
        drift[step] = phi * drift[step - 1] + generator.normal(0, 0.06 * np.sqrt(1 - phi**2))
    y = 3 + drift + generator.normal(0, 0.02, steps)
    x = 1000.0 + np.arange(steps)  # nearly even in the logarithm
    found = motion(x, y, y - trend(x, y))
    # White noise, and a third of the drift's innovations, pass the differences.
    assert found.jitter == pytest.approx(0.022, rel=0.1)
    assert found.wander == pytest.approx(np.hypot(0.06, 0.02), rel=0.15)
    assert found.jumping == pytest.approx((found.jitter / found.wander) ** 2)


def test_the_noise_of_each_stretch_is_its_own():
    steps = 20_000
    x = 100.0 * np.arange(1, steps + 1)
    scale = np.where(x < np.sqrt(x[0] * x[-1]), 0.08, 0.02)
    y = 3 + scale * np.random.default_rng(3).normal(0, 1, steps)
    found = motions(x, y, y - 3)
    assert len(found) == 10
    assert found[0].jitter is None  # too few steps so early
    assert found[4].jitter == pytest.approx(0.08, rel=0.35)
    assert found[4].wander == pytest.approx(0.08, rel=0.35)
    assert found[-1].jitter == pytest.approx(0.02, rel=0.1)
    ratios = [each.end / each.start for each in found]
    assert ratios == pytest.approx([ratios[0]] * 10)
    assert (found[0].start, found[-1].end) == pytest.approx((x[0], x[-1]))


def test_thirty_points_are_needed():
    assert wander(np.arange(29.0)) is None
    assert wander(np.arange(30.0)) == pytest.approx(1.482602219 * 7.5)
    x, y = falling(29)
    assert motion(x, y, y).jumping is None


def test_a_constant_curve_has_no_share_of_jumping():
    x = np.arange(1.0, 101)
    y = np.full(100, 3.1)
    found = motion(x, y, y - trend(x, y))
    assert (found.jitter, found.jumping) == (pytest.approx(0, abs=1e-12), None)
    assert share_of_jumping(None, 0.1) is None
    assert share_of_jumping(0.2, 0.1) == 1.0
