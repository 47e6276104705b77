"""No MLP adds zeros, and leaves no parameters that nothing can teach."""

import pytest
import torch

from components.catalogue import read_catalogue
from tests.builders import (
    component,
    decoder,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)

TOPOLOGIES = read_catalogue().names("topology")


def test_it_adds_zeros():
    mlp = component("mlp", "none", sizes(), component("activation", "gelu"))
    x = some_values(2, 3, 16)
    assert torch.equal(mlp(x), torch.zeros_like(x))
    assert not list(mlp.parameters())


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_in_no_topology_a_parameter_is_left_that_nothing_can_teach(topology):
    model = random_decoder(mlp="none", topology=topology)
    windowed(model, some_tokens()).pow(3).sum().backward()
    grads = {name: each.grad for name, each in model.named_parameters()}
    assert [name for name, each in grads.items() if each is None or not each.any()] == []


@pytest.mark.parametrize("topology", ["sequential", "parallel", "peri", "post", "rezero"])
def test_a_layer_has_half_the_norms_and_gates(topology):
    both = decoder(layers=1, topology=topology)
    alone = decoder(layers=1, topology=topology, mlp="none")
    count = [
        sum("topology" in name for name, _ in each.named_parameters()) for each in (both, alone)
    ]
    assert count[1] * 2 == count[0]


def test_it_is_a_plain_mlp_whose_last_weights_are_0():
    model, plain = (random_decoder(mlp=name) for name in ("none", "plain"))
    plain.load_state_dict(model.state_dict(), strict=False)
    for layer in plain.layers:
        layer.mlp.down.weight.data.zero_()
    torch.testing.assert_close(windowed(model, some_tokens()), windowed(plain, some_tokens()))


def test_other_layers_of_a_pattern_keep_their_norms():
    model = decoder(mlp=["none", "plain"])
    names = [name for name, _ in model.named_parameters() if "before_mlp" in name]
    assert names == ["layers.1.topology.before_mlp.weight", "layers.1.topology.before_mlp.bias"]
