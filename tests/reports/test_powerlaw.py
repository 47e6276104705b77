import numpy as np
import pytest
from scipy.optimize import curve_fit, minimize_scalar

from reports.powerlaw import (
    DECAYS,
    EXPONENT,
    FEW,
    LIMIT,
    RISES,
    SHORT,
    Binned,
    binned,
    power_law,
)
from tests.reference import known

CONSTANT = np.ones(10)


def law(limit=2.0, scale=3.0, exponent=0.5, *, steps=20_000, noise=0.02):
    x = np.arange(1.0, steps + 1)
    drawn = np.random.default_rng(0).normal(0, noise, steps)
    return x, limit + scale * x**-exponent + drawn


def test_the_power_law_is_the_known_answer():
    inputs, expected = known("power_law")
    x, y = np.array(inputs["t"]), np.array(inputs["loss"])
    found = power_law(Binned(x, y, np.full(len(x), 1e-3)), CONSTANT)
    assert found.limit == pytest.approx(expected["E"], rel=1e-4)
    assert found.scale == pytest.approx(expected["A"], rel=1e-4)
    assert found.exponent == pytest.approx(expected["alpha"], rel=1e-4)
    assert found.at(256) == pytest.approx(expected["loss_at_256"], rel=1e-4)


def test_the_fit_is_that_of_scipy():
    points = binned(*law())
    found = power_law(points, CONSTANT)
    best, _ = curve_fit(
        lambda x, limit, scale, exponent: limit + scale * x**-exponent,
        points.x,
        points.means,
        (2, 3, 0.5),
        points.errors,
    )
    assert (found.limit, found.scale, found.exponent) == pytest.approx(best, rel=1e-4)


def test_the_profile_intervals_cover_what_was_planted():
    covered = []
    for seed in range(150):
        means = 2 + 3 * np.geomspace(10, 1e4, 20) ** -0.5
        drawn = np.random.default_rng(seed).normal(0, 0.004, 20)
        points = Binned(np.geomspace(10, 1e4, 20), means + drawn, np.full(20, 0.004))
        found = power_law(points, CONSTANT)
        covered.append(
            (
                found.limits[0] <= 2 <= found.limits[1],
                found.exponents[0] <= 0.5 <= found.exponents[1],
            )
        )
    assert np.mean(covered, axis=0) == pytest.approx([0.95, 0.95], abs=0.04)


def test_the_limits_are_where_the_best_curve_through_them_misses_by_the_quantile():
    places = np.geomspace(10, 1e4, 8)
    off = np.array([1, -1, 0.5, -0.5, 1, -1, 0, 0.3])
    points = Binned(places, 2 + 3 * places**-0.5 + 0.01 * off, np.full(8, 0.01))
    found = power_law(points, CONSTANT)

    def misfit(exponent, limit):
        falls, rest = points.x**-exponent, points.means - limit
        scale = (falls * rest).sum() / (falls**2).sum()
        return (((rest - scale * falls) / points.errors) ** 2).sum()

    least = misfit(found.exponent, found.limit)
    for limit in found.limits:
        at = minimize_scalar(lambda e, at=limit: misfit(e, at), bounds=(0.05, 2), method="bounded")
        assert at.fun - least == pytest.approx(3.8415, rel=0.01)


def test_a_rate_that_decays_is_refused():
    assert power_law(binned(*law()), np.linspace(1, 0.1, 10)) == DECAYS
    assert power_law(binned(*law()), np.append(np.ones(9), 0.9)) == DECAYS


def test_less_than_a_decade_is_refused():
    x, y = law()
    assert power_law(binned(x[5000:20_000], y[5000:20_000]), CONSTANT) == SHORT


def test_few_points_are_refused():
    assert power_law(binned(np.arange(1.0, 5), np.ones(4)), CONSTANT) == FEW
    assert power_law(binned(np.arange(1.0, 5), np.full(4, np.nan)), CONSTANT) == FEW


def test_a_curve_that_rises_is_refused():
    x, y = law(scale=-3.0)
    assert power_law(binned(x, y), CONSTANT) == RISES


def test_an_exponent_that_the_curve_does_not_tell_is_refused():
    x, y = law(noise=3.0, steps=300)
    assert power_law(binned(x, y), CONSTANT) in {EXPONENT, RISES}
    x, y = law(exponent=0.04)
    assert power_law(binned(x, y), CONSTANT) == EXPONENT


def test_a_limit_that_may_be_zero_is_refused():
    assert power_law(binned(*law(limit=0.0)), CONSTANT) == LIMIT


def test_bins_have_means_and_their_errors():
    found = binned(np.geomspace(1, 1000, 2000), np.tile([1.0, 3.0], 1000))
    assert len(found.x) == 20
    assert found.means == pytest.approx(np.full(20, 2.0), abs=0.02)
    assert found.errors == pytest.approx(np.full(20, 0.1), rel=0.02)
