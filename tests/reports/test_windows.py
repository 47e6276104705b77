"""The exact stretches against a search of all of them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.windows import fewest_points, longest_opposite, shortest_opposite, window_means
from tests.pictures import known_picture

STEPS = st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 5)), min_size=1, max_size=40)


def every_opposite(d, sign, weights, fewest=1):
    """All stretches whose exact mean has not the sign: start, length, weight, mean."""
    found = []
    for start in range(len(d)):
        for end in range(start + fewest, len(d) + 1):
            weight = sum(weights[start:end])
            total = sum(a * b for a, b in zip(d[start:end], weights[start:end], strict=True))
            if sign * total < 0:
                found.append((start, end - start, weight, Fraction(total, weight)))
    return found


@given(STEPS, st.sampled_from([-1, 1]), st.integers(1, 8))
def test_the_shortest_is_the_shortest_of_all(steps, sign, fewest):
    d, weights = (list(each) for each in zip(*steps, strict=True))
    found = shortest_opposite(np.array(d, float), sign, fewest, np.array(weights, float))
    every = every_opposite(d, sign, weights, fewest)
    if not every:
        assert found is None
        return
    length = min(each[1] for each in every)
    strongest = min(sign * each[3] for each in every if each[1] == length)
    assert (found.length, sign * found.mean) == (length, pytest.approx(float(strongest)))
    assert (found.start, length) in {each[:2] for each in every}


def test_a_longer_stretch_may_contradict_where_no_shorter_one_does():
    found = shortest_opposite(np.array([-2.0, 3.0, -2.0]), 1, 2, np.ones(3))
    assert (found.start, found.length) == (0, 3)


@given(STEPS, st.sampled_from([-1, 1]))
def test_the_longest_is_the_longest_of_all(steps, sign):
    d, weights = (list(each) for each in zip(*steps, strict=True))
    found = longest_opposite(np.array(d, float), sign, np.array(weights, float))
    every = {each[:2]: each[2:] for each in every_opposite(d, sign, weights)}
    if not every:
        assert found is None
        return
    weight, mean = every[found.start, found.length]
    assert weight == max(each[0] for each in every.values())
    assert found.mean == pytest.approx(float(mean))


def test_the_worked_example_has_its_known_stretches():
    inputs, expected = known_picture("misleading_picture")
    d = np.array(inputs["variant"]) - inputs["baseline"]
    assert d == pytest.approx(expected["difference"])
    found = shortest_opposite(d, 1, 2, np.ones(12)), longest_opposite(d, 1, np.ones(12))
    for stretch, name in zip(found, ("shortest", "longest"), strict=True):
        assert vars(stretch) == pytest.approx(expected[f"{name}_opposite_window"], abs=1e-9)


def test_a_stretch_has_one_percent_of_the_points_and_at_least_twenty():
    assert [fewest_points(each) for each in (100, 2000, 10_000)] == [20, 20, 100]


def test_means_of_windows_are_means():
    y = np.random.default_rng(0).normal(size=(2, 9))
    expected = [[row[i : i + 4].mean() for i in range(6)] for row in y]
    np.testing.assert_allclose(window_means(y, 4), expected)
