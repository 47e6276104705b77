"""Attention against loops, other libraries, and with groups of heads against repeated heads."""

import numpy as np
import pytest
import torch
from torch import nn
from transformers import Qwen3Config
from transformers.models.gemma2.modeling_gemma2 import (
    eager_attention_forward as gemma_attention,
)
from transformers.models.qwen3.modeling_qwen3 import Qwen3Attention
from typing_extensions import override

from components.errors import UserError
from components.memory import Seen
from components.mixer.attention import attend
from components.positions import Positions
from tests.builders import (
    component,
    decoder,
    mixed,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    waves,
    windowed,
)
from tests.elsewhere import Attend
from tests.known import COMPONENTS
from tests.oracles import attention as oracle


class Added(Positions):
    """Adds a given bias to the scores."""

    def __init__(self, bias, *, looks=False):
        super().__init__(sizes())
        self.bias, self.needs_scores = bias, looks

    @override
    def on_scores(self, seen):
        return self.bias

    @override
    def from_scores(self, seen, scores):
        return torch.zeros_like(scores)


def seen_by(queries, keys, values, visible, **more):
    """What queries look at who stand at the end of the keys."""
    places = torch.arange(keys.shape[2])[None]
    last = places[:, keys.shape[2] - queries.shape[2] :]
    return Seen(queries, keys, values, last, places, visible, **more)


def filled(attention):
    """The same with known weights."""
    for index, parameter in enumerate(attention.parameters()):
        parameter.data = some_values(*parameter.shape, seed=index) / 4
    return attention


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
    np.testing.assert_allclose(mixed(attention, x)[0].detach(), expected, atol=1e-14)


def test_it_has_the_known_values():
    setup = COMPONENTS["scores_small"]["setup"]
    heads, queries, keys, width = setup["H"], setup["n"], setup["n"] + setup["m"], setup["w"]
    q = waves(0.7, 0.1, heads, queries, width)
    k, v = waves(0.3, 0.5, heads, keys, width), waves(0.2, 0.3, heads, keys, width)
    visible = torch.ones(queries, keys, dtype=torch.bool).tril(setup["m"])[None]
    expected = torch.tensor(COMPONENTS["scores_small"]["output_none_causal"], dtype=torch.float64)
    seen = seen_by(q, k, v, visible)
    torch.testing.assert_close(attend(seen, Positions(sizes()))[0], expected)


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
    torch.testing.assert_close(mixed(ours, x), expected)
    mine = torch.autograd.grad(mixed(ours, x).square().sum(), [x, ours.out.weight])
    other = torch.autograd.grad(expected.square().sum(), [x, theirs.out_proj.weight])
    torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_grouped_heads_are_full_heads_whose_keys_repeat(kv_heads):
    grouped = component("mixer", "attention", sizes(kv_heads=kv_heads)).double()
    full = component("mixer", "attention", sizes()).double()
    full.load_state_dict(grouped.state_dict() | repeated(grouped, 4 // kv_heads))
    x = some_values(2, 7, 16)
    torch.testing.assert_close(mixed(grouped, x), mixed(full, x))


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
    ours = attend(seen_by(queries, keys, values, visible), Added(bias))
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
    ours = attend(seen_by(queries, keys, keys, visible), Positions(sizes()))
    np.testing.assert_allclose(ours[0], expected, atol=1e-14)


@pytest.mark.parametrize("with_sink", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
def test_the_path_that_keeps_scores_has_the_values_and_gradients_of_the_other(with_bias, with_sink):
    queries = some_values(2, 4, 3, 4).requires_grad_()
    keys, values = (some_values(2, 2, 5, 4, seed=each).requires_grad_() for each in (1, 2))
    visible = torch.ones(3, 5, dtype=torch.bool).tril(2)[None]
    bias = some_values(1, 4, 3, 5, seed=3) if with_bias else None
    sink = some_values(4, seed=4).requires_grad_() if with_sink else None
    seen = seen_by(queries, keys, values, visible, sink=sink)
    fused, kept = attend(seen, Added(bias)), attend(seen, Added(bias, looks=True))
    torch.testing.assert_close(fused, kept)
    inputs = [queries, keys, values, *([sink] if with_sink else [])]
    torch.testing.assert_close(
        torch.autograd.grad(fused.square().sum(), inputs),
        torch.autograd.grad(kept.square().sum(), inputs),
    )


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_one_head_as_wide_as_many_has_their_parameters(heads):
    model = decoder(heads=heads, head_width=16 // heads)
    assert sum(each.numel() for each in model.layers[0].mixer.parameters()) == 4 * 16 * 16


def test_a_cap_keeps_scores_below_it_and_small_ones_as_they_are():
    scores = torch.tensor([-1e3, -1e-3, 0.0, 1e-3, 1e3], dtype=torch.float64)
    capped = component("mixer", "attention", sizes(), softcap=2.0).cap(scores)
    expected = torch.tensor([-2.0, -1e-3, 0.0, 1e-3, 2.0], dtype=torch.float64)
    torch.testing.assert_close(capped, expected, atol=1e-9, rtol=0)


def test_a_cap_that_is_out_of_reach_is_none():
    tokens = some_tokens()
    capped = random_decoder(mixer={"attention": {"softcap": 1e9}})
    torch.testing.assert_close(windowed(capped, tokens), windowed(random_decoder(), tokens))


def test_a_cap_has_the_values_and_gradients_of_gemma_2():
    ours = filled(component("mixer", "attention", sizes(kv_heads=2), softcap=0.5).double())
    x = some_values(2, 5, 16).requires_grad_()
    queries, keys, values = (
        each(x).unflatten(-1, (-1, 4)).transpose(1, 2)
        for each in (ours.query, ours.key, ours.value)
    )
    module = nn.Module()
    module.head_dim, module.num_key_value_groups, module.training = 4, 2, False
    mask = torch.full((5, 5), -torch.inf, dtype=torch.float64).triu(1)
    theirs, _ = gemma_attention(module, queries, keys, values, mask, softcap=0.5)
    expected = ours.out(theirs.flatten(2))
    near = {"atol": 1e-6, "rtol": 1e-6}  # theirs takes the softmax in float32
    torch.testing.assert_close(mixed(ours, x), expected, **near)
    torch.testing.assert_close(
        torch.autograd.grad(mixed(ours, x).square().sum(), [x, ours.query.weight]),
        torch.autograd.grad(expected.square().sum(), [x, ours.query.weight]),
        **near,
    )


def test_a_cap_has_the_values_and_gradients_of_plain_arithmetic():
    queries = some_values(2, 4, 5, 4).requires_grad_()
    keys, values = (some_values(2, 2, 5, 4, seed=each).requires_grad_() for each in (1, 2))
    visible = torch.ones(5, 5, dtype=torch.bool).tril()[None]
    wide = [each.repeat_interleave(2, dim=1) for each in (keys, values)]
    scores = 0.5 * torch.tanh(queries @ wide[0].mT / 2 / 0.5)
    expected = scores.masked_fill(~visible[:, None], -torch.inf).softmax(-1) @ wide[1]
    cap = component("mixer", "attention", sizes(), softcap=0.5).cap
    ours = attend(seen_by(queries, keys, values, visible), Positions(sizes()), cap)
    torch.testing.assert_close(ours, expected, atol=1e-12, rtol=0)
    inputs = [queries, keys, values]
    torch.testing.assert_close(
        torch.autograd.grad(ours.square().sum(), inputs),
        torch.autograd.grad(expected.square().sum(), inputs),
        atol=1e-12,
        rtol=0,
    )


def test_a_cap_is_put_on_scores_with_their_bias_as_x_transformers_does():
    queries, keys, values = (some_values(1, 4, 6, 4, seed=each).float() for each in range(3))
    visible = torch.ones(6, 6, dtype=torch.bool).tril()[None]
    seen, alibi = seen_by(queries, keys, values, visible), component("positions", "alibi", sizes())
    cap = component("mixer", "attention", sizes(), softcap=1.5).cap
    theirs = Attend(heads=4, causal=True, softclamp_logits=True, logit_softclamp_value=1.5)
    expected, _ = theirs(queries, keys, values, attn_bias=alibi.on_scores(seen)[0])
    torch.testing.assert_close(attend(seen, alibi, cap), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("cap", [0.0, -1.0])
def test_a_cap_that_is_not_above_0_is_refused(cap):
    with pytest.raises(UserError, match=r"softcap: .* is not above 0"):
        component("mixer", "attention", sizes(), softcap=cap)


def test_normed_heads_have_the_values_and_gradients_of_qwen3():
    config = Qwen3Config(
        hidden_size=16, num_attention_heads=4, num_key_value_heads=2, head_dim=4, rms_norm_eps=1e-6
    )
    config._attn_implementation = "eager"
    theirs = Qwen3Attention(config, layer_idx=0).double()
    ours = filled(component("mixer", "attention", sizes(kv_heads=2), qk_norm="head").double())
    for name, module in zip("qkvo", (ours.query, ours.key, ours.value, ours.out), strict=True):
        getattr(theirs, f"{name}_proj").weight.data = module.weight.data
    for name, module in (("q", ours.query_norm), ("k", ours.key_norm)):
        gain = some_values(4, seed=ord(name))
        module.weight.data = gain
        getattr(theirs, f"{name}_norm").weight.data = gain
    x = some_values(2, 5, 16).requires_grad_()
    cos, sin = torch.ones(1, 5, 4, dtype=torch.float64), torch.zeros(1, 5, 4, dtype=torch.float64)
    mask = torch.full((5, 5), -torch.inf, dtype=torch.float64).triu(1)[None, None]
    expected, _ = theirs(x, (cos, sin), mask)
    near = {"atol": 1e-5, "rtol": 0}  # theirs norms and takes the softmax in float32
    torch.testing.assert_close(mixed(ours, x), expected, **near)
    torch.testing.assert_close(
        torch.autograd.grad(mixed(ours, x).square().sum(), [x, ours.query_norm.weight]),
        torch.autograd.grad(expected.square().sum(), [x, theirs.q_norm.weight]),
        **near,
    )


def test_heads_that_are_normed_together_have_one_gain_for_each_channel():
    ours = component("mixer", "attention", sizes(kv_heads=2), qk_norm="all").double()
    assert (ours.query_norm.weight.shape, ours.key_norm.weight.shape) == ((16,), (8,))
    ours.query_norm.weight.data = some_values(16, seed=1)
    x = some_values(1, 3, 16)
    flat = ours.query(x)
    normed = flat / (flat.square().mean(-1, keepdim=True) + 1e-6).sqrt() * some_values(16, seed=1)
    found = ours._normed(ours.query(x), ours.query_norm)
    torch.testing.assert_close(found, normed.unflatten(-1, (4, 4)).transpose(1, 2))


@pytest.mark.parametrize("norm", ["head", "all"])
def test_normed_scores_do_not_change_with_the_length_of_keys(norm):
    attention = component("mixer", "attention", sizes(), qk_norm=norm).double()
    x = some_values(1, 5, 16)
    before = mixed(attention, x)
    attention.key.weight.data *= 1000
    torch.testing.assert_close(mixed(attention, x), before, atol=1e-3, rtol=0)


def test_a_gate_halves_what_is_found_where_it_is_0_and_lets_it_pass_where_it_is_large():
    gated = component("mixer", "attention", sizes(), gated=True, bias=True).double()
    plain = component("mixer", "attention", sizes(), bias=True).double()
    plain.load_state_dict(gated.state_dict(), strict=False)
    plain.out.bias.data.zero_()
    gated.out.bias.data.zero_()
    gated.gate.weight.data.zero_()
    gated.gate.bias.data.zero_()
    x = some_values(1, 5, 16)
    torch.testing.assert_close(mixed(gated, x), mixed(plain, x) / 2)
    gated.gate.bias.data.fill_(50.0)
    torch.testing.assert_close(mixed(gated, x), mixed(plain, x))


def convolved(**sizes):
    return random_decoder(mixer={"attention": {"convolution": 3}}, **sizes)


def test_a_convolution_that_has_not_learned_changes_nothing():
    tokens = some_tokens()
    plain, model = decoder(kv_heads=2), decoder(mixer={"attention": {"convolution": 3}}, kv_heads=2)
    assert torch.equal(windowed(model, tokens), windowed(plain, tokens))


def test_queries_keys_and_values_are_convolved_as_torch_does():
    ours = filled(component("mixer", "attention", sizes(kv_heads=2), convolution=3).double())
    x = some_values(2, 5, 16)
    weights = ours.convolution.weight.split([16, 8, 8])
    expected = component("mixer", "attention", sizes(kv_heads=2)).double()
    expected.load_state_dict(ours.state_dict(), strict=False)
    for name, weight in zip(("query", "key", "value"), weights, strict=True):
        projected = getattr(ours, name)(x)
        padded = nn.functional.pad(projected.mT, (2, 0))
        after = projected + nn.functional.conv1d(padded, weight, groups=len(weight)).mT
        getattr(expected, name).forward = lambda _, after=after: after
    torch.testing.assert_close(mixed(ours, x), mixed(expected, x))


@pytest.mark.parametrize("window", [1, 2, 6])
def test_a_convolution_goes_on_over_windows(window):
    tokens = some_tokens(length=12)
    memory = {"xl": {"windows": 12}}
    one, several = (
        convolved(memory=memory, positions="alibi", context=12, window=each)
        for each in (12, window)
    )
    torch.testing.assert_close(windowed(several, tokens), windowed(one, tokens))


def test_a_convolution_below_one_token_is_refused():
    with pytest.raises(UserError, match="convolution: 0 is below 1"):
        component("mixer", "attention", sizes(), convolution=0)
