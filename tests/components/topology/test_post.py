"""Norms in the stream itself, against the formula and the transformer layer of torch."""

import torch
from torch import nn

from tests.builders import component, decoder, some_values


def test_each_sum_is_normed_and_the_mlp_works_on_the_first():
    x = some_values(2, 3, 4)
    layer = component("topology", "post", lambda: nn.LayerNorm(4).double())
    layer.behind_mixer.weight.data = some_values(4, seed=1)
    layer.behind_mlp.weight.data = some_values(4, seed=2)
    out = layer(x, lambda stream: stream.cumsum(1), torch.tanh)
    middle = layer.behind_mixer(x + x.cumsum(1))
    torch.testing.assert_close(out, layer.behind_mlp(middle + torch.tanh(middle)))


def test_it_has_the_values_and_gradients_of_torch():
    theirs = nn.TransformerEncoderLayer(16, 4, 24, dropout=0.0, batch_first=True).double()
    for seed, parameter in enumerate(theirs.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed)
    ours = component("topology", "post", lambda: nn.LayerNorm(16).double())
    ours.behind_mixer.load_state_dict(theirs.norm1.state_dict())
    ours.behind_mlp.load_state_dict(theirs.norm2.state_dict())
    x = some_values(2, 5, 16).requires_grad_()

    def attention(stream):
        return theirs.self_attn(stream, stream, stream, need_weights=False)[0]

    def mlp(stream):
        return theirs.linear2(theirs.linear1(stream).relu())

    out, expected = ours(x, attention, mlp), theirs(x)
    torch.testing.assert_close(out, expected)
    mine = torch.autograd.grad(out.pow(3).sum(), [x, *ours.parameters()])
    inputs = [x, *theirs.norm1.parameters(), *theirs.norm2.parameters()]
    torch.testing.assert_close(mine, torch.autograd.grad(expected.pow(3).sum(), inputs))


def test_there_is_no_norm_before_the_head():
    model = decoder(layers=2, topology="post")
    assert not list(model.norm.parameters())
    assert model.layers[1].topology.behind_mlp.weight.shape == (16,)


def test_a_pattern_that_ends_with_another_topology_has_the_norm_before_the_head():
    assert list(decoder(layers=2, topology=["post", "sequential"]).norm.parameters())


def test_a_layer_has_two_norms():
    model = decoder(layers=1, topology="post")
    names = [name for name, _ in model.named_parameters() if "norm" in name or "topology" in name]
    assert len(names) == 4
