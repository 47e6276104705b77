"""gelu against an oracle, known values and torch."""

import pytest
import torch
from torch import nn

from tests.builders import component, some_values
from tests.known import COMPONENTS
from tests.oracles import tokens


def test_it_has_the_values_of_the_formula():
    x = some_values(50)
    expected = [tokens.gelu(each) for each in x.tolist()]
    assert component("activation", "gelu")(x).tolist() == pytest.approx(expected, abs=1e-14)


def test_it_has_the_known_values():
    known = COMPONENTS["activations"]
    x = torch.tensor(known["x"], dtype=torch.float64)
    expected = known["gelu_exact"]
    assert component("activation", "gelu")(x).tolist() == pytest.approx(expected, abs=1e-12)


def test_it_has_the_gradient_of_torch():
    ours, theirs = (some_values(50).requires_grad_() for _ in range(2))
    component("activation", "gelu")(ours).square().sum().backward()
    nn.GELU()(theirs).square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
