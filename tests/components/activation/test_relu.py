"""relu against an oracle and torch."""

import pytest
import torch
from torch import nn

from tests.builders import component, some_values
from tests.oracles import tokens


def test_it_has_the_values_of_the_formula():
    x = some_values(50)
    expected = [tokens.relu(each) for each in x.tolist()]
    assert component("activation", "relu")(x).tolist() == pytest.approx(expected, abs=1e-14)


def test_it_has_the_gradient_of_torch():
    ours, theirs = (some_values(50).requires_grad_() for _ in range(2))
    component("activation", "relu")(ours).square().sum().backward()
    nn.ReLU()(theirs).square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
