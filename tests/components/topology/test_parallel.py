"""Two norms for mixer and MLP side by side, against the formula and GPT-NeoX's layer."""

import torch
from torch import nn
from transformers import GPTNeoXConfig
from transformers.models.gpt_neox.modeling_gpt_neox import GPTNeoXLayer

from tests.builders import component, decoder, some_values


def test_mixer_and_mlp_read_the_same_stream_through_two_norms():
    x = some_values(2, 3, 4)
    layer = component("topology", "parallel", lambda: nn.LayerNorm(4).double())
    layer.before_mixer.weight.data = some_values(4, seed=1)
    layer.before_mlp.weight.data = some_values(4, seed=2)
    out = layer(x, lambda normed: normed.cumsum(1), torch.tanh)
    mixed, transformed = layer.before_mixer(x).cumsum(1), torch.tanh(layer.before_mlp(x))
    torch.testing.assert_close(out, x + mixed + transformed)


def test_it_has_the_values_and_gradients_of_gpt_neox():
    config = GPTNeoXConfig(
        hidden_size=16,
        num_attention_heads=4,
        intermediate_size=24,
        use_parallel_residual=True,
        attn_implementation="eager",
    )
    theirs = GPTNeoXLayer(config, 0).double()
    for seed, parameter in enumerate(theirs.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed)
    ours = component("topology", "parallel", lambda: nn.LayerNorm(16).double())
    ours.before_mixer.load_state_dict(theirs.input_layernorm.state_dict())
    ours.before_mlp.load_state_dict(theirs.post_attention_layernorm.state_dict())
    angle = some_values(1, 5, 1, seed=99)
    turn = {"attention_mask": None, "position_embeddings": (angle.cos(), angle.sin())}
    x = some_values(2, 5, 16).requires_grad_()
    expected = theirs(x, **turn)
    out = ours(x, lambda normed: theirs.attention(normed, **turn)[0], theirs.mlp)
    torch.testing.assert_close(out, expected)
    mine = torch.autograd.grad(out.square().sum(), [x, *ours.parameters()])
    norms = (theirs.input_layernorm, theirs.post_attention_layernorm)
    inputs = [x, *(each for norm in norms for each in norm.parameters())]
    torch.testing.assert_close(mine, torch.autograd.grad(expected.square().sum(), inputs))


def test_with_equal_norms_it_is_the_one_with_a_shared_norm():
    x = some_values(2, 3, 4)
    layers = [
        component("topology", name, lambda: nn.LayerNorm(4).double())
        for name in ("parallel", "parallel_shared")
    ]
    one, other = (layer(x, lambda normed: normed.cumsum(1), torch.tanh) for layer in layers)
    torch.testing.assert_close(one, other)


def test_a_layer_has_two_norms():
    model = decoder(layers=1, topology="parallel")
    names = [name for name, _ in model.named_parameters() if "topology" in name]
    assert len(names) == 4
