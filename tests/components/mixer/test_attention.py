"""Attention against loops, other libraries, and with groups of heads against repeated heads."""

import numpy as np
import pytest
import torch
from torch import nn

from components.memory import Window
from components.mixer.attention import attend
from components.positions import Positions
from tests.builders import component, decoder, sizes, some_values, waves
from tests.known import COMPONENTS
from tests.oracles import attention as oracle


def mix(attention, x):
    """Attention within one window, without positions or memory."""
    mixed, _ = attention(x, Window.of(x), Positions(attention.sizes), lambda own: own)
    return mixed


def matrices(attention):
    names = {"q": attention.query, "k": attention.key, "v": attention.value, "o": attention.out}
    return {letter: module.weight.detach().numpy() for letter, module in names.items()}


@pytest.mark.parametrize(
    ("heads", "kv_heads", "head_width"), [(4, 4, 4), (4, 2, 4), (4, 1, 4), (1, 1, 16), (3, 3, 5)]
)
def test_it_has_the_values_of_the_loops(heads, kv_heads, head_width):
    shape = sizes(heads=heads, kv_heads=kv_heads, head_width=head_width)
    attention = component("mixer", "attention", shape).double()
    x = some_values(1, 7, 16)
    expected = oracle.layer(
        x[0].numpy(), matrices(attention), width=head_width, visible=oracle.causal(7)
    )
    np.testing.assert_allclose(mix(attention, x)[0].detach(), expected, atol=1e-14)


def test_it_has_the_known_values():
    setup = COMPONENTS["scores_small"]["setup"]
    heads, queries, keys, width = setup["H"], setup["n"], setup["n"] + setup["m"], setup["w"]
    q = waves(0.7, 0.1, heads, queries, width)
    k, v = waves(0.3, 0.5, heads, keys, width), waves(0.2, 0.3, heads, keys, width)
    visible = torch.ones(queries, keys, dtype=torch.bool).tril(setup["m"])[None]
    expected = torch.tensor(COMPONENTS["scores_small"]["output_none_causal"], dtype=torch.float64)
    torch.testing.assert_close(attend(q, k, v, visible, None)[0], expected)


def test_it_has_the_values_and_gradients_of_torch():
    ours = component("mixer", "attention", sizes(), bias=True).double()
    theirs = nn.MultiheadAttention(16, 4, batch_first=True).double()
    projections = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data = torch.cat([each.weight.data for each in projections])
    theirs.in_proj_bias.data = torch.cat([each.bias.data for each in projections])
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    x = some_values(2, 7, 16).requires_grad_()
    mask = nn.Transformer.generate_square_subsequent_mask(7, dtype=torch.float64)
    expected, _ = theirs(x, x, x, attn_mask=mask, need_weights=False)
    torch.testing.assert_close(mix(ours, x), expected)
    mine = torch.autograd.grad(mix(ours, x).square().sum(), [x, ours.out.weight])
    other = torch.autograd.grad(expected.square().sum(), [x, theirs.out_proj.weight])
    torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_grouped_heads_are_full_heads_whose_keys_repeat(kv_heads):
    grouped = component("mixer", "attention", sizes(kv_heads=kv_heads)).double()
    full = component("mixer", "attention", sizes()).double()
    full.load_state_dict(grouped.state_dict() | repeated(grouped, 4 // kv_heads))
    x = some_values(2, 7, 16)
    torch.testing.assert_close(mix(grouped, x), mix(full, x))


def repeated(grouped, times):
    """Key and value weights in which each head stands `times` times, one behind the other."""
    return {
        name: value.unflatten(0, (-1, 4)).repeat_interleave(times, dim=0).flatten(0, 1)
        for name, value in grouped.state_dict().items()
        if name.startswith(("key", "value"))
    }


def test_a_bias_with_grouped_heads_has_the_values_and_gradients_of_plain_arithmetic():
    queries, keys, values = (some_values(2, h, 5, 4, seed=h).requires_grad_() for h in (4, 2, 2))
    values = some_values(2, 2, 5, 4, seed=9).requires_grad_()
    bias = some_values(1, 4, 5, 5, seed=3).requires_grad_()
    visible = torch.ones(5, 5, dtype=torch.bool).tril()[None]
    wide = [each.repeat_interleave(2, dim=1) for each in (keys, values)]
    scores = queries @ wide[0].transpose(-1, -2) / 2 + bias
    expected = scores.masked_fill(~visible[:, None], -torch.inf).softmax(-1) @ wide[1]
    ours = attend(queries, keys, values, visible, bias)
    torch.testing.assert_close(ours, expected)
    inputs = [queries, keys, values, bias]
    torch.testing.assert_close(
        torch.autograd.grad(ours.square().sum(), inputs),
        torch.autograd.grad(expected.square().sum(), inputs),
    )


def test_more_keys_than_queries_are_aligned_at_the_last_one():
    queries, keys = some_values(1, 1, 3, 4), some_values(1, 1, 6, 4, seed=1)
    visible = torch.ones(3, 6, dtype=torch.bool).tril(3)[None]
    expected = oracle.attention(
        queries[0].numpy(), keys[0].numpy(), keys[0].numpy(), visible[0].tolist()
    )
    ours = attend(queries, keys, keys, visible, None)
    np.testing.assert_allclose(ours[0], expected, atol=1e-14)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_one_head_as_wide_as_many_has_their_parameters(heads):
    model = decoder(heads=heads, head_width=16 // heads)
    assert sum(each.numel() for each in model.layers[0].mixer.parameters()) == 4 * 16 * 16
