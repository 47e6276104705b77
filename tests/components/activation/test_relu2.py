"""relu2 against its formula, known values and transformers."""

import pytest
import torch
from transformers.activations import ACT2FN

from tests.builders import component, some_values
from tests.known import COMPONENTS


def test_it_has_the_values_of_the_formula():
    x = some_values(50)
    expected = [each * each if each > 0 else 0.0 for each in x.tolist()]
    assert component("activation", "relu2")(x).tolist() == pytest.approx(expected, abs=1e-14)


def test_it_has_the_known_values():
    known = COMPONENTS["activations"]
    x = torch.tensor(known["x"], dtype=torch.float64)
    expected = known["relu2"]
    assert component("activation", "relu2")(x).tolist() == pytest.approx(expected, abs=1e-12)


def test_it_has_the_values_and_the_gradient_of_transformers():
    ours, theirs = (some_values(50).requires_grad_() for _ in range(2))
    out, expected = component("activation", "relu2")(ours), ACT2FN["relu2"](theirs)
    torch.testing.assert_close(out, expected)
    out.square().sum().backward(), expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
