"""RMSNorm against an oracle, known values and Llama's."""

import pytest
import torch
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from components.errors import UserError
from tests.builders import component, some_values
from tests.known import COMPONENTS
from tests.oracles import tokens


def test_it_has_the_values_of_the_formula():
    norm, x = component("norm", "rms", 9).double(), some_values(5, 9)
    norm.weight.data = some_values(9, seed=1)
    expected = [tokens.rms_norm(row, norm.weight.tolist()) for row in x.tolist()]
    torch.testing.assert_close(norm(x), torch.tensor(expected, dtype=torch.float64))


def test_it_has_the_known_values():
    norm = component("norm", "rms", 4).double()
    x = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    assert norm(x).tolist() == pytest.approx(COMPONENTS["rms_norm_1234_eps1e-6"], abs=1e-12)


def test_it_has_the_values_and_gradients_of_llama():
    ours, theirs = component("norm", "rms", 9), LlamaRMSNorm(9, eps=1e-6)
    ours.weight.data = theirs.weight.data = some_values(9, seed=1).float()
    x = some_values(5, 9).float().requires_grad_()
    torch.testing.assert_close(ours(x), theirs(x))
    mine = torch.autograd.grad(ours(x).square().sum(), [x, ours.weight])
    other = torch.autograd.grad(theirs(x).square().sum(), [x, theirs.weight])
    torch.testing.assert_close(mine, other)


def test_statistics_of_bfloat16_are_taken_in_float32():
    x = (100 + some_values(3, 512)).bfloat16()
    expected = component("norm", "rms", 512).double()(x.double())
    ours = component("norm", "rms", 512).bfloat16()(x).double()
    torch.testing.assert_close(ours, expected, atol=0.0, rtol=2**-8)


def test_an_epsilon_of_0_is_refused():
    with pytest.raises(UserError, match=r"norm/rms: epsilon: 0\.0 is not above 0"):
        component("norm", "rms", 9, epsilon=0.0)
