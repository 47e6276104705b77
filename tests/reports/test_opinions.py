"""Second opinions against scipy, statsmodels and known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from reports.opinions import e_value, fisher, joined, paired_t, sign_flips, tost
from tests.reference import differences, known

SAMPLES = st.lists(st.integers(-50, 50), min_size=3, max_size=8).filter(lambda v: len(set(v)) > 1)


def test_the_paired_t_is_the_known_answer():
    inputs, expected = known("paired_t")
    for name, values in differences(inputs).items():
        found, reference = paired_t(np.array(values)), expected[name]
        for key in ("t", "p", "low", "high"):
            assert getattr(found, key) == pytest.approx(reference[key], rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(SAMPLES)
def test_the_paired_t_is_scipys(values):
    found = paired_t(np.array(values, float))
    reference = stats.ttest_1samp(values, 0)
    limits = reference.confidence_interval(0.95)
    assert (found.t, found.p) == pytest.approx((reference.statistic, reference.pvalue))
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))


def test_two_one_sided_tests_are_the_known_answer():
    inputs, expected = known("tost")
    found = tost(np.array(inputs["differences"]), inputs["margin"])
    assert vars(found) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.integers(1, 40))
def test_two_one_sided_tests_are_those_of_statsmodels(values, margin):
    found = tost(np.array(values, float), margin)
    p, low, high = DescrStatsW(np.array(values, float)).ttost_mean(-margin, margin)
    assert found.p == pytest.approx(p)
    assert (found.t_low, found.t_high) == pytest.approx((low[0], high[0]))


def test_sign_flips_are_the_known_answer():
    inputs, expected = known("signflip_maxT")
    found = sign_flips(np.array([*inputs["differences"].values()]))
    assert [each.p for each in found] == [expected["p"][name] for name in inputs["differences"]]
    assert {each.smallest for each in found} == {expected["smallest_possible_p"]}


def test_sign_flips_of_one_contrast_are_scipys_permutation_test():
    values = np.array([0.4, -0.1, 0.3, 0.25, 0.6, 0.1])
    reference = stats.permutation_test(
        (values,),
        lambda x, axis: x.mean(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    (found,) = sign_flips(values[None])
    # |t| orders the patterns of one contrast as |mean| does
    assert found.p == pytest.approx(reference.pvalue)


def test_a_contrast_without_one_pair_keeps_its_own_seeds():
    both = joined([np.array([0.1, 0.3, 0.2]), np.array([0.5, 0.4])], [(0, 1, 4), (1, 4)])
    assert np.isnan(both).tolist() == [[False] * 3, [True, False, False]]
    found = sign_flips(both)
    # the second one has no variance under a quarter of the patterns of its two seeds
    assert [each.smallest for each in found] == [0.25, 0.25]
    assert found[0].p >= 0.25
    assert all(0 < each.p <= 1 for each in found)


def test_more_than_twelve_seeds_are_not_enumerated():
    rng = np.random.default_rng(0)
    assert sign_flips(rng.normal(size=(2, 12))) is not None
    assert sign_flips(rng.normal(size=(2, 13))) is None


def test_fishers_test_is_the_known_answer():
    inputs, expected = known("divergence_fisher")
    found = fisher(tuple(inputs["variant"]), tuple(inputs["baseline"]))
    assert found.p == pytest.approx(expected["p_two_sided"])
    assert fisher((3, 0), (0, 3)).p == pytest.approx(expected["smallest_p_3_seeds"])
    assert fisher((5, 0), (0, 5)).p == pytest.approx(0.0079, abs=5e-5)


@settings(max_examples=50, deadline=None)
@given(*[st.integers(0, 9)] * 4)
def test_fishers_test_is_scipys(a, b, c, d):
    reference = stats.fisher_exact([[a, b], [c, d]]).pvalue
    assert fisher((a, b), (c, d)).p == pytest.approx(reference)


def test_the_e_value_is_the_known_answer_and_reaches_20_at_the_ends_of_its_interval():
    inputs, expected = known("e_value_and_confidence_sequence")
    values = np.array(inputs["differences"])
    assert e_value(values) == pytest.approx(expected["e_value"], rel=1e-6)
    for end in (expected["low"], expected["high"]):
        assert e_value(values - end) == pytest.approx(1 / inputs["alpha"], rel=1e-6)


def test_the_e_value_seldom_reaches_20_however_often_one_looks():
    rng = np.random.default_rng(5)
    samples = rng.normal(size=(500, 12))
    reached = [any(e_value(each[:n]) >= 20 for n in range(2, 13)) for each in samples]
    assert np.mean(reached) < 0.05
