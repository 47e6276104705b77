"""tanh against its formula and transformers."""

import math

import pytest
import torch
from transformers.activations import ACT2FN

from tests.builders import component, some_values


def formula(x):
    return (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x))


def test_it_has_the_values_of_the_formula():
    x = some_values(50)
    expected = [formula(each) for each in x.tolist()]
    assert component("activation", "tanh")(x).tolist() == pytest.approx(expected, abs=1e-14)


def test_it_has_the_values_and_the_gradient_of_transformers():
    ours, theirs = (some_values(50).requires_grad_() for _ in range(2))
    out, expected = component("activation", "tanh")(ours), ACT2FN["tanh"](theirs)
    torch.testing.assert_close(out, expected)
    out.square().sum().backward(), expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
