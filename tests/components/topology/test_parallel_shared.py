"""One norm for mixer and MLP side by side, against its formula and GPT-J's block."""

import torch
from torch import nn

from tests.builders import component, decoder, some_values


def test_mixer_and_mlp_read_the_same_normed_stream():
    x = some_values(2, 3, 4)
    layer = component("topology", "parallel_shared", lambda: nn.LayerNorm(4).double())
    layer.before_both.weight.data = some_values(4, seed=1)
    out = layer(x, lambda normed: normed.cumsum(1), torch.tanh)
    normed = layer.before_both(x)
    torch.testing.assert_close(out, x + normed.cumsum(1) + torch.tanh(normed))


def test_a_layer_has_one_norm():
    model = decoder(layers=1, topology="parallel_shared")
    names = [name for name, _ in model.named_parameters() if "topology" in name]
    assert len(names) == 2
