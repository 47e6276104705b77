"""The order of norms, mixer and MLP, with functions whose result shows who came when."""

import torch
from torch import nn

from tests.builders import component, decoder, some_values, windowed


def test_the_mlp_works_on_what_the_mixer_left():
    x = some_values(2, 3, 4)
    layer = component("topology", "sequential", lambda: nn.LayerNorm(4).double())
    layer.before_mixer.weight.data = some_values(4, seed=1)
    layer.before_mlp.weight.data = some_values(4, seed=2)
    out = layer(x, lambda normed: normed.cumsum(1), torch.tanh)
    middle = x + layer.before_mixer(x).cumsum(1)
    torch.testing.assert_close(out, middle + torch.tanh(layer.before_mlp(middle)))


def test_a_layer_has_two_norms():
    names = [name for name, _ in decoder(layers=1).named_parameters() if "topology" in name]
    assert len(names) == 4


def test_a_mixer_and_mlp_of_zeros_leave_the_stream_as_it_is():
    model = decoder(layers=3)
    for layer in model.layers:
        layer.mixer.out.weight.data.zero_()
        layer.mlp.down.weight.data.zero_()
    tokens = torch.arange(6)[None]
    expected = model.head(model.norm(model.embedding(tokens)))
    torch.testing.assert_close(windowed(model, tokens), expected)
