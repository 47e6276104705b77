"""Effects of a product with their verdicts, and what is said of them."""

import json

import numpy as np
import pytest
from scipy import stats

from reports.effects import as_json, effects, shown_main
from reports.effectviews import sentences, view
from reports.estimates import floored_critical, floored_errors
from reports.frames import read_frames
from reports.verdict import judge
from tests.products import products
from tests.reference import written

BASE = np.array([3.20, 3.21, 3.19, 3.205, 3.215])
NOISE = np.random.default_rng(4).normal(0, 0.001, (4, 5))


def losses(positions, heads, together, noise=NOISE):
    """Losses of a product, two by two, with these effects."""
    shifts = {
        ("rotary", "4"): 0.0,
        ("rotary", "1"): heads,
        ("none", "4"): positions,
        ("none", "1"): positions + heads + together,
    }
    return {
        point: [float(each) for each in BASE + shift + noise[row]]
        for row, (point, shift) in enumerate(shifts.items())
    }


def found(tmp_path, given, **options):
    return effects(read_frames(products(tmp_path, given, **options)))


def told(tmp_path, given, margin=0.01, **options):
    return " ".join(sentences(found(tmp_path, given, **options), margin))


def test_every_effect_has_the_floored_interval_of_all_of_them(tmp_path):
    given = losses(0.05, 0.02, 0.0)
    read = found(tmp_path, given)
    y = {point: np.array(each) for point, each in given.items()}
    positions = (y["none", "4"] + y["none", "1"] - y["rotary", "4"] - y["rotary", "1"]) / 2
    heads = (y["rotary", "1"] + y["none", "1"] - y["rotary", "4"] - y["none", "4"]) / 2
    both = y["none", "1"] - y["rotary", "1"] - y["none", "4"] + y["rotary", "4"]
    expected = [positions, heads, both]
    errors = floored_errors(expected)
    critical = floored_critical(3, 5)
    for each, values, error in zip(read.declared, expected, errors, strict=True):
        assert each.values == pytest.approx(values)
        assert each.interval.estimate == pytest.approx(values.mean())
        assert each.interval.half_width == pytest.approx(critical * error)
    assert [each.word for each in read.declared] == ["worse", "worse", "equivalent"]
    assert (read.method, read.level, read.seeds) == ("floored", 0.95, (0, 1, 2, 3, 4))


def test_effects_at_a_level_are_a_family_of_their_own(tmp_path):
    read = found(tmp_path, losses(0.05, 0.02, 0.0))
    assert [(each.axes, each.levels) for each in read.per_level] == [
        ((0, 1), (1, 0)),
        ((0, 1), (1, 1)),
        ((1, 0), (1, 0)),
        ((1, 0), (1, 1)),
    ]
    assert {each.interval.critical for each in read.per_level} == {floored_critical(4, 5)}


def test_paired_intervals_where_the_grid_asks_for_them(tmp_path):
    read = found(tmp_path, losses(0.05, 0.02, 0.0), interval="paired")
    first = read.declared[0]
    limits = stats.ttest_1samp(first.values, 0).confidence_interval(1 - 0.05 / 3)
    assert (first.interval.low, first.interval.high) == pytest.approx((limits.low, limits.high))


def test_the_largest_main_effect_is_named_and_no_interaction(tmp_path):
    text = told(tmp_path, losses(0.05, 0.02, 0.0))
    assert text.startswith(
        "The largest main effect: no positions instead of rotary, averaged over heads, raises the "
        "loss by 0.0503 nats/token (95"
    )
    assert text.endswith(
        written(" interval +0.0481 to +0.0526, 5 seeds, 3 effects). ")
        + "The interaction is smaller than 0.01 nats/token."
    )


def test_an_interaction_comes_first(tmp_path):
    given = losses(0.05, 0.02, -0.04)
    text = told(tmp_path, given)
    assert text.startswith(
        "The interaction is resolved; no positions and heads = 1 together end 0.0398 nats/token "
        "below the sum of their effects ("
    )
    assert text.endswith(
        " So the effects of positions and heads stand at each level, not averaged."
    )
    shown = shown_main(found(tmp_path, given), 0.01)
    assert [(each.kind, each.axes, each.levels) for each in shown] == [
        ("at", (0, 1), (1, 0)),
        ("at", (0, 1), (1, 1)),
        ("at", (1, 0), (1, 0)),
        ("at", (1, 0), (1, 1)),
    ]


def test_an_interaction_inside_the_margin_leaves_the_averages(tmp_path):
    given = losses(0.05, 0.02, -0.008)
    read = found(tmp_path, given)
    assert read.interactions[0].is_resolved
    assert {each.kind for each in shown_main(read, 0.01)} == {"main"}
    text = " ".join(sentences(read, 0.01))
    assert "The largest main effect: no positions" in text
    assert "The interaction is resolved;" in text
    assert "not averaged" not in text


def test_an_interaction_that_is_large_and_not_resolved_leaves_the_averages(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.05, (4, 5))
    read = found(tmp_path, losses(0.05, 0.02, -0.04, noise))
    (both,) = read.interactions
    assert abs(both.estimate) > 0.01
    assert both.word == "unresolved"
    assert {each.kind for each in shown_main(read, 0.01)} == {"main"}


def test_nothing_resolved(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.05, (4, 5))
    text = told(tmp_path, losses(0.0, 0.0, 0.0, noise))
    assert text == "No main effect is resolved. No interaction is resolved."


def test_effects_within_the_margin_are_called_so(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.0005, (4, 5))
    text = told(tmp_path, losses(0.0, 0.0, 0.0, noise))
    assert text == (
        "All main effects are smaller than 0.01 nats/token. "
        "The interaction is smaller than 0.01 nats/token."
    )


def test_one_seed_is_drawn_and_not_tested(tmp_path):
    given = {point: each[:1] for point, each in losses(0.05, 0.02, 0.0).items()}
    read = found(tmp_path, given)
    assert {each.word for each in read.declared} == {"one_seed"}
    assert all(each.interval is None for each in read.declared)
    assert read.anova is None
    assert sentences(read, 0.01) == ()
    drawn = view(read, 0.01)
    assert drawn.main.subtitle.startswith("One seed: no test.")
    assert drawn.interactions == ()


def test_a_diverged_cell_makes_every_effect_that_it_enters_diverged(tmp_path):
    read = found(tmp_path, losses(0.05, 0.02, 0.0), status={"none, heads=1/2": "diverged"})
    assert read.seeds == (0, 1, 3, 4)
    assert {each.word for each in read.declared} == {"diverged"}
    # at four heads no cell diverged
    assert [each.word for each in read.per_level] == ["worse", "diverged", "worse", "diverged"]
    assert "No main effect is resolved." in " ".join(sentences(read, 0.01))


def test_no_common_seed_is_said(tmp_path):
    status = {f"none/{seed}": "failed" for seed in range(5)}
    read = found(tmp_path, losses(0.05, 0.02, 0.0), status=status)
    assert view(read, 0.01).main.problem == "No seed finished in all variants."


def test_machines_get_every_number(tmp_path):
    read = found(tmp_path, losses(0.05, 0.02, 0.0))
    plain = as_json(read)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [each["kind"] for each in plain["declared"]] == ["main", "main", "interaction"]
    assert plain["anova"]["residual_df"] == 12
    assert as_json(None) is None


def test_the_verdict_says_it_and_the_figures_draw_it(tmp_path):
    folder = products(tmp_path, losses(0.05, 0.02, -0.04))
    frames = read_frames(folder)
    read = effects(frames)
    assert judge(frames).effects == sentences(read, 0.01)
    drawn = view(read, 0.01)
    assert [name for name, _ in drawn.interactions] == ["effects-0"]
    assert drawn.main.table.rows[0][0] == "no positions, at heads = 4"
    assert drawn.main.table.rows[-1][0] == "no positions × heads = 1"
    ((_, heat),) = drawn.interactions
    assert heat.title == "positions × heads"
    assert heat.table.rows[0][3] == "better"


def test_other_grids_have_no_effects(tmp_path):
    rest = {k: v for k, v in losses(0.05, 0.02, 0.0).items() if k != ("none", "1")}
    frames = read_frames(products(tmp_path, rest))
    assert effects(frames) is None
    assert judge(frames).effects == ()
