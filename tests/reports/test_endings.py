import numpy as np
import pytest
from scipy import stats
from statsmodels.api import OLS, add_constant

from reports.endings import end_line, meeting, over_seeds, straight, tail, tail_average
from tests.reference import known


def test_the_slope_of_the_end_is_the_known_answer():
    inputs, expected = known("end_slope")
    x, y = np.array(inputs["tokens"]), np.array(inputs["loss"])
    found = straight(x, y)
    assert found.slope == pytest.approx(expected["slope"], rel=1e-6)
    assert found.error == pytest.approx(expected["se"], rel=1e-6)
    assert found.for_more == pytest.approx(expected["per_10_percent_more"], rel=1e-6)
    assert straight(x, y, 2).error == pytest.approx(expected["se_with_tau_2"], rel=1e-6)


def test_the_tail_average_is_the_known_answer():
    inputs, expected = known("tail_average")
    found = tail_average(inputs["sd"], inputs["points"], inputs["tau"], inputs["slope_per_point"])
    assert found.error_of_last == pytest.approx(expected["se_last"], rel=1e-6)
    assert found.error_of_mean == pytest.approx(expected["se_tail"], rel=1e-6)
    assert found.bias == pytest.approx(expected["bias"], rel=1e-6)
    assert found.mean_square_of_last == pytest.approx(expected["mse_last"], rel=1e-6)
    assert found.mean_square_of_mean == pytest.approx(expected["mse_tail"], rel=1e-6)


def sloped(phi, steps=2000, seed=0, slope=-1e-4):
    """A line whose noise follows itself with the coefficient phi."""
    noise = np.random.default_rng(seed).normal(0, 0.05, steps)
    for step in range(1, steps):
        noise[step] += phi * noise[step - 1]
    x = np.arange(1.0, steps + 1)
    return x, 3 + slope * x + noise


def test_the_end_is_the_last_fifth_of_the_tokens():
    x, y = sloped(0.0)
    y[:1600] = 99.0
    fit = OLS(y[1600:], add_constant(x[1600:])).fit()
    found = end_line(x, y)
    assert found.slope == pytest.approx(fit.params[1], rel=1e-9)
    assert found.last == pytest.approx(fit.predict([1, 2000])[0], rel=1e-9)
    assert found.error >= fit.bse[1] * (1 - 1e-9)


def test_the_error_of_a_slope_covers_noise_that_follows_itself():
    found = [end_line(*sloped(0.8, seed=seed)) for seed in range(300)]
    apart = np.std([each.slope for each in found])
    assert np.median([each.error for each in found]) == pytest.approx(apart, rel=0.25)
    off = [abs(each.slope + 1e-4) > 2 * each.error for each in found]
    assert np.mean(off) < 0.15  # 5 %, and what 400 points leave of tau


def test_thirty_finite_points_are_needed_at_the_end():
    x, y = sloped(0.0, steps=145)
    assert end_line(x, y) is None
    x, y = sloped(0.0, steps=155)
    assert end_line(x, y) is not None
    y[-3:] = np.nan
    assert end_line(x, y) is None


def test_a_constant_curve_has_a_slope_of_zero():
    found = end_line(np.arange(1.0, 301), np.full(300, 3.1))
    assert (found.slope, found.error, found.last) == pytest.approx((0, 0, 3.1), abs=1e-12)


def test_over_seeds_is_the_t_interval_of_scipy():
    values = [0.01, 0.014, 0.009]
    found = over_seeds(values, 1)
    expected = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    wider = stats.t.interval(1 - 0.05 / 4, 2, np.mean(values), stats.sem(values))
    assert over_seeds(values, 4).high == pytest.approx(wider[1])
    assert over_seeds([0.01], 1) is None
    assert over_seeds([], 1) is None


def test_a_closing_gap_meets_zero_where_its_line_does():
    assert meeting(0.02, -0.001, 100.0) == pytest.approx(120)
    assert meeting(-0.02, 0.001, 100.0) == pytest.approx(120)
    assert meeting(0.02, 0.001, 100.0) is None
    assert meeting(0.02, 0.0, 100.0) is None


def test_the_tail_of_many_evaluations_has_the_noise_and_slope_that_was_planted():
    x = 1000.0 * np.arange(1, 501)
    y = 3 - 0.001 * np.arange(500) + np.random.default_rng(0).normal(0, 0.02, 500)
    found = tail(x, y)
    assert found.error_of_last == pytest.approx(0.02, rel=0.15)
    assert found.error_of_mean == pytest.approx(0.02 / 10, rel=0.5)
    assert found.bias == pytest.approx(0.001 * 99 / 2, rel=0.1)
    assert found.mean_square_of_last < found.mean_square_of_mean  # a slope that makes means late


def test_a_tail_needs_thirty_evaluations_and_three_of_them_late():
    x = np.arange(1.0, 31)
    assert tail(x[:29], np.ones(29)) is None
    assert tail(x, np.ones(30)).mean_square_of_mean == 0
    assert tail(np.append(x, 1e3), np.ones(31)) is None
