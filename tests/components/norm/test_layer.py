"""LayerNorm against an oracle, known values and a transformer of another library."""

import pytest
import torch
from torch.nn.functional import layer_norm

from components.errors import UserError
from tests.builders import component, some_values
from tests.known import COMPONENTS
from tests.oracles import tokens


def random_norm(**options):
    norm = component("norm", "layer", 9, **options).double()
    for seed, parameter in enumerate(norm.parameters()):
        parameter.data = some_values(9, seed=seed + 1)
    return norm


def test_it_has_the_values_of_the_formula():
    norm, x = random_norm(), some_values(5, 9)
    gain, bias = norm.weight.tolist(), norm.bias.tolist()
    expected = [tokens.layer_norm(row, gain, bias) for row in x.tolist()]
    torch.testing.assert_close(norm(x), torch.tensor(expected, dtype=torch.float64))


def test_it_has_the_known_values():
    norm = component("norm", "layer", 4).double()
    x = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    assert norm(x).tolist() == pytest.approx(COMPONENTS["layer_norm_1234_eps1e-5"], abs=1e-12)


def test_it_has_the_gradients_of_torch():
    norm, x = random_norm(), some_values(5, 9).requires_grad_()
    gain, bias = norm.weight.detach().clone(), norm.bias.detach().clone()
    gain.requires_grad_(), bias.requires_grad_()
    ours = torch.autograd.grad(norm(x).square().sum(), [x, norm.weight, norm.bias])
    theirs = layer_norm(x, (9,), gain, bias, 1e-5).square().sum()
    torch.testing.assert_close(ours, torch.autograd.grad(theirs, [x, gain, bias]))


def test_without_a_bias_it_has_one_parameter():
    norm = component("norm", "layer", 9, bias=False)
    assert [tuple(each.shape) for each in norm.parameters()] == [(9,)]


def test_statistics_of_bfloat16_are_taken_in_float32():
    norm = component("norm", "layer", 512)
    x = (100 + some_values(3, 512)).bfloat16()
    expected = norm.double()(x.double())
    torch.testing.assert_close(
        component("norm", "layer", 512).bfloat16()(x).double(), expected, atol=0.02, rtol=0.01
    )


def test_an_epsilon_of_0_is_refused():
    with pytest.raises(UserError, match=r"norm/layer: epsilon: 0\.0 is not above 0"):
        component("norm", "layer", 9, epsilon=0.0)
