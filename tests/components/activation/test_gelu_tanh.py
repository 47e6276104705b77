"""gelu_tanh against its formula, known values and transformers."""

import math

import pytest
import torch
from transformers.activations import ACT2FN

from tests.builders import component, some_values
from tests.known import COMPONENTS


def formula(x):
    return x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def test_it_has_the_values_of_the_formula():
    x = some_values(50)
    expected = [formula(each) for each in x.tolist()]
    assert component("activation", "gelu_tanh")(x).tolist() == pytest.approx(expected, abs=1e-14)


def test_it_has_the_known_values():
    known = COMPONENTS["activations"]
    x = torch.tensor(known["x"], dtype=torch.float64)
    expected = known["gelu_tanh"]
    assert component("activation", "gelu_tanh")(x).tolist() == pytest.approx(expected, abs=1e-12)


def test_it_has_the_values_and_the_gradient_of_transformers():
    ours, theirs = (some_values(50).requires_grad_() for _ in range(2))
    out, expected = component("activation", "gelu_tanh")(ours), ACT2FN["gelu_new"](theirs)
    torch.testing.assert_close(out, expected)
    out.square().sum().backward(), expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_it_is_near_gelu_and_not_gelu():
    x = torch.linspace(-6, 6, 1001, dtype=torch.float64)
    apart = (component("activation", "gelu_tanh")(x) - component("activation", "gelu")(x)).abs()
    assert 1e-4 < apart.max() < 5e-4
