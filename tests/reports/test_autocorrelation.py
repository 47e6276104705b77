import numpy as np
import pytest

from reports.autocorrelation import correlations, memory
from tests.reference import known


def autoregressive(phi, points, seed):
    noise = np.random.default_rng(seed).normal(0, 1, points)
    values = np.zeros(points)
    for place in range(1, points):
        values[place] = phi * values[place - 1] + noise[place]
    return values


def test_the_autocorrelation_time_is_the_known_answer():
    inputs, expected = known("autocorrelation_time")
    found = memory(np.array(inputs["y"]))
    assert found.tau == pytest.approx(expected["tau"], rel=1e-6)
    assert found.window == expected["window"]
    assert found.effective == pytest.approx(expected["ess"], rel=1e-6)
    assert np.mean(inputs["y"]) == pytest.approx(expected["tail_mean"])
    assert found.error_of_mean == pytest.approx(expected["se_tail_mean"], rel=1e-6)
    assert found.is_reliable is expected["reliable"]


@pytest.mark.parametrize("phi", [-0.2, 0.0, 0.6, 0.9])
def test_a_planted_autocorrelation_time_is_found(phi):
    taus = [memory(autoregressive(phi, 20_000, seed)).tau for seed in range(5)]
    assert np.mean(taus) == pytest.approx((1 + phi) / (1 - phi), rel=0.1)


def test_the_error_of_a_mean_is_how_far_means_lie_apart():
    runs = [autoregressive(0.8, 4000, seed) for seed in range(200)]
    apart = np.std([np.mean(each) for each in runs])
    assert np.mean([memory(each).error_of_mean for each in runs]) == pytest.approx(apart, rel=0.2)


def test_fifty_times_tau_make_it_reliable():
    assert memory(autoregressive(0.9, 4000, 0)).is_reliable
    assert not memory(autoregressive(0.9, 400, 0)).is_reliable


def test_correlations_are_the_direct_sum():
    y = np.random.default_rng(1).normal(0, 1, 37)
    off = y - y.mean()
    direct = [(off[: 37 - lag] * off[lag:]).sum() / (off**2).sum() for lag in range(37)]
    assert correlations(y) == pytest.approx(direct, abs=1e-12)


def test_few_points_and_a_constant_series_have_none():
    assert memory(np.random.default_rng(0).normal(0, 1, 29)) is None
    assert memory(np.full(100, 3.1)) is None


def test_values_that_are_not_finite_are_left_out():
    y = autoregressive(0.6, 500, 0)
    assert memory(np.append(y, [np.nan, np.inf])) == memory(y)


def test_an_alternating_series_has_a_time_above_zero():
    assert 0 < memory(np.tile([1.0, -1.0], 40)).tau < 0.1
