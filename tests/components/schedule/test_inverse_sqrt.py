"""The fall with the root of the step against the formula, known values and transformers."""

import pytest
from transformers import get_inverse_sqrt_schedule

from components.errors import UserError
from tests.builders import component
from tests.components.schedule.test_constant import elsewhere
from tests.known import COMPONENTS


def factors(steps, **options):
    schedule = component("schedule", "inverse_sqrt", steps, **options)
    return [schedule.factor(step) for step in range(steps)]


def test_it_has_the_known_values_one_step_earlier():
    known = COMPONENTS["schedules_20_steps_warmup4_peak1"]["inverse_sqrt"]
    assert factors(20, warmup=0.2)[:-1] == pytest.approx(known[1:], abs=1e-12)


def test_it_is_that_of_transformers_one_step_earlier():
    theirs = elsewhere(lambda optimizer: get_inverse_sqrt_schedule(optimizer, 4), 20)
    assert factors(20, warmup=0.2) == pytest.approx(theirs[1:], abs=1e-12)
    assert theirs[0] == 0.0


def test_it_is_the_formula_of_the_paper_but_for_the_peak():
    paper = [min(step**-0.5, step * 10**-1.5) for step in range(1, 101)]
    peak = 10**-0.5
    assert factors(100, warmup=0.1) == pytest.approx([each / peak for each in paper])


def test_four_times_the_steps_have_half_the_rate():
    ours = factors(400, warmup=0.01)
    assert ours[399] == pytest.approx(ours[99] / 2)


def test_without_a_warm_up_it_falls_from_the_first_step_on():
    assert factors(4, warmup=0.0) == pytest.approx([1.0, 2**-0.5, 3**-0.5, 0.5])


@pytest.mark.parametrize("warmup", [-0.1, 1.5])
def test_a_warm_up_that_is_no_share_is_refused(warmup):
    with pytest.raises(UserError, match=rf"inverse_sqrt: warmup: {warmup} is not between 0 and 1"):
        factors(5, warmup=warmup)
