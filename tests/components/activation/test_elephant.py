"""The elephant function against its formula, known values and a derivative taken by hand."""

import pytest
import torch

from components.errors import UserError
from tests.builders import component, sizes, some_values
from tests.known import COMPONENTS

KNOWN = COMPONENTS["activations"]


@pytest.mark.parametrize(("a", "d"), [(1.0, 8.0), (0.7, 4.0), (2.0, 1.0), (1.5, 3.3)])
def test_it_has_the_values_of_the_formula(a, d):
    x = some_values(50)
    expected = [1 / (1 + abs(each / a) ** d) for each in x.tolist()]
    ours = component("activation", "elephant", a=a, d=d)(x)
    assert ours.tolist() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("elephant_a1_d8", {}),
        ("elephant_a1_d4", {"d": 4}),
        ("elephant_a2_d8", {"a": 2}),
    ],
)
def test_it_has_the_known_values(key, options):
    x = torch.tensor(KNOWN["x"], dtype=torch.float64)
    ours = component("activation", "elephant", **options)(x)
    assert ours.tolist() == pytest.approx(KNOWN[key], abs=1e-12)


@pytest.mark.parametrize(("a", "d"), [(1.0, 8.0), (0.7, 4.0), (1.5, 3.3)])
def test_it_has_the_derivative_of_the_formula(a, d):
    x = some_values(50).requires_grad_()
    component("activation", "elephant", a=a, d=d)(x).sum().backward()
    expected = []
    for each in x.tolist():
        r = abs(each / a)
        slope = d * r ** (d - 1) / (1 + r**d) ** 2 / a
        expected.append(-slope if each > 0 else slope)
    assert x.grad.tolist() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1.0, 8.0, 64.0])
def test_values_and_gradients_are_finite_however_far_away(dtype, d):
    x = torch.tensor([0.0, -0.0, 1.0, 3.9, 4.1, -8.0, 20.0, 6e4], dtype=dtype, requires_grad=True)
    out = component("activation", "elephant", d=d)(x)
    out.sum().backward()
    assert out.isfinite().all()
    assert x.grad.isfinite().all()


def test_half_precision_is_off_by_its_own_rounding_alone():
    x = some_values(500).half()
    expected = component("activation", "elephant")(x.double())
    ours = component("activation", "elephant")(x)
    torch.testing.assert_close(ours.double(), expected, rtol=2**-11, atol=2**-24)


def test_a_gate_without_weights_leaves_a_linear_mlp():
    mlp = component("mlp", "gated", sizes(), component("activation", "elephant")).double()
    mlp.gate.weight.data.zero_()
    x = some_values(3, 16)
    torch.testing.assert_close(mlp(x), x @ mlp.up.weight.T @ mlp.down.weight.T)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"a": 0.0}, r"a: 0\.0 is not above 0"), ({"d": 0.5}, r"d: 0\.5 is below 1")],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError, match=rf"activation/elephant: {message}"):
        component("activation", "elephant", **options)
