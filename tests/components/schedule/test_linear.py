"""The straight line against the formula, known values and transformers."""

from itertools import pairwise

import pytest
from transformers import get_linear_schedule_with_warmup

from components.errors import UserError
from tests.builders import component
from tests.components.schedule.test_constant import elsewhere
from tests.known import COMPONENTS


def factors(steps, **options):
    schedule = component("schedule", "linear", steps, **options)
    return [schedule.factor(step) for step in range(steps)]


def test_it_has_the_known_values_one_step_earlier():
    known = COMPONENTS["schedules_20_steps_warmup4_peak1"]["linear"]
    ours = factors(20, warmup=0.2, min_ratio=0.0)
    assert ours[:-1] == pytest.approx(known[1:], abs=1e-12)


def test_it_is_that_of_transformers_one_step_earlier():
    theirs = elsewhere(lambda optimizer: get_linear_schedule_with_warmup(optimizer, 4, 20), 20)
    assert factors(20, warmup=0.2, min_ratio=0.0) == pytest.approx(theirs[1:], abs=1e-12)
    assert theirs[0] == 0.0


def test_it_falls_by_the_same_amount_each_step():
    ours = factors(100, warmup=0.1)
    falls = [before - after for before, after in pairwise(ours[9:])]
    assert falls == pytest.approx([0.9 / 90] * 90)


@pytest.mark.parametrize("steps", [1, 2, 7, 300])
def test_the_last_step_has_the_least_rate(steps):
    assert factors(steps, min_ratio=0.25)[-1] == pytest.approx(0.25)


def test_the_peak_is_reached_with_the_last_step_of_the_warm_up():
    assert factors(100, warmup=0.1)[9] == max(factors(100, warmup=0.1)) == 1.0


def test_a_warm_up_over_all_steps_never_falls():
    assert factors(4, warmup=1.0) == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(("name", "value"), [("warmup", 1.5), ("min_ratio", -0.1)])
def test_what_is_no_share_is_refused(name, value):
    with pytest.raises(UserError, match=rf"linear: {name}: {value} is not between 0 and 1"):
        factors(5, **{name: value})
