"""Welch's interval against scipy, and who could be the best of runs that are not paired."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reports.estimates import paired_critical
from reports.welch import could_be_best, welch

SAMPLES = {
    "equal numbers": ([3.20, 3.21, 3.19], [3.26, 3.25, 3.30]),
    "unequal numbers": ([3.20, 3.21, 3.19, 3.22, 3.18], [3.26, 3.20]),
    "unequal variances": ([3.2, 3.9, 2.1, 3.3], [3.261, 3.262, 3.263]),
    "one that does not vary": ([3.25, 3.25, 3.25], [3.26, 3.25, 3.30]),
}


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # scipy, of what does not vary
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("comparisons", [1, 2, 7])
@pytest.mark.parametrize("alpha", [0.05, 0.0167])
def test_the_interval_is_that_of_scipy(name, comparisons, alpha):
    ours, theirs = (np.array(each) for each in SAMPLES[name])
    found = welch(ours, theirs, comparisons, alpha)
    tested = stats.ttest_ind(ours, theirs, equal_var=False)
    expected = tested.confidence_interval(1 - alpha / comparisons)
    assert found.estimate == pytest.approx(ours.mean() - theirs.mean(), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.critical == pytest.approx(stats.t.ppf(1 - alpha / comparisons / 2, tested.df))


def test_one_side_has_the_whole_alpha():
    ours, theirs = (np.array(each) for each in SAMPLES["equal numbers"])
    one = welch(ours, theirs, 2, 0.05, "one")
    expected = stats.ttest_ind(ours, theirs, equal_var=False, alternative="less")
    assert one.high == pytest.approx(expected.confidence_interval(0.975).high, rel=1e-9)


numbers = st.lists(st.floats(-50, 50), min_size=2, max_size=6)


@given(numbers, numbers)
def test_exchanging_the_two_turns_the_interval_round(ours, theirs):
    found = welch(np.array(ours), np.array(theirs))
    other = welch(np.array(theirs), np.array(ours))
    assert (found is None) == (other is None)
    if found is not None:
        assert (found.low, found.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
        assert math.isfinite(found.critical)


@given(numbers, numbers, st.integers(2, 9))
def test_more_comparisons_never_narrow_it(ours, theirs, comparisons):
    one = welch(np.array(ours), np.array(theirs))
    several = welch(np.array(ours), np.array(theirs), comparisons)
    if one is not None:
        assert several.half_width >= one.half_width


@pytest.mark.parametrize(
    ("ours", "theirs"), [([3.2], [3.3, 3.4]), ([3.2, 3.3], []), ([3.2] * 3, [3.3] * 3)]
)
def test_without_variance_or_a_second_run_there_is_none(ours, theirs):
    assert welch(np.array(ours), np.array(theirs)) is None


def test_all_intervals_of_a_family_hold_at_once_in_95_of_100_cases():
    dice = np.random.default_rng(7)
    missed = 0
    for _ in range(2000):
        base = dice.normal(0, 1, 4)
        others = [dice.normal(0, scale, 4) for scale in (0.3, 1, 3)]
        found = [welch(each, base, 3) for each in others]
        missed += any(each.low > 0 or each.high < 0 for each in found)
    assert missed / 2000 < 0.06


def losses(**runs):
    return {name: dict(enumerate(each)) for name, each in runs.items()}


def test_what_is_beyond_doubt_above_another_could_not_be_the_best():
    found = could_be_best(
        losses(a=[3.0, 3.01, 2.99], b=[3.005, 3.015, 2.99], c=[3.5, 3.51, 3.52]), 0.05
    )
    assert found == {"a": True, "b": True, "c": False}


def test_other_seeds_and_other_numbers_of_runs_are_compared_all_the_same():
    found = could_be_best({"a": {7: 3.0, 8: 3.01, 9: 2.99}, "b": {0: 3.5, 1: 3.51}}, 0.05)
    assert found == {"a": True, "b": False}


def test_it_is_decided_one_sided_with_the_correction_for_the_others():
    base = np.array([0.0, 1.0, 2.0, 3.0])
    error = math.sqrt(2 * base.var(ddof=1) / 4)
    limit = stats.t.ppf(1 - 0.05 / 2, 6) * error
    for shift, could in ((limit * 0.999, True), (limit * 1.001, False)):
        given_ = losses(a=base, b=base + shift, c=base)
        assert could_be_best(given_, 0.05)["b"] is could
    assert paired_critical(2, 7, 0.05, "one") == pytest.approx(stats.t.ppf(0.975, 6))


@given(st.dictionaries(st.sampled_from("abcd"), numbers, min_size=1))
def test_the_lowest_mean_always_could_be(runs):
    found = could_be_best({name: dict(enumerate(each)) for name, each in runs.items()}, 0.05)
    lowest = min(runs, key=lambda name: np.mean(runs[name]))
    assert found[lowest]
