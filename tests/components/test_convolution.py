"""The causal convolution against loops, `conv1d`, and itself in windows."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv1d, pad
from torch.utils.flop_counter import FlopCounterMode

from components.convolution import CausalConvolution, DrawnConvolution
from components.initialise import initialise
from tests.builders import some_values
from tests.oracles import mixers as oracle

CPU = torch.device("cpu")


def some_convolution(channels=3, kernel=4, *, bias=True):
    """One with random parameters in float64."""
    convolution = CausalConvolution(channels, kernel, bias=bias).double()
    for seed, parameter in enumerate(convolution.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed)
    return convolution


def convolved(convolution, x, documents=None, window=None):
    """What it makes of x, window by window, and the last tail."""
    tail, found = convolution.start(len(x), CPU), []
    window = window or x.shape[1]
    for begin in range(0, x.shape[1], window):
        own = slice(begin, begin + window)
        in_window = None if documents is None else counted(documents, begin, window)
        y, tail = convolution(x[:, own], tail, in_window)
        found.append(y)
    return torch.cat(found, dim=1), tail


def counted(documents, begin, window):
    """Documents, numbered over a row, as a window counts them."""
    before = documents[:, begin - 1 : begin] if begin else torch.zeros_like(documents[:, :1])
    return documents[:, begin : begin + window] - before


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kernel", [1, 2, 4, 9])
def test_it_has_the_values_of_the_loops(kernel, bias, apart):
    convolution, x = some_convolution(kernel=kernel, bias=bias), some_values(1, 7, 3, seed=5)
    documents = torch.tensor([[0, 0, 1, 1, 1, 2, 2]]) if apart else None
    expected = oracle.convolution(
        x[0].numpy(),
        convolution.weight[:, 0].detach().numpy(),
        convolution.bias.detach().numpy() if bias else None,
        documents[0].tolist() if apart else None,
    )
    y, _ = convolved(convolution, x, documents)
    np.testing.assert_allclose(y[0].detach(), expected, atol=1e-14)


def test_it_is_conv1d_behind_zeros_forward_and_backward():
    convolution, x = some_convolution(), some_values(2, 7, 3, seed=5).requires_grad_()
    expected = conv1d(pad(x.mT, (3, 0)), convolution.weight, convolution.bias, groups=3).mT
    ours, _ = convolved(convolution, x)
    torch.testing.assert_close(ours, expected)
    asking = [x, convolution.weight, convolution.bias]
    torch.testing.assert_close(
        torch.autograd.grad(ours.square().sum(), asking),
        torch.autograd.grad(expected.square().sum(), asking),
    )


def test_documents_that_do_not_end_have_the_values_and_gradients_of_none():
    convolution, x = some_convolution(), some_values(2, 7, 3, seed=5).requires_grad_()
    asking = [x, convolution.weight, convolution.bias]
    both = []
    for documents in (None, torch.zeros(2, 7, dtype=torch.int64)):
        y, tail = convolved(convolution, x, documents)
        both.append((y, tail, *torch.autograd.grad(y.square().sum(), asking)))
    torch.testing.assert_close(*both)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("window", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel", [1, 4, 9])
def test_in_windows_of_any_length_it_is_the_same(kernel, window, apart):
    convolution, x = some_convolution(kernel=kernel), some_values(2, 12, 3, seed=5)
    documents = torch.tensor([[0] * 4 + [1] * 8, [0] * 3 + [1] * 2 + [2] * 7]) if apart else None
    whole, tail = convolved(convolution, x, documents)
    ours, last = convolved(convolution, x, documents, window)
    torch.testing.assert_close(ours, whole)
    torch.testing.assert_close(last, tail)


def test_a_tail_holds_no_more_memory_than_itself():
    _, tail = convolved(some_convolution(), some_values(1, 50, 3))
    assert tail.untyped_storage().nbytes() == tail.nbytes


@pytest.mark.parametrize(("channels", "kernel"), [(3, 4), (1, 2), (8, 8)])
def test_with_what_it_says_of_it_the_counter_is_right(channels, kernel):
    convolution = CausalConvolution(channels, kernel, bias=True)
    x = torch.randn(1, 7, channels, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        convolved(convolution, x)[0].sum().backward()
    total = counter.get_total_flops() + 3 * convolution.uncounted_flops(7)
    assert total == pytest.approx(3 * 2 * 7 * kernel * channels)


def test_a_drawn_kernel_is_within_the_root_of_its_length_and_its_bias_0():
    convolution = DrawnConvolution(50, 4, bias=True)
    initialise(convolution, 0, 2)
    assert 0.45 < convolution.weight.abs().max() <= 0.5
    assert not convolution.bias.any()
