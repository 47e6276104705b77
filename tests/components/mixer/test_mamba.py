"""Mamba against transformers' mixer, loops, its known size and its initial values."""

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus
from torch.utils.flop_counter import FlopCounterMode
from transformers import MambaConfig
from transformers.models.mamba.modeling_mamba import MambaMixer

from components.errors import UserError
from tests.builders import component, decoder, mixed, sizes, some_values
from tests.known import COMPONENTS
from tests.oracles import mixers as oracle

THEIRS = {
    "log_rates": "A_log",
    "skip": "D",
    "enter.weight": "in_proj.weight",
    "convolution.weight": "conv1d.weight",
    "convolution.bias": "conv1d.bias",
    "choose.weight": "x_proj.weight",
    "steps.weight": "dt_proj.weight",
    "steps.bias": "dt_proj.bias",
    "out.weight": "out_proj.weight",
}


def mamba(width=16, **options):
    """One in float64 with random parameters."""
    shape = sizes(width=width, head_width=width // 4)
    mixer = component("mixer", "mamba", shape, **options).double()
    for seed, parameter in enumerate(mixer.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed) / 2
    return mixer


def of_transformers(ours, **options):
    """Their mixer with the same parameters, in float64."""
    config = MambaConfig(hidden_size=16, **options)
    theirs = MambaMixer(config, 0).double().eval()
    theirs.load_state_dict({THEIRS[name]: value for name, value in ours.state_dict().items()})
    return theirs


def parameters(mixer):
    return sum(each.numel() for each in mixer.parameters())


@pytest.mark.parametrize("length", [1, 7, 37])
@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        ({}, {}),
        ({"states": 3, "expand": 3, "kernel": 2}, {"state_size": 3, "expand": 3, "conv_kernel": 2}),
        ({"rank": 5}, {"time_step_rank": 5}),
    ],
)
def test_it_has_the_values_and_gradients_of_transformers(monkeypatch, options, theirs, length):
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)  # which it scans in
    ours = mamba(**options)
    other, x = of_transformers(ours, **theirs), some_values(2, length, 16).requires_grad_()
    found, expected = mixed(ours, x), other(x)
    torch.testing.assert_close(found, expected)
    named = dict(other.named_parameters())
    mine = torch.autograd.grad(found.square().sum(), [x, *ours.parameters()])
    asking = [x, *(named[THEIRS[name]] for name, _ in ours.named_parameters())]
    slopes = torch.autograd.grad(expected.square().sum(), asking)
    torch.testing.assert_close(mine, slopes)


def test_it_has_the_values_of_the_loops():
    mixer, x = mamba(), some_values(1, 19, 16)
    own = {name: value.numpy() for name, value in mixer.state_dict().items()}
    u, z = np.split(x[0].numpy() @ own["enter.weight"].T, 2, axis=-1)
    u = oracle.silu(oracle.convolution(u, own["convolution.weight"][:, 0], own["convolution.bias"]))
    narrow, write, read = np.split(u @ own["choose.weight"].T, [1, 17], axis=-1)
    steps = np.log1p(np.exp(narrow @ own["steps.weight"].T + own["steps.bias"]))
    y, _ = oracle.scan(u, steps, -np.exp(own["log_rates"]), write, read)
    expected = ((y + own["skip"] * u) * oracle.silu(z)) @ own["out.weight"].T
    np.testing.assert_allclose(mixed(mixer, x)[0].detach(), expected, atol=1e-12)


@pytest.mark.parametrize(("key", "width", "states"), [("d16_N4", 16, 4), ("d768_N16", 768, 16)])
def test_it_has_the_known_number_of_parameters(key, width, states):
    with torch.device("meta"):
        mixer = component("mixer", "mamba", sizes(width=width), states=states)
    assert parameters(mixer) == COMPONENTS["params_mamba_block"][key]


@pytest.mark.parametrize("init", ["normal", "torch"])
def test_its_own_initial_values_are_those_of_the_paper_under_either_scheme(init):
    mixer = decoder(mixer="mamba", init=init, width=64).layers[0].mixer
    rates = torch.arange(1.0, 17).expand(128, -1)
    torch.testing.assert_close(mixer.log_rates.exp(), rates)
    assert mixer.skip.eq(1).all()
    assert 0.45 < mixer.convolution.weight.abs().max() <= 0.5
    assert 0.48 < mixer.steps.weight.abs().max() <= 0.5  # of rank 4


def test_its_step_sizes_start_evenly_in_their_logarithm():
    mixer = decoder(mixer="mamba", width=256).layers[0].mixer
    logarithms = softplus(mixer.steps.bias.double()).log10().sort().values
    expected = torch.linspace(-3, -1, 512, dtype=torch.float64)
    torch.testing.assert_close(logarithms, expected, atol=0.15, rtol=0)


def test_its_step_sizes_depend_on_the_seed():
    one, other = (decoder(mixer="mamba", seed=seed).layers[0].mixer.steps for seed in (0, 1))
    assert not torch.equal(one.bias, other.bias)


def test_with_what_it_says_of_it_the_counter_is_right():
    mixer, length, inner, states = mamba(), 7, 32, 16
    x = some_values(1, length, 16).requires_grad_()
    with FlopCounterMode(display=False) as counter:
        mixed(mixer, x).sum().backward()
    said = sum(
        each.uncounted_flops(length) for each in mixer.modules() if hasattr(each, "uncounted_flops")
    )
    matrices = 16 * 2 * inner + inner * (1 + 2 * states) + inner + inner * 16
    expected = 2 * length * (matrices + 4 * inner + 2 * inner * states)
    assert counter.get_total_flops() + 3 * said == pytest.approx(3 * expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"states": 0}, "states: 0 is below 1"),
        ({"expand": 0}, "expand: 0 is below 1"),
        ({"kernel": 0}, "kernel: 0 is below 1"),
        ({"rank": 0}, "rank: 0 is below 1"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        mamba(**options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"mixer/mamba: {message}", next(iter(options)))
