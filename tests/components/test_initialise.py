"""Initial values: the same for every parameter of one name, shape and seed; spread as promised."""

import math

import pytest
import torch
from torch import nn

from components.initialise import generator_of, initialise
from tests.builders import decoder, untouched

VARIANTS = [
    {"positions": "none"},
    {"positions": "linspace"},
    {"positions": "learned"},
    {"memory": "xl"},
    {"mlp": "gated"},
    {"norm": "rms"},
    {"topology": "parallel_shared"},
    {"activation": "relu"},
    {"window": 9},
    {"kv_heads": 1},
    {"tied": True},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_parameters_of_one_name_and_shape_start_alike_in_all_variants(variant):
    base = dict(decoder(seed=3).named_parameters())
    other = dict(decoder(seed=3, **variant).named_parameters())
    shared = [name for name in base if name in other and base[name].shape == other[name].shape]
    assert "embedding.weight" in shared
    assert all(torch.equal(base[name], other[name]) for name in shared)


def test_another_layer_leaves_the_first_ones_as_they_are():
    two, three = (dict(decoder(layers=layers).named_parameters()) for layers in (2, 3))
    names = [name for name in two if "out" not in name and "down" not in name]
    assert all(torch.equal(two[name], three[name]) for name in names)


def test_projections_into_the_stream_of_another_depth_are_the_same_draws_to_a_factor():
    two, eight = decoder(layers=2), decoder(layers=8)
    for part in ("mixer.out", "mlp.down"):
        pair = [each.layers[1].get_submodule(part).weight for each in (two, eight)]
        torch.testing.assert_close(pair[0], pair[1] * math.sqrt(8 / 2))


def test_a_tied_head_is_the_embedding_that_an_untied_cell_has():
    assert torch.equal(decoder(tied=True).head.weight, decoder().embedding.weight)


class Table(nn.Module):
    """A parameter and a buffer that it draws itself, and a parameter that it sets."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(5))
        self.gain = nn.Parameter(torch.ones(5))
        self.register_buffer("signs", torch.zeros(5))

    def draw(self, name, tensor, generator):
        if name != "gain":
            tensor.uniform_(1, 2, generator=generator)


def test_a_module_may_draw_its_own_tensors_by_their_names_and_the_seed():
    drawn = {}
    for seed, others in ((0, ()), (0, (nn.Linear(2, 2),)), (1, ())):
        model = nn.Module()
        for index, other in enumerate(others):
            model.add_module(f"other{index}", other)
        model.own = Table()
        initialise(model, seed, 1)
        drawn[seed, len(others)] = model.own
    assert torch.equal(drawn[0, 0].table, drawn[0, 1].table)
    assert torch.equal(drawn[0, 0].signs, drawn[0, 1].signs)
    assert not torch.equal(drawn[0, 0].table, drawn[1, 0].table)
    assert not torch.equal(drawn[0, 0].table, drawn[0, 0].signs)
    assert drawn[0, 0].gain.tolist() == [1.0] * 5
    expected = torch.empty(5).uniform_(1, 2, generator=generator_of("own.table", 0))
    assert torch.equal(drawn[0, 0].table, expected)


@pytest.mark.parametrize("scheme", ["normal", "torch"])
def test_a_convolution_is_drawn_like_a_projection(scheme):
    values = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model = nn.ModuleDict({"mix": nn.Conv1d(64, 32, 4, groups=2)})
        initialise(model, 0, 1, scheme)
        values.append(model["mix"])
    assert torch.equal(values[0].weight, values[1].weight)
    assert torch.equal(values[0].bias, values[1].bias)
    spread = 0.02 if scheme == "normal" else 1 / math.sqrt(3 * 32 * 4)
    assert values[0].weight.std().item() == pytest.approx(spread, rel=0.05)
    assert bool(values[0].bias.any()) is (scheme == "torch")


def test_another_seed_gives_other_values():
    one, other = decoder(seed=0), decoder(seed=1)
    assert not torch.equal(one.embedding.weight, other.embedding.weight)


def test_every_parameter_has_values_of_its_own():
    model = decoder()
    query, key = model.layers[0].mixer.query.weight, model.layers[0].mixer.key.weight
    assert not torch.equal(query, key)
    assert not torch.equal(query, model.layers[1].mixer.query.weight)


def test_the_spread_is_two_hundredths_and_less_where_a_layer_returns_to_the_stream():
    model = decoder(width=128, layers=8)
    returning = 0.02 / math.sqrt(2 * 8)
    assert model.layers[3].mixer.query.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert model.layers[3].mixer.out.weight.std().item() == pytest.approx(returning, rel=0.03)
    assert model.layers[3].mlp.down.weight.std().item() == pytest.approx(returning, rel=0.03)
    assert model.head.weight.mean().item() == pytest.approx(0, abs=2e-3)


def test_biases_start_at_0_and_gains_at_1():
    model = decoder(mlp={"plain": {"bias": True}})
    assert not model.layers[0].mlp.up.bias.any()
    assert model.norm.weight.unique().tolist() == [1.0]
    assert not model.norm.bias.any()


def test_the_scheme_of_torch_has_the_spread_of_torch():
    model, bare = decoder(width=128, init="torch"), untouched(width=128)
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            theirs = dict(bare.named_parameters())[name]
            assert parameter.std().item() == pytest.approx(theirs.std().item(), rel=0.05), name
            if "embedding" not in name:
                assert parameter.abs().max() <= 1 / math.sqrt(parameter.shape[1])


def test_what_a_component_sets_itself_is_left_alone():
    model = untouched(positions="linspace")
    model.layers[0].positions.scale.data.fill_(7.0)
    initialise(model, 0, 2)
    assert model.layers[0].positions.scale.unique().tolist() == [7.0]


def test_the_global_generator_is_not_read():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    model = untouched()
    torch.set_rng_state(before)
    initialise(model, 0, 2)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_generator_is_a_function_of_name_and_seed():
    draw = torch.rand(3, generator=generator_of("a", 1))
    assert torch.equal(draw, torch.rand(3, generator=generator_of("a", 1)))
    assert not torch.equal(draw, torch.rand(3, generator=generator_of("a", 2)))
    assert not torch.equal(draw, torch.rand(3, generator=generator_of("b", 1)))
