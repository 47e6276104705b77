"""The best of k against known answers and all subsets."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.searches import expected_best, expected_best_dodge
from tests.reference import known

LOSSES = st.lists(st.floats(2.5, 4.5), min_size=1, max_size=6)


def test_both_estimators_are_the_known_answer():
    inputs, expected = known("expected_best_of_k")
    losses = np.array(inputs["losses"])
    found = [expected_best(losses, k) for k in range(1, len(losses) + 1)]
    assert found == pytest.approx(expected["unbiased"])
    found = [expected_best_dodge(losses, k) for k in range(1, len(losses) + 1)]
    assert found == pytest.approx(expected["with_replacement"])


@settings(max_examples=30, deadline=None)
@given(LOSSES, st.data())
def test_they_are_means_over_all_choices_of_trials(losses, data):
    k = data.draw(st.integers(1, min(len(losses), 4)))
    subsets = np.mean([min(each) for each in combinations(losses, k)])
    draws = np.mean([min(each) for each in product(losses, repeat=k)])
    assert expected_best(np.array(losses), k) == pytest.approx(subsets)
    assert expected_best_dodge(np.array(losses), k) == pytest.approx(draws)


@pytest.mark.parametrize("trials", [0, 4])
def test_as_many_trials_as_were_run_can_be_asked_for(trials):
    for estimate in (expected_best, expected_best_dodge):
        with pytest.raises(ValueError, match=rf"trials: {trials} is not between 1 and 3"):
            estimate(np.array([3.1, 3.2, 3.3]), trials)
