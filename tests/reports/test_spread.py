import numpy as np
import pytest
from scipy import stats

from reports.spread import (
    NO_SPREAD,
    TOO_FEW_SEEDS,
    deviation_interval,
    ratio_factor,
    spread,
    spread_ratio,
)
from tests.reference import known


def test_intervals_of_a_deviation_are_the_known_answer():
    inputs, expected = known("sd_confidence_interval")
    for seeds, limits in expected.items():
        assert deviation_interval(inputs["sd"], int(seeds)) == pytest.approx(limits, rel=1e-6)


def test_factors_of_a_ratio_are_the_known_answer():
    _, expected = known("sd_ratio_interval_factor")
    for seeds, factor in expected.items():
        assert ratio_factor(int(seeds), int(seeds)) == pytest.approx(factor, rel=1e-6)


def test_a_spread_has_the_deviation_and_its_limits():
    losses = [3.2, 3.21, 3.19]
    found = spread(1e6, [*losses, None, float("nan")])
    assert found.seeds == 3
    assert found.deviation == pytest.approx(np.std(losses, ddof=1))
    assert found.limits == deviation_interval(found.deviation, 3)


@pytest.mark.parametrize("losses", [[], [3.2], [3.2, None]])
def test_one_seed_has_no_spread(losses):
    found = spread(1e6, losses)
    assert (found.deviation, found.limits) == (None, None)


def drawn(deviation, seeds, seed):
    return spread(1e6, np.random.default_rng(seed).normal(3, deviation, seeds).tolist())


@pytest.mark.parametrize(("mine", "theirs"), [(9, 10), (10, 9), (3, 3)])
def test_below_ten_seeds_spreads_are_not_compared(mine, theirs):
    assert spread_ratio(drawn(0.3, mine, 0), drawn(0.01, theirs, 1), 1) == TOO_FEW_SEEDS


def test_the_ratio_of_two_spreads_is_that_of_the_f_test():
    one, other = drawn(0.03, 12, 0), drawn(0.01, 10, 1)
    found = spread_ratio(one, other, 1)
    ratio = (one.deviation / other.deviation) ** 2
    low, high = ratio / stats.f.ppf([0.975, 0.025], 11, 9)
    assert (found.low, found.high) == pytest.approx((low**0.5, high**0.5))


def test_the_interval_of_a_ratio_covers_it():
    found = [
        spread_ratio(drawn(0.02, 10, s), drawn(0.01, 12, -s - 1 + 10**6), 1) for s in range(600)
    ]
    assert np.mean([each.low <= 2 <= each.high for each in found]) == pytest.approx(0.95, abs=0.03)


def test_more_comparisons_widen_the_interval():
    one, other = drawn(0.03, 12, 0), drawn(0.01, 10, 1)
    assert spread_ratio(one, other, 5).high > spread_ratio(one, other, 1).high


def test_equal_losses_are_not_compared():
    same = spread(1e6, [3.1] * 10)
    assert spread_ratio(same, drawn(0.1, 10, 0), 1) == NO_SPREAD
