"""Where a curve lies between two others."""

import numpy as np
import pytest

from reports.places import places, relative_place
from tests.pictures import known_picture


def test_the_worked_example_has_its_known_places():
    inputs, expected = known_picture("relative_place")
    curves = [np.array(inputs[name]) for name in ("low", "middle", "high")]
    assert places(*curves, 0.0) == pytest.approx(expected["place"])
    found = relative_place(*curves, window=1)
    assert found.median == pytest.approx(expected["median"])
    assert (found.least, found.most) == pytest.approx((expected["min"], expected["max"]))


def test_where_the_outer_curves_are_too_near_there_is_no_place():
    low, high = np.zeros(4), np.array([1.0, 0.1, -1.0, 0.0])
    assert places(low, np.full(4, 0.5), high, 0.2) == pytest.approx(
        [0.5, np.nan, -0.5, np.nan], nan_ok=True
    )


def test_a_noisy_gap_that_is_too_small_at_most_steps_has_no_place():
    generator = np.random.default_rng(0)
    low, middle, high = generator.normal(0, 0.1, (3, 400)) + np.array([[0], [0.01], [0.02]])
    assert relative_place(low, middle, high, 20) is None
    assert relative_place(low, middle + 0.4, high + 1, 20).median == pytest.approx(0.4, abs=0.03)


def test_a_place_that_half_of_the_steps_lack_does_not_describe_the_run():
    generator = np.random.default_rng(2)
    apart = np.r_[np.full(600, 0.01), np.ones(400)]
    low = generator.normal(0, 0.05, 1000)
    high = low + apart + generator.normal(0, 0.05, 1000)
    assert relative_place(low, low + apart / 2, high, 20) is None
    assert relative_place(low[500:], (low + apart / 2)[500:], high[500:], 20) is not None


def test_single_windows_range_further_than_the_run():
    generator = np.random.default_rng(1)
    low, middle, high = generator.normal(0, 0.05, (3, 2000)) + np.array([[0.0], [0.5], [1.0]])
    found = relative_place(low, middle, high, 20)
    assert found.low < found.least < found.median < found.most < found.high
    assert found.defined == 1
    means = [np.convolve(each, np.ones(20) / 20, "valid") for each in (low, middle, high)]
    expected = (means[1] - means[0]) / (means[2] - means[0])
    assert (found.least, found.most) == pytest.approx((expected.min(), expected.max()))
