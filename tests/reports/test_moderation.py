"""limma's moderated t against known answers and what it must tend to."""

import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from reports.moderation import inverse_trigamma, moderated, prior_of, squeezed
from tests.reference import known


def test_the_prior_and_what_it_makes_of_variances_are_the_known_answer():
    inputs, expected = known("limma_squeeze")
    variances = np.array(inputs["variances"])
    prior = prior_of(variances, inputs["df"])
    assert prior.degrees == pytest.approx(expected["d0"], rel=1e-5)
    assert prior.variance == pytest.approx(expected["s0_squared"], rel=1e-5)
    found = squeezed(variances, inputs["df"], prior)
    assert found == pytest.approx(expected["posterior_variances"], rel=1e-5)
    assert prior.degrees + inputs["df"] == pytest.approx(expected["df_total"], rel=1e-5)


def test_variances_that_hardly_differ_are_pooled():
    inputs, expected = known("limma_squeeze_infinite")
    variances = np.array(inputs["variances"])
    prior = prior_of(variances, inputs["df"])
    assert math.isinf(prior.degrees)
    assert prior.variance == pytest.approx(expected["s0_squared"])
    assert squeezed(variances, inputs["df"], prior) == pytest.approx([1e-5] * 3)


@pytest.mark.parametrize("value", [1e-6, 0.02, 0.7, 3.0, 400.0, 1e6])
def test_the_inverse_of_trigamma_is_that_of_a_root_finder(value):
    root = optimize.brentq(lambda y: special.polygamma(1, y) - value, 1e-8, 1e8, xtol=1e-14)
    assert inverse_trigamma(value) == pytest.approx(root, rel=1e-6)


def test_pooled_contrasts_have_the_degrees_of_all_and_the_mean_variance():
    samples = [np.array(each) for each in ([0.1, 0.3, 0.2], [0.0, -0.2, -0.1], [0.4, 0.61, 0.5])]
    found = moderated(samples)
    pooled = np.mean([np.var(each, ddof=1) for each in samples])
    t = samples[2].mean() / math.sqrt(pooled / 3)
    assert found[2].prior_degrees is None
    assert (found[2].t, found[2].degrees) == (pytest.approx(t), 6)
    assert found[2].p == pytest.approx(2 * stats.t.sf(t, 6))


def test_one_contrast_alone_has_students_t():
    values = np.array([0.1, 0.25, -0.05, 0.2])
    (found,) = moderated([values])
    reference = stats.ttest_1samp(values, 0)
    assert (found.t, found.p) == pytest.approx((reference.statistic, reference.pvalue))


def test_unequal_variances_borrow_less():
    rng = np.random.default_rng(2)
    samples = [scale * rng.normal(size=5) for scale in (0.001, 0.01, 0.1, 1.0)]
    found = moderated(samples)
    assert found[0].prior_degrees < 2
    assert 4 < found[0].degrees < 6
