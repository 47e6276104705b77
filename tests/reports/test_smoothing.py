"""The dashboards' formulas against numbers computed elsewhere, scipy, and plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from reports.smoothing import ema, running_mean, time_weighted_ema
from tests.pictures import known_picture, smoothed

LOSSES = st.lists(st.floats(0.01, 20), min_size=1, max_size=60)


def test_tensorboard_is_the_known_answer():
    inputs, expected = known_picture("ema_tensorboard")
    for weight in inputs["weight"]:
        found = ema(np.array(inputs["y"]), weight)
        assert found == pytest.approx(expected[str(weight)], abs=1e-6)


def test_the_time_weighted_one_is_the_known_answer():
    inputs, expected = known_picture("ema_time_weighted")
    x, y = np.array(inputs["x"], float), np.array(inputs["y"])
    found = time_weighted_ema(x, y, inputs["smoothing"], inputs["viewport_scale"])
    assert found == pytest.approx(expected["y"], abs=1e-6)


def test_the_running_mean_is_the_known_answer():
    inputs, expected = known_picture("running_mean")
    assert running_mean(np.array(inputs["y"]), inputs["points"]) == pytest.approx(
        expected["y"], abs=1e-6
    )


@given(LOSSES, st.sampled_from([0.001, 0.3, 0.6, 0.9, 0.99, 0.999]))
def test_tensorboard_is_the_recurrence(losses, weight):
    x = list(np.arange(len(losses), dtype=float))
    expected = smoothed(f"ema {weight}", x, losses)
    np.testing.assert_allclose(ema(np.array(losses), weight), expected, rtol=1e-9)


@given(LOSSES, st.data(), st.sampled_from([0.001, 0.25, 0.6, 0.99, 1.0]))
def test_the_time_weighted_one_is_the_recurrence_at_any_spacing(losses, data, smoothing):
    gaps = st.lists(st.integers(1, 50), min_size=len(losses), max_size=len(losses))
    x = np.cumsum(data.draw(gaps)).astype(float)
    expected = smoothed(f"twema {smoothing}", list(x), losses)
    found = time_weighted_ema(x, np.array(losses), smoothing)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@given(LOSSES, st.sampled_from([1, 3, 11, 101]))
def test_the_running_mean_is_the_mean_of_its_neighbours(losses, points):
    expected = smoothed(f"mean {points}", [], losses)
    np.testing.assert_allclose(running_mean(np.array(losses), points), expected, rtol=1e-9)


@pytest.mark.parametrize("weight", [0.05, 0.6, 0.99])
def test_a_long_run_neither_overflows_nor_forgets(weight):
    y = 3 + np.random.default_rng(1).normal(0, 0.1, 20_000)
    sums = lfilter([1.0], [1.0, -weight], y)
    weights = lfilter([1.0], [1.0, -weight], np.ones_like(y))
    np.testing.assert_allclose(ema(y, weight), sums / weights, rtol=1e-11)


def test_several_curves_are_smoothed_as_each_by_itself():
    x = np.array([1.0, 2, 4, 8, 9])
    curves = np.random.default_rng(2).normal(3, 1, (2, 3, 5))
    together = [time_weighted_ema(x, curves, 0.6), ema(curves, 0.9), running_mean(curves, 3)]
    single = curves[1, 2]
    alone = [time_weighted_ema(x, single, 0.6), ema(single, 0.9), running_mean(single, 3)]
    for all_of_them, one in zip(together, alone, strict=True):
        np.testing.assert_allclose(all_of_them[1, 2], one)


def test_no_smoothing_returns_what_it_was_given():
    y = np.array([4.0, 3.0, 3.5])
    assert ema(y, 0) is y
    assert time_weighted_ema(np.arange(3.0), y, 0) is y
