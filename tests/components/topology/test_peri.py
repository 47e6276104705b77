"""Norms before and behind both, against the formula and Gemma 2's layer."""

import torch
from torch import nn
from transformers import Gemma2Config
from transformers.models.gemma2.modeling_gemma2 import Gemma2DecoderLayer, Gemma2RMSNorm

from tests.builders import component, decoder, some_values


def test_what_is_read_and_what_is_added_is_normed_and_the_stream_is_not():
    x = some_values(2, 3, 4)
    layer = component("topology", "peri", lambda: nn.LayerNorm(4).double())
    for seed, norm in enumerate(layer.children()):
        norm.weight.data = some_values(4, seed=seed)
    out = layer(x, lambda normed: normed.cumsum(1), torch.tanh)
    middle = x + layer.behind_mixer(layer.before_mixer(x).cumsum(1))
    added = layer.behind_mlp(torch.tanh(layer.before_mlp(middle)))
    torch.testing.assert_close(out, middle + added)


def test_it_has_the_values_and_gradients_of_gemma():
    config = Gemma2Config(
        hidden_size=16,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=4,
        intermediate_size=24,
        attn_implementation="eager",
    )
    theirs = Gemma2DecoderLayer(config, 0).double().eval()
    for seed, parameter in enumerate(theirs.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed)
    ours = component("topology", "peri", lambda: Gemma2RMSNorm(16).double())
    norms = (
        theirs.input_layernorm,
        theirs.post_attention_layernorm,
        theirs.pre_feedforward_layernorm,
        theirs.post_feedforward_layernorm,
    )
    own = (ours.before_mixer, ours.behind_mixer, ours.before_mlp, ours.behind_mlp)
    for mine, other in zip(own, norms, strict=True):
        mine.load_state_dict(other.state_dict())
    angle = some_values(1, 5, 4, seed=99)
    turn = {"attention_mask": None, "position_embeddings": (angle.cos(), angle.sin())}
    x = some_values(2, 5, 16).requires_grad_()
    expected = theirs(x, **turn)
    out = ours(x, lambda normed: theirs.self_attn(normed, **turn)[0], theirs.mlp)
    # Gemma's norms work in float32 whatever they are given.
    torch.testing.assert_close(out, expected, rtol=1e-6, atol=1e-6)
    mine = torch.autograd.grad(out.square().sum(), [x, *(each.weight for each in own)])
    inputs = [x, *(each.weight for each in norms)]
    other = torch.autograd.grad(expected.square().sum(), inputs)
    torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-5)


def test_a_layer_has_four_norms():
    model = decoder(layers=1, topology="peri")
    names = [name for name, _ in model.named_parameters() if "topology" in name]
    assert len(names) == 8


def test_a_mixer_and_mlp_however_large_add_the_same():
    x = some_values(2, 3, 4)
    layer = component("topology", "peri", lambda: nn.RMSNorm(4, eps=1e-12).double())
    small = layer(x, lambda normed: normed.cumsum(1), torch.tanh)
    large = layer(x, lambda normed: 1000 * normed.cumsum(1), lambda normed: 7 * torch.tanh(normed))
    torch.testing.assert_close(small, large)
