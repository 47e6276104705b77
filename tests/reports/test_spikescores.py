import numpy as np
import pytest

from reports.spikescores import monitor_score, paper_score
from tests.reference import known


def test_spike_scores_are_the_known_answer():
    inputs, expected = known("spike_score")
    y, window = np.array(inputs["y"]), inputs["window"]
    assert paper_score(y, window) == pytest.approx(expected["olmo2_paper_rule"]["score_percent"])
    assert monitor_score(y, window) == pytest.approx(expected["olmo_core_rule"]["score"])


def planted(steps, places, height):
    y = np.random.default_rng(0).normal(3, 0.05, steps)
    y[list(places)] += height
    return y


def test_planted_spikes_are_counted():
    y = planted(3000, (1200, 1800, 2900), 2.0)
    assert paper_score(y) == pytest.approx(100 * 3 / 3000)
    assert monitor_score(y) == pytest.approx(3 / 3000)


def test_only_the_paper_counts_what_falls():
    y = planted(3000, (1500,), -2.0)
    assert (paper_score(y), monitor_score(y)) == (pytest.approx(100 / 3000), 0.0)


def test_a_run_that_is_no_longer_than_the_window_has_no_score():
    y = planted(1000, (500,), 2.0)
    assert paper_score(y) is None
    assert monitor_score(y[:128]) is None
    assert monitor_score(y[:129]) is not None


def test_a_constant_curve_has_no_spikes():
    assert (paper_score(np.full(1500, 3.1)), monitor_score(np.full(1500, 3.1))) == (0.0, 0.0)


def test_the_first_value_after_equal_ones_is_a_spike():
    y = np.append(np.full(1000, 3.1), [3.2, 3.1])
    assert paper_score(y) == pytest.approx(100 / 1002)
