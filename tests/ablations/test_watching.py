import math
from statistics import fmean

from hypothesis import given
from hypothesis import strategies as st

from ablations.watching import Watched, ends, part


def heard(steps, pieces):
    watched = Watched(steps)
    return [each for step, losses in pieces for each in watched.hear(step, losses)]


def test_each_twentieth_but_the_last_is_reported_with_its_mean():
    losses = [float(step) for step in range(1, 101)]
    found = heard(100, [(100, losses)])
    assert found == [(5 * k, fmean(losses[5 * k - 5 : 5 * k])) for k in range(1, 20)]
    assert [part(at, 100) for at, _ in found] == [*range(1, 20)]


@given(st.integers(1, 300), st.data())
def test_how_the_news_is_cut_and_repeated_changes_nothing(steps, data):
    losses = [math.sin(step) for step in range(steps)]
    cuts = [*sorted(data.draw(st.sets(st.integers(1, steps)))), steps]
    since = [data.draw(st.integers(0, before)) for before in (0, *cuts[:-1])]
    pieces = [(end, losses[first:end]) for first, end in zip(since, cuts, strict=True)]
    assert heard(steps, pieces) == heard(steps, [(steps, losses)])


@given(st.integers(1, 3000))
def test_places_of_the_reports_are_told_apart(steps):
    places = ends(steps)
    parts = [part(at, steps) for at in places]
    assert len({*parts}) == len(places) == min(19, steps - 1)
    assert all(0 < each < 20 for each in parts)
    assert places == tuple(sorted(places))


def test_news_without_what_came_before_waits_for_it():
    watched = Watched(40)
    assert [*watched.hear(20, [1.0] * 10)] == []
    assert len([*watched.hear(20, [1.0] * 20)]) == 10


def test_a_loss_that_is_not_finite_is_not_reported():
    found = heard(40, [(6, [1.0, 2.0, math.nan, 1.0, math.inf, 3.0])])
    assert found == [(2, 1.5)]
