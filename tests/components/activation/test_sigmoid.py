"""sigmoid against its formula and transformers."""

import math

import pytest
import torch
from torch.nn.functional import glu
from transformers.activations import ACT2FN

from tests.builders import component, sizes, some_values


def formula(x):
    return 1 / (1 + math.exp(-x))


def test_it_has_the_values_of_the_formula():
    x = some_values(50)
    expected = [formula(each) for each in x.tolist()]
    assert component("activation", "sigmoid")(x).tolist() == pytest.approx(expected, abs=1e-14)


def test_it_has_the_values_and_the_gradient_of_transformers():
    ours, theirs = (some_values(50).requires_grad_() for _ in range(2))
    out, expected = component("activation", "sigmoid")(ours), ACT2FN["sigmoid"](theirs)
    torch.testing.assert_close(out, expected)
    out.square().sum().backward(), expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_in_a_gated_mlp_it_is_the_gated_linear_unit_of_torch():
    mlp = component("mlp", "gated", sizes(), component("activation", "sigmoid"), width=7).double()
    x = some_values(3, 16)
    both = torch.cat([mlp.up(x), mlp.gate(x)], dim=-1)
    torch.testing.assert_close(mlp(x), mlp.down(glu(both)))
