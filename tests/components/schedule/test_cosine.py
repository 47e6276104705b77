"""The cosine against the formula, known values and transformers."""

import pytest
from transformers import get_cosine_schedule_with_warmup

from components.errors import UserError
from tests.builders import component
from tests.components.schedule.test_constant import elsewhere
from tests.known import COMPONENTS
from tests.oracles.training import cosine as oracle


def factors(steps, **options):
    schedule = component("schedule", "cosine", steps, **options)
    return [schedule.factor(step) for step in range(steps)]


def test_it_has_the_known_values_one_step_earlier():
    known = COMPONENTS["schedules_20_steps_warmup4_peak1"]["cosine"]
    ours = factors(20, warmup=0.2, min_ratio=0.0)
    assert ours[:-1] == pytest.approx(known[1:], abs=1e-12)


def test_it_is_that_of_transformers_one_step_earlier():
    theirs = elsewhere(lambda optimizer: get_cosine_schedule_with_warmup(optimizer, 4, 20), 20)
    assert factors(20, warmup=0.2, min_ratio=0.0) == pytest.approx(theirs[1:], abs=1e-12)


@pytest.mark.parametrize(("steps", "warmup"), [(300, 0.01), (20, 0.2), (7, 0.0), (1, 0.0)])
def test_it_has_the_values_of_the_formula(steps, warmup):
    expected = [oracle(step + 1, steps, round(warmup * steps), 0.1) for step in range(steps)]
    assert factors(steps, warmup=warmup) == pytest.approx(expected)


def test_the_last_step_has_the_least_rate():
    assert factors(300)[-1] == pytest.approx(0.1)


def test_the_peak_is_reached_with_the_last_step_of_the_warm_up():
    assert factors(100, warmup=0.1)[9] == max(factors(100, warmup=0.1)) == 1.0


def test_a_warm_up_over_all_steps_never_falls():
    assert factors(4, warmup=1.0) == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(("name", "value"), [("warmup", 1.5), ("min_ratio", -0.1)])
def test_what_is_no_share_is_refused(name, value):
    with pytest.raises(UserError, match=rf"cosine: {name}: {value} is not between 0 and 1"):
        factors(5, **{name: value})
