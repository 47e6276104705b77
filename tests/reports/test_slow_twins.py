"""What is computed over sliding windows and all pairs, against the definitions written out."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reports.noise import ENTER, LEAVE, MAD_TO_SD, own_variances, spike_events
from reports.spikescores import _deviations

VALUES = st.one_of(st.floats(1, 12), st.sampled_from([2.0, 2.5, 3.0, 40.0]))
CURVES = arrays(np.float64, st.integers(8, 120), elements=VALUES)


def events(y: np.ndarray, window: int) -> list[tuple[int, int]]:
    """The definition step by step: start and end of every event."""
    found, at = [], window
    while at < len(y):
        before = y[at - window : at]
        centre = np.median(before)
        width = MAD_TO_SD * np.median(np.abs(before - centre))
        if width > 0 and y[at] - centre >= ENTER * width:
            end = at
            while end < len(y) and (y[end] - centre) / width >= LEAVE:
                end += 1
            found.append((at, end))
            at = end
        else:
            at += 1
    return found


@given(CURVES, st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_spike_events_are_those_of_the_definition(y, window):
    assert [(each.start, each.end) for each in spike_events(y, window)] == events(y, window)


def test_spikes_that_are_hardly_high_enough_are_found_and_lower_ones_are_not():
    generator, found = np.random.default_rng(0), 0
    for _ in range(40):
        y = generator.normal(3, 0.1, 300)
        y[generator.integers(40, 300, 6)] += generator.uniform(0.4, 1.0, 6)
        expected = events(y, 32)
        assert [(each.start, each.end) for each in spike_events(y, 32)] == expected
        found += len(expected)
    assert 40 < found < 240


@given(CURVES, st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_means_and_deviations_are_those_of_each_window(y, window):
    found = _deviations(y, window)
    if len(y) <= window:
        assert found is None
        return
    for place, (off, width) in enumerate(zip(*found, strict=True)):
        before = y[place : place + window]
        assert off == pytest.approx(y[place + window] - before.mean(), abs=1e-12)
        assert width == pytest.approx(before.std(), abs=1e-11)
        assert (width == 0) == (np.ptp(before) == 0)


@given(st.integers(3, 8), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_own_variances_are_the_means_over_all_pairs(variants, seed):
    rows = np.random.default_rng(seed).normal(0, 1, (variants, 30))
    rows += 3 * np.random.default_rng(seed + 1).normal(0, 1, 30)

    def apart(i, j):
        return np.var(rows[i] - rows[j], ddof=1)

    expected = [
        np.mean(
            [
                (apart(i, j) + apart(i, k) - apart(j, k)) / 2
                for j, k in combinations([each for each in range(variants) if each != i], 2)
            ]
        )
        for i in range(variants)
    ]
    np.testing.assert_allclose(own_variances(rows), expected, rtol=1e-9, atol=1e-12)


def test_identical_curves_have_no_own_noise_at_all():
    assert (own_variances(np.tile(np.random.default_rng(0).normal(0, 1, 40), (5, 1))) == 0).all()
