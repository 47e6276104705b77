"""Dynamic tanh against its formula and another library's."""

import math

import pytest
import torch

from components.errors import UserError
from tests.builders import component, decoder, some_values
from tests.elsewhere import DynamicTanh


def random_pair():
    ours, theirs = component("norm", "dyt", 9).double(), DynamicTanh(9, init_alpha=0.5).double()
    ours.slope.data = some_values(1, seed=1)
    theirs.pre_tanh_scale.data = some_values(1, seed=1)[0]
    ours.gain.data = theirs.gamma.data = some_values(9, seed=2)
    ours.bias.data = theirs.beta.data = some_values(9, seed=3)
    return ours, theirs


def test_it_has_the_values_of_the_formula():
    norm, x = random_pair()[0], some_values(5, 9)
    slope, gain, bias = norm.slope.item(), norm.gain.tolist(), norm.bias.tolist()
    expected = [
        [g * math.tanh(slope * each) + b for each, g, b in zip(row, gain, bias, strict=True)]
        for row in x.tolist()
    ]
    torch.testing.assert_close(norm(x), torch.tensor(expected, dtype=torch.float64))


def test_it_has_the_values_and_gradients_of_the_other_library():
    ours, theirs = random_pair()
    x = some_values(5, 9).requires_grad_()
    torch.testing.assert_close(ours(x), theirs(x))
    mine = torch.autograd.grad(ours(x).square().sum(), [x, ours.gain, ours.bias, ours.slope])
    inputs = [x, theirs.gamma, theirs.beta, theirs.pre_tanh_scale]
    other = torch.autograd.grad(theirs(x).square().sum(), inputs)
    torch.testing.assert_close(mine, (*other[:3], other[3][None]))


def test_it_begins_as_a_plain_tanh_of_half_the_stream():
    x = some_values(5, 9).float()
    torch.testing.assert_close(component("norm", "dyt", 9)(x), (x / 2).tanh())


def test_the_slope_may_begin_elsewhere():
    assert component("norm", "dyt", 9, alpha=0.2).slope.tolist() == pytest.approx([0.2])


def test_each_channel_stands_alone():
    norm, x = random_pair()[0], some_values(9)
    changed = x.clone()
    changed[4] += 1
    same = torch.arange(9) != 4
    assert torch.equal(norm(changed)[same], norm(x)[same])


def test_every_layer_and_the_head_has_its_own_slope():
    names = [name for name, _ in decoder(norm="dyt").named_parameters() if "slope" in name]
    assert len(names) == 5


def test_an_alpha_of_0_is_refused():
    with pytest.raises(UserError, match=r"norm/dyt: alpha: 0\.0 is not above 0"):
        component("norm", "dyt", 9, alpha=0.0)
