"""A curve with fewer points: nothing that a picture of all of them shows is lost."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.drawings.thinning import columns, places


def test_a_short_curve_is_drawn_whole():
    assert columns(np.zeros(40), 10).tolist() == list(range(40))


@settings(max_examples=60, deadline=None)
@given(st.integers(50, 400), st.integers(0, 2**31))
def test_every_stretch_keeps_its_first_lowest_highest_and_last(length, seed):
    values = np.random.default_rng(seed).normal(size=length)
    kept = columns(values, 10)
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= 40
    edges = np.linspace(0, length, 11).astype(int)
    for start, stop in pairwise(edges):
        own = kept[(kept >= start) & (kept < stop)]
        assert (own[0], own[-1]) == (start, stop - 1)
        assert values[own].min() == values[start:stop].min()
        assert values[own].max() == values[start:stop].max()


def test_a_gap_stays_a_gap():
    values = np.arange(100.0)
    values[33:37] = np.nan
    values[70:90] = np.nan
    kept = columns(values, 10)
    assert np.isnan(values[kept]).any()
    assert {place for place in kept if 30 <= place < 40} == {30, 33, 39}
    assert {place for place in kept if 70 <= place < 90} == {70, 80}


def test_a_smoothed_curve_keeps_its_end():
    assert places(np.zeros(5)).tolist() == [0, 1, 2, 3, 4]
    assert places(np.zeros(25), 10).tolist()[-2:] == [22, 24]
    assert places(np.zeros(26), 10).tolist()[-2:] == [24, 25]
