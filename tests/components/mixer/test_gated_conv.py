"""The gated convolution against loops and `conv1d`."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv1d, linear, pad

from components.errors import UserError
from tests.builders import component, decoder, mixed, sizes, some_values
from tests.oracles import mixers as oracle


def gated_conv(**options):
    """One in float64 with random parameters."""
    mixer = component("mixer", "gated_conv", sizes(), **options).double()
    for seed, parameter in enumerate(mixer.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed)
    return mixer


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kernel", [1, 3, 11, None])
def test_it_has_the_values_of_the_loops(kernel, bias):
    mixer, x = gated_conv(kernel=kernel, bias=bias), some_values(1, 7, 16)
    convolution = {
        name: each.detach().numpy() for name, each in mixer.convolution.named_parameters()
    }
    projection = {name: each.detach().numpy() for name, each in mixer.projection.named_parameters()}
    summed = oracle.convolution(x[0].numpy(), convolution["weight"][:, 0], convolution.get("bias"))
    gate = np.array([projection["weight"] @ token + projection["bias"] for token in x[0].numpy()])
    np.testing.assert_allclose(mixed(mixer, x)[0].detach(), gate * summed, atol=1e-12)


def test_it_has_the_values_and_gradients_of_torch():
    mixer, x = gated_conv(), some_values(2, 7, 16).requires_grad_()
    weight, bias = mixer.convolution.weight, mixer.convolution.bias
    gate = linear(x, mixer.projection.weight, mixer.projection.bias)
    expected = gate * conv1d(pad(x.mT, (2, 0)), weight, bias, groups=16).mT
    torch.testing.assert_close(mixed(mixer, x), expected)
    asking = [x, *mixer.parameters()]
    torch.testing.assert_close(
        torch.autograd.grad(mixed(mixer, x).square().sum(), asking),
        torch.autograd.grad(expected.square().sum(), asking),
    )


def test_without_a_kernel_it_sees_as_many_tokens_as_a_window_has():
    mixer = component("mixer", "gated_conv", sizes(window=9), kernel=None)
    assert mixer.convolution.kernel == 9


@pytest.mark.parametrize("init", ["normal", "torch"])
def test_its_kernel_starts_wide_under_either_scheme(init):
    mixer = decoder(mixer={"gated_conv": {"kernel": 4}}, init=init).layers[0].mixer
    assert 0.4 < mixer.convolution.weight.abs().max() <= 0.5


def test_it_has_the_parameters_of_a_projection_and_a_kernel():
    assert sum(each.numel() for each in gated_conv(kernel=5).parameters()) == 16 * 17 + 6 * 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 0}, "kernel: 0 is below 1"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        gated_conv(**options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"mixer/gated_conv: {message}", next(iter(options)))
