import math

import torch

from pipelines.curve import Curve, not_finite
from pipelines.train import Step


def step(number, loss=2.0, norm=1.0):
    return Step(number, 10, torch.tensor(loss), torch.tensor(norm), 0.1)


def curve(*losses):
    found = Curve()
    for number, loss in enumerate(losses, 1):
        found.add(step(number, loss))
    return found


def test_nothing_is_read_before_it_is_asked_for():
    assert curve(2.0, 1.5).losses == []


def test_every_step_is_kept():
    found = curve(2.0, 1.5)
    assert found.settle() is None
    assert found.columns() == {
        "step": [1, 2],
        "tokens": [10, 20],
        "loss": [2.0, 1.5],
        "gradient_norm": [1.0, 1.0],
        "learning_rate": [0.1, 0.1],
    }


def test_the_curve_ends_with_the_first_step_that_is_not_finite():
    found = curve(2.0, math.nan, 1.0, math.nan)
    assert found.settle() == "loss is NaN"
    assert found.steps == 2
    assert math.isnan(found.losses[-1])


def test_a_norm_can_diverge_too():
    found = Curve()
    found.add(step(1, 2.0, math.inf))
    assert found.settle() == "gradient norm is infinite"


def test_reading_twice_adds_nothing():
    found = curve(2.0)
    found.settle()
    assert found.settle() is None
    assert found.steps == 1


def test_a_curve_comes_back_from_its_plain_form():
    found = curve(2.0, 1.5)
    found.settle()
    again = Curve.from_plain(found.as_plain())
    again.add(step(3, 1.0))
    again.settle()
    assert again.columns()["tokens"] == [10, 20, 30]
    assert found.steps == 2


def test_a_finite_number_is_not_named():
    assert not_finite("loss", 1e30) is None
