"""The constant rate against transformers."""

import pytest
import torch
from transformers import get_constant_schedule_with_warmup

from components.errors import UserError
from tests.builders import component


def elsewhere(make, steps):
    """The factors of a schedule of transformers, before the first and after every step."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    schedule = make(optimizer)
    factors = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        factors.append(optimizer.param_groups[0]["lr"])
    return factors


def test_it_is_that_of_transformers_one_step_earlier():
    theirs = elsewhere(lambda optimizer: get_constant_schedule_with_warmup(optimizer, 4), 20)
    ours = component("schedule", "constant", 20, warmup=0.2)
    assert [ours.factor(step) for step in range(20)] == pytest.approx(theirs[1:])
    assert theirs[0] == 0.0


def test_without_a_warm_up_it_is_1_from_the_first_step_on():
    schedule = component("schedule", "constant", 5)
    assert [schedule.factor(step) for step in range(5)] == [1.0] * 5


@pytest.mark.parametrize("warmup", [-0.1, 1.5])
def test_a_warm_up_that_is_no_share_is_refused(warmup):
    with pytest.raises(UserError, match=rf"constant: warmup: {warmup} is not between 0 and 1"):
        component("schedule", "constant", 5, warmup=warmup)
