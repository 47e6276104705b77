"""Linear attention against loops, its gates against one another, and softmax's absence."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from components.errors import UserError
from components.mixer.linear_attention import EPSILON
from tests.builders import component, decoder, mixed, sizes, some_values
from tests.oracles import mixers as oracle

GATES = ["none", "retention", "gla"]


def linear_attention(shape=None, **options):
    """One in float64 with random parameters."""
    mixer = component("mixer", "linear_attention", shape or sizes(), **options).double()
    for seed, parameter in enumerate(mixer.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed)
    return mixer


def matrices(mixer):
    names = {"q": "query", "k": "key", "v": "value", "g": "gate", "o": "out", "gain": "norm"}
    return {short: getattr(mixer, name).weight.detach().numpy() for short, name in names.items()}


def decays(mixer, x, gate, temperature=16.0):
    """What is left a token later, [heads, length, head_width], of the formula."""
    if gate == "none":
        return np.ones((4, len(x), 4))
    if gate == "retention":
        each = np.array([1 - 2.0 ** (-5 - head) for head in range(4)])
        return np.broadcast_to(each[:, None, None], (4, len(x), 4))
    narrow = x @ mixer.narrow.weight.detach().numpy().T
    logits = narrow @ mixer.widen.weight.detach().numpy().T + mixer.widen.bias.detach().numpy()
    gate = oracle.sigmoid(logits.reshape(len(x), 4, 4).swapaxes(0, 1)) ** (1 / temperature)
    return np.maximum(gate, np.exp(-4))


@pytest.mark.parametrize("length", [1, 7, 37])
@pytest.mark.parametrize("gate", GATES)
def test_it_has_the_values_of_the_loops(gate, length):
    mixer, x = linear_attention(gate=gate), some_values(1, length, 16)
    row = x[0].numpy()
    expected = oracle.linear_attention(
        row, matrices(mixer), decays(mixer, row, gate), width=4, epsilon=EPSILON
    )
    np.testing.assert_allclose(mixed(mixer, x)[0].detach(), expected, atol=1e-10)


def test_the_temperature_is_the_root_of_the_gate():
    mixer, x = linear_attention(temperature=2.0), some_values(1, 7, 16)
    row = x[0].numpy()
    expected = oracle.linear_attention(
        row, matrices(mixer), decays(mixer, row, "gla", 2.0), width=4, epsilon=EPSILON
    )
    np.testing.assert_allclose(mixed(mixer, x)[0].detach(), expected, atol=1e-10)


def test_without_decay_it_is_all_products_of_a_query_with_keys_before_it():
    mixer, x = linear_attention(gate="none"), some_values(2, 37, 16)
    split = (each.unflatten(-1, (4, 4)).transpose(1, 2) for each in (mixer.query(x), mixer.key(x)))
    queries, keys = split
    values = mixer.value(x).unflatten(-1, (4, 4)).transpose(1, 2)
    found = (queries @ keys.mT / 2).tril() @ values
    gated = mixer.norm(found).transpose(1, 2).flatten(2) * torch.nn.functional.silu(mixer.gate(x))
    torch.testing.assert_close(mixed(mixer, x), mixer.out(gated))


def test_retention_is_gla_with_a_constant_gate():
    retention = linear_attention(gate="retention")
    gla = linear_attention(gate="gla", temperature=0.01)
    gla.load_state_dict(retention.state_dict(), strict=False)
    each = torch.tensor([1 - 2.0 ** (-5 - head) for head in range(4)], dtype=torch.float64)
    gla.widen.weight.data.zero_()
    gla.widen.bias.data = torch.logit(each**0.01).repeat_interleave(4)
    x = some_values(2, 37, 16)
    torch.testing.assert_close(mixed(gla, x), mixed(retention, x))


def test_an_open_gate_is_none():
    none, gla = linear_attention(gate="none"), linear_attention(gate="gla")
    gla.load_state_dict(none.state_dict(), strict=False)
    gla.widen.weight.data.zero_()
    gla.widen.bias.data.fill_(50.0)
    x = some_values(2, 37, 16)
    torch.testing.assert_close(mixed(gla, x), mixed(none, x))


def test_a_gate_that_is_shut_is_finite_in_float32():
    mixer = linear_attention(gate="gla", temperature=1.0).float()
    mixer.widen.bias.data.fill_(-1e4)
    x = some_values(2, 37, 16).float().requires_grad_()
    found = mixed(mixer, x)
    (slope,) = torch.autograd.grad(found.sum(), x)
    assert found.isfinite().all()
    assert slope.isfinite().all()


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_grouped_heads_are_full_heads_whose_keys_repeat(kv_heads, gate):
    grouped = linear_attention(sizes(kv_heads=kv_heads), gate=gate)
    full = linear_attention(gate=gate)
    repeated = {
        name: value.unflatten(0, (-1, 4)).repeat_interleave(4 // kv_heads, dim=0).flatten(0, 1)
        for name, value in grouped.state_dict().items()
        if name.startswith(("key", "value", "widen"))
    }
    full.load_state_dict(grouped.state_dict() | repeated)
    x = some_values(2, 7, 16)
    torch.testing.assert_close(mixed(grouped, x), mixed(full, x))


@pytest.mark.parametrize(
    ("gate", "expected"),
    [("none", 5 * 256 + 4), ("retention", 5 * 256 + 4), ("gla", 5 * 256 + 4 + 2 * 48 + 16)],
)
def test_it_has_the_parameters_of_five_projections_a_gain_and_its_gate(gate, expected):
    mixer = linear_attention(gate=gate, rank=3)
    assert sum(each.numel() for each in mixer.parameters()) == expected


def test_a_counter_sees_the_products_of_its_chunks():
    mixer = component("mixer", "linear_attention", sizes(), gate="retention")
    with FlopCounterMode(display=False) as counter:
        mixed(mixer, torch.zeros(1, 32, 16))
    # Four products of heads of 4 channels: with a chunk's 16 tokens, and with the 4 x 4 sums.
    assert counter.get_total_flops() == 32 * (5 * 2 * 256 + 4 * (2 * 2 * 16 * 4 + 2 * 2 * 4 * 4))


def test_at_the_start_little_fades():
    mixer = decoder(mixer="linear_attention").layers[0].mixer
    left = mixer._decays(some_values(1, 5, 16).float(), torch.float32).exp()
    torch.testing.assert_close(left, torch.full_like(left, 0.5 ** (1 / 16)), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 0}, "rank: 0 is below 1"),
        ({"temperature": 0.0}, "temperature: 0.0 is not above 0"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        linear_attention(**options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (
        f"mixer/linear_attention: {message}",
        next(iter(options)),
    )
