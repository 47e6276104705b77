"""All views at once against a loop that draws each of them, and against numbers known before."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.smoothing import ema, running_mean
from reports.told import tell
from reports.views import USUAL, Family, last_of_each, look, quantiles, window_of
from tests.pictures import drawn, known_picture, readings, smoothed, views, visible


def falling(generator, steps, own=0.03):
    """Two noisy curves that see the same batches."""
    fall = 3 + np.exp(-4 * np.arange(steps) / steps)
    batch = generator.normal(0, 0.05, steps)
    return [fall + batch + generator.normal(0, own, steps) for _ in range(2)]


def every_share(x, a, b, family=USUAL):
    return look(np.asarray(x, float), np.array([a, b]), [(0, 1)], family).shares


def test_there_are_1620_usual_views():
    x = np.arange(1.0, 201)
    assert every_share(x, *falling(np.random.default_rng(0), 200)).size == 1620
    assert [len(each) for each in USUAL.factors.values()] == [9, 3, 5, 3, 2, 2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spacing", ["equal", "unequal"])
def test_every_view_is_what_a_loop_draws(seed, spacing):
    generator = np.random.default_rng(seed)
    steps = 1500 if seed == 2 else 130 + seed
    a, b = falling(generator, steps)
    gaps = generator.integers(1, 9, steps) if spacing == "unequal" else np.full(steps, 128)
    x = np.cumsum(gaps).astype(float)
    found = every_share(x, a, b).ravel()
    np.testing.assert_allclose(found, views(list(x), list(a), list(b)), atol=1e-9)


def example(lefts):
    """The family of the worked example, whose smoothings and windows are its own."""
    smoothings = {
        "none": lambda _, y: y,
        "ema0.6": lambda _, y: ema(y, 0.6),
        "ema0.9": lambda _, y: ema(y, 0.9),
        "mean3": lambda _, y: running_mean(y, 3),
    }
    return Family(smoothings, {"all": None}, lefts, {"100 %": 1.0}, {"auto": 0.0}, 0.0)


def test_the_worked_example_has_its_known_shares():
    inputs, expected = known_picture("misleading_picture")
    curves, x = np.array([inputs["variant"], inputs["baseline"]]), np.arange(1.0, 13)
    shares = []
    for stride, left in itertools.product(inputs["strides"], inputs["left"]):
        # The example thins a window by drawing every second or third point, the last one included.
        kept = np.arange(left, 12)[::-1][::stride][::-1]
        shares.append(look(x[kept], curves[:, kept], [(0, 1)], example({"0 %": 0.0})).shares)
    told = tell(np.array(shares), inputs["verdict"])
    assert np.array(shares).size == expected["settings"]
    assert told.opposite == pytest.approx(expected["share_opposite"])
    assert told.equal == pytest.approx(expected["share_equal"])
    for place, readout in enumerate(("edge", "mostly")):
        one = tell(np.array(shares)[..., place], inputs["verdict"]).opposite
        assert one == pytest.approx(expected["share_opposite_by_readout"][readout])


def test_left_edges_of_a_family_are_shares_of_the_tokens():
    inputs, _ = known_picture("misleading_picture")
    curves, x = np.array([inputs["variant"], inputs["baseline"]]), np.arange(1.0, 13)
    found = look(x, curves, [(0, 1)], example({"50 %": 0.5, "75 %": 0.75})).shares
    for place, left in enumerate((6, 9)):
        alone = look(x[left:], curves[:, left:], [(0, 1)], example({"0 %": 0.0})).shares
        np.testing.assert_allclose(found[:, :, :, place], alone[:, :, :, 0])


def test_each_pair_is_looked_at_by_itself():
    generator = np.random.default_rng(3)
    curves = np.array([*falling(generator, 150), *falling(generator, 150)])
    x = np.arange(1.0, 151)
    together = look(x, curves, [(1, 0), (3, 0), (2, 3)]).shares
    assert together[1] == pytest.approx(every_share(x, curves[3], curves[0])[0])
    assert together[2] == pytest.approx(every_share(x, curves[2], curves[3])[0])


def test_exchanging_the_curves_exchanges_the_story():
    a, b = falling(np.random.default_rng(4), 150)
    x = np.arange(1.0, 151)
    np.testing.assert_allclose(every_share(x, a, b), -every_share(x, b, a), atol=1e-12)


def test_equal_curves_look_equal_everywhere():
    a, _ = falling(np.random.default_rng(5), 150)
    assert not every_share(np.arange(1.0, 151), a, a).any()


def test_flat_curves_are_apart_by_their_whole_height():
    shares = every_share(np.arange(1.0, 151), np.full(150, 2.0), np.full(150, 3.0))
    np.testing.assert_allclose(shares[..., 0, :], -1)


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=80),
    st.sampled_from([0.0, 0.5, 0.75, 0.95]),
    st.sampled_from([0.5, 0.75, 1.0]),
    st.sampled_from([None, 1, 2, 7, 1000]),
)
def test_windows_and_stretches_are_those_of_the_loop(gaps, left, right, stretches):
    x = np.cumsum(gaps).astype(float)
    seen = visible(list(x), left, right)
    window = window_of(x, left, right)
    assert list(range(window.start, window.stop)) == seen
    if len(seen) > 1:
        kept = window.start + last_of_each(x[window], stretches)
        assert list(kept) == drawn(list(x), seen, stretches)


def test_the_first_tenth_of_the_tokens_is_in_no_view():
    x = np.arange(1.0, 201)
    a, b = falling(np.random.default_rng(6), 200)
    c = b.copy()
    c[:20] += 5
    np.testing.assert_array_equal(every_share(x, a, b), every_share(x, a, c))
    c[20] += 5
    assert (every_share(x, a, b) != every_share(x, a, c)).any()


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(0, 1000))
def test_quantiles_are_those_of_numpy(length, seed):
    values = np.random.default_rng(seed).normal(size=(3, length))
    expected = np.quantile(values, [0.05, 0.5, 0.95], axis=1).T
    np.testing.assert_allclose(quantiles(values, (0.05, 0.5, 0.95)), expected, atol=1e-12)


def test_the_loop_reads_what_a_hand_reads():
    assert readings([1.0, 2.0, 4.0], [1.0, 3.0, 3.0], (0.0,)) == pytest.approx([1 / 3, 0.0])
    assert readings([1.0, 2.0], [2.0, 1.0], (0.0,)) == pytest.approx([1.0, 0.0])
    assert smoothed("mean 3", [], [1.0, 2.0, 6.0]) == [1.5, 3.0, 4.0]


@pytest.mark.parametrize(
    ("verdict", "opposite", "agreeing", "visible"),
    [
        ("better", 0.25, 0.5, None),
        ("worse", 0.5, 0.25, None),
        ("equivalent", None, None, 0.5),
        ("unresolved", None, None, None),
    ],
)
def test_views_are_counted_against_the_verdict(verdict, opposite, agreeing, visible):
    told = tell(np.array([-0.5, -0.02, 0.009, 0.051]), verdict)
    assert (told.lower, told.equal, told.higher) == (0.5, 0.25, 0.25)
    assert (told.opposite, told.agreeing, told.visible) == (opposite, agreeing, visible)


def test_a_gap_of_one_percent_is_seen():
    assert tell(np.array([0.01, -0.01]), "better").equal == 0
