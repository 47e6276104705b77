"""Warm-up, stable middle and decay against the formula, known values and transformers."""

import math

import pytest
from transformers import get_wsd_schedule

from components.errors import UserError
from tests.builders import component
from tests.components.schedule.test_constant import elsewhere
from tests.known import COMPONENTS

SHAPES = ["1-sqrt", "linear", "cosine"]


def factors(steps, **options):
    schedule = component("schedule", "wsd", steps, **options)
    return [schedule.factor(step) for step in range(steps)]


def test_it_has_the_known_values_one_step_earlier():
    known = COMPONENTS["schedules_20_steps_warmup4_peak1"]["wsd_decay6_1-sqrt"]
    ours = factors(20, warmup=0.2, decay=0.3, min_ratio=0.0)
    assert ours[:-1] == pytest.approx(known[1:], abs=1e-12)


@pytest.mark.parametrize("least", [0.0, 0.1])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_that_of_transformers_one_step_earlier(shape, least):
    def make(optimizer):
        return get_wsd_schedule(
            optimizer, 4, 6, num_training_steps=20, decay_type=shape, min_lr_ratio=least
        )

    theirs = elsewhere(make, 20)
    ours = factors(20, warmup=0.2, decay=0.3, shape=shape, min_ratio=least)
    # Their warm-up starts at the least rate, ours at 0.
    assert ours[3:] == pytest.approx(theirs[4:], abs=1e-12)
    assert theirs[0] == least


@pytest.mark.parametrize(
    ("shape", "halfway"),
    [("1-sqrt", 1 - math.sqrt(0.5)), ("linear", 0.5), ("cosine", 0.5)],
)
def test_each_shape_has_its_own_half_way(shape, halfway):
    ours = factors(100, decay=0.2, shape=shape, min_ratio=0.0)
    assert ours[89] == pytest.approx(halfway)


def test_between_warm_up_and_decay_it_stays_at_the_peak():
    assert factors(100, warmup=0.1, decay=0.2)[9:80] == [1.0] * 71


@pytest.mark.parametrize("shape", SHAPES)
def test_the_last_step_has_the_least_rate(shape):
    assert factors(300, shape=shape, min_ratio=0.25)[-1] == pytest.approx(0.25)


def test_a_decay_that_fills_what_the_warm_up_leaves_is_the_straight_line():
    ours = factors(50, warmup=0.1, decay=0.9, shape="linear")
    line = component("schedule", "linear", 50, warmup=0.1)
    assert ours == pytest.approx([line.factor(step) for step in range(50)])


def test_without_a_decay_it_is_the_constant_rate():
    constant = component("schedule", "constant", 50, warmup=0.1)
    assert factors(50, warmup=0.1, decay=0.0) == [constant.factor(step) for step in range(50)]


def test_shares_that_are_both_rounded_up_leave_the_warm_up_whole():
    assert factors(7, warmup=0.5, decay=0.5, shape="linear", min_ratio=0.0) == pytest.approx(
        [0.25, 0.5, 0.75, 1.0, 2 / 3, 1 / 3, 0.0]
    )


@pytest.mark.parametrize(("name", "value"), [("warmup", 1.5), ("decay", -0.1), ("min_ratio", 2.0)])
def test_what_is_no_share_is_refused(name, value):
    with pytest.raises(UserError, match=rf"wsd: {name}: {value} is not between 0 and 1"):
        factors(5, **{name: value})


def test_a_decay_that_the_warm_up_leaves_no_room_is_refused():
    with pytest.raises(UserError, match=r"wsd: decay: 0\.8 and warmup = 0\.5 are more than all"):
        factors(5, warmup=0.5, decay=0.8)
