"""Estimates against numbers computed elsewhere, against scipy and statsmodels, and as laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from reports import estimates
from tests.reference import differences, known


def test_paired_t_is_the_known_answer():
    inputs, expected = known("paired_t")
    for name, sample in differences(inputs).items():
        values = np.array(sample)
        interval = estimates.mean_interval(values)
        assert interval.estimate == pytest.approx(expected[name]["mean"], rel=1e-6)
        assert interval.low == pytest.approx(expected[name]["low"], rel=1e-6)
        assert interval.high == pytest.approx(expected[name]["high"], rel=1e-6)
        assert estimates.paired_p(values) == pytest.approx(expected[name]["p"], rel=1e-6)


def test_holm_is_the_known_answer():
    inputs, expected = known("holm_adjusted_p")
    adjusted = dict(zip(inputs["p"], estimates.holm(list(inputs["p"].values())), strict=True))
    assert adjusted == pytest.approx(expected, rel=1e-6)


@settings(max_examples=30)  # statsmodels takes 50 ms for each
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_that_of_statsmodels(p_values):
    reference = multipletests(p_values, method="holm")[1]
    assert estimates.holm(p_values) == pytest.approx(tuple(reference), abs=1e-12)


def test_floored_interval_is_the_known_answer():
    inputs, expected = known("floored_paired_interval")
    samples = differences(inputs)
    errors = estimates.floored_errors([np.array(each) for each in samples.values()])
    critical = estimates.floored_critical(3, 5)
    assert critical == inputs["c_star"]
    for (name, sample), error in zip(samples.items(), errors, strict=True):
        reference = expected["contrasts"][name]
        assert error * math.sqrt(5) == pytest.approx(reference["floored_sd"], rel=1e-6)
        interval = estimates.around(float(np.mean(sample)), critical * error, critical)
        assert interval.half_width == pytest.approx(reference["half_width"], rel=1e-6)
        assert (interval.low, interval.high) == pytest.approx(
            (reference["low"], reference["high"]), rel=1e-6
        )


def test_missing_pairs_weigh_the_floor_by_degrees_of_freedom():
    inputs, expected = known("floored_missing_pairs")
    samples = [np.array(each) for each in inputs["differences"].values()]
    variances = np.array([np.var(each, ddof=1) for each in samples])
    floored = estimates.floored_variances(variances, np.array([3.0, 4.0]))
    assert floored == pytest.approx(expected["floored_variances"], rel=1e-6)
    halves = estimates.floored_critical(2, 4) * estimates.floored_errors(samples)
    assert halves == pytest.approx(list(expected["half_width"].values()), rel=1e-6)


def test_the_floor_cannot_lift_an_exact_zero():
    _, expected = known("floored_zero_variance")
    floored = estimates.floored_variances(np.array(expected["variances"]), np.array([2.0, 2.0]))
    assert floored == pytest.approx(expected["floored_variances"])


def test_a_share_of_alpha_is_looked_up_for_declared_looks():
    inputs, expected = known("look_split")
    for pairs, critical in expected["c_star"].items():
        assert estimates.floored_critical(inputs["m"], int(pairs), 0.05 / 3) == critical


def test_between_entries_the_wider_critical_value_is_taken():
    assert estimates.floored_critical(11, 5) == estimates.floored_critical(12, 5)
    assert estimates.floored_critical(5, 9) == estimates.floored_critical(5, 8)
    assert estimates.floored_critical(5, 100) == estimates.floored_critical(5, 20)
    assert estimates.floored_critical(5, 5, 0.033) == estimates.floored_critical(5, 5, 0.025)


def test_where_the_table_ends_there_is_no_floored_value():
    assert estimates.floored_critical(16, 5) is None
    assert estimates.floored_critical(3, 5, 0.005) is None


@pytest.mark.parametrize("pairs", [2, 3, 5, 10])
def test_one_contrast_has_students_quantile(pairs):
    exact = stats.t.ppf(0.975, pairs - 1)
    assert estimates.floored_critical(1, pairs) == pytest.approx(exact, rel=1e-9)
    assert estimates.paired_critical(1, pairs) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("pairs", [2, 3, 5, 10])
def test_the_table_is_that_of_student_for_one_contrast(pairs):
    assert estimates._tables()["two 0.0500"][1][pairs] == pytest.approx(
        stats.t.ppf(0.975, pairs - 1), abs=1e-5
    )


def test_bonferroni_divides_alpha_by_the_comparisons():
    assert estimates.paired_critical(6, 5) == pytest.approx(stats.t.ppf(1 - 0.05 / 12, 4))
    assert estimates.paired_critical(6, 5, 0.05, "one") == pytest.approx(
        stats.t.ppf(1 - 0.05 / 6, 4)
    )


def e_value(sample):
    """Return (1 + n g)^(-1/2) [(1 + t^2/df) / (1 + t^2/(df (1 + n g)))]^(n/2), with g = 4."""
    pairs, spread = len(sample), 1 + 4 * len(sample)
    square = stats.ttest_1samp(sample, 0).statistic ** 2 / (pairs - 1)
    return spread**-0.5 * ((1 + square) / (1 + square / spread)) ** (pairs / 2)


def test_always_valid_interval_is_the_known_answer():
    inputs, expected = known("e_value_and_confidence_sequence")
    sample = np.array(inputs["differences"])
    assert e_value(sample) == pytest.approx(expected["e_value"], rel=1e-6)
    critical = estimates.always_valid_critical(5, 1)
    assert critical == pytest.approx(expected["multiplier"], rel=1e-6)
    half = critical * estimates.paired_errors([sample])[0]
    assert sample.mean() - half == pytest.approx(expected["low"], rel=1e-6)
    assert sample.mean() + half == pytest.approx(expected["high"], rel=1e-6)
    for pairs, multiplier in expected["multiplier_by_seeds"].items():
        found = estimates.always_valid_critical(int(pairs), 1)
        assert found == pytest.approx(float(multiplier), rel=1e-6)


@pytest.mark.parametrize("comparisons", [1, 3])
def test_at_its_limit_the_always_valid_interval_has_the_e_value_that_rejects(comparisons):
    sample = np.array([-0.014, -0.011, -0.017, -0.012, -0.015, -0.013])
    error = estimates.paired_errors([sample])[0]
    limit = sample.mean() + estimates.always_valid_critical(6, comparisons) * error
    assert e_value(sample - limit) == pytest.approx(comparisons / 0.05)


def test_flip_probability_is_the_known_answer():
    inputs, expected = known("flip_probability")
    found = estimates.flip_probability(np.array(inputs["differences"]))
    assert found == pytest.approx(expected["predictive"], rel=1e-6)


def test_without_variance_nothing_flips_but_a_tie():
    assert estimates.flip_probability(np.array([0.5, 0.5])) == 0.0
    assert estimates.flip_probability(np.array([0.0, 0.0])) == 0.5


def test_pairing_takes_off_what_the_seeds_have_in_common():
    common = np.array([0.0, 0.1, -0.1, 0.05])
    own = np.array([0.001, -0.001, 0.002, 0.0])
    assert estimates.pairing_efficiency(3.2 + common, 3.3 + common + own) > 0.99
    assert estimates.pairing_efficiency(np.array([1.0, 1.0]), np.array([2.0, 2.0])) is None


SAMPLES = st.integers(2, 6).flatmap(
    lambda pairs: st.lists(
        st.lists(st.floats(-1, 1), min_size=pairs, max_size=pairs), min_size=1, max_size=5
    )
)


@given(SAMPLES)
def test_the_floor_only_ever_widens(samples):
    arrays = [np.array(each) for each in samples]
    floored, plain = estimates.floored_errors(arrays), estimates.paired_errors(arrays)
    assert (floored >= plain * (1 - 1e-12)).all()


@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_seeds_changes_no_error(samples, random):
    order = list(range(len(samples[0])))
    random.shuffle(order)
    plain = estimates.floored_errors([np.array(each) for each in samples])
    shuffled = estimates.floored_errors([np.array(each)[order] for each in samples])
    assert shuffled == pytest.approx(plain, rel=1e-9, abs=1e-15)
