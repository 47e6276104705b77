"""The short convolution against `conv1d`, loops, and as an identity."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv1d, pad

from components.errors import UserError
from tests.builders import (
    component,
    decoder,
    mixed,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)
from tests.oracles import mixers as oracle


def short_conv(**options):
    """One in float64 with random weights."""
    mixer = component("mixer", "short_conv", sizes(), **options).double()
    mixer.convolution.weight.data = some_values(*mixer.convolution.weight.shape, seed=7)
    return mixer


@pytest.mark.parametrize("kernel", [1, 3, 4, 11])
def test_it_has_the_values_of_the_loops(kernel):
    mixer, x = short_conv(kernel=kernel), some_values(1, 7, 16)
    weight = mixer.convolution.weight[:, 0].detach().numpy()
    expected = x[0].numpy() + oracle.convolution(x[0].numpy(), weight)
    np.testing.assert_allclose(mixed(mixer, x)[0].detach(), expected, atol=1e-13)


def test_it_has_the_values_and_gradients_of_conv1d_behind_zeros():
    mixer, x = short_conv(), some_values(2, 7, 16).requires_grad_()
    weight = mixer.convolution.weight
    expected = x + conv1d(pad(x.mT, (3, 0)), weight, groups=16).mT
    torch.testing.assert_close(mixed(mixer, x), expected)
    torch.testing.assert_close(
        torch.autograd.grad(mixed(mixer, x).square().sum(), [x, weight]),
        torch.autograd.grad(expected.square().sum(), [x, weight]),
    )


@pytest.mark.parametrize("init", ["normal", "torch"])
def test_at_the_start_it_is_the_identity(init):
    mixer, x = decoder(mixer="short_conv", init=init).layers[0].mixer, some_values(2, 7, 16)
    assert torch.equal(mixed(mixer, x.float()), x.float())


def test_a_kernel_of_one_token_carries_nothing():
    model = random_decoder(mixer={"short_conv": {"kernel": 1}})
    assert not model.carries
    straight, alone = windowed(model, some_tokens()), windowed(model, some_tokens()[:, 6:])
    torch.testing.assert_close(straight[:, 6:], alone)


def test_it_has_a_parameter_for_each_token_seen_and_channel():
    assert sum(each.numel() for each in short_conv(kernel=5).parameters()) == 5 * 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 0}, "kernel: 0 is below 1"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        short_conv(**options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"mixer/short_conv: {message}", next(iter(options)))
