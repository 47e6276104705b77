"""KERPLE against its formulas, known values and ALiBi."""

import pytest
import torch

from components.positions import kerple as module
from tests.builders import component, decoder, sizes, waves
from tests.components.positions.encoded import known_scores, scores
from tests.components.positions.relative import (
    DISTANCES,
    assert_that_equal_distances_are_equal_rules,
    assert_that_gradients_are_those_of_differences,
    assert_that_it_is_no_positions,
    assert_that_keys_may_be_encoded_in_parts,
    assert_that_only_distances_matter,
    assert_that_the_order_of_keys_does_not_matter,
    filled,
    some_seen,
)
from tests.known import COMPONENTS
from tests.oracles import distances

VARIANTS = ("log", "power")


def kerple(variant="log"):
    return component("positions", "kerple", sizes(kv_heads=2), variant=variant)


@pytest.mark.parametrize(
    ("variant", "key"), [("log", "kerple_log_r1_1_r2_1"), ("power", "kerple_power_a_1_p_1")]
)
def test_it_has_the_known_values(variant, key):
    known, encoder = COMPONENTS[key], kerple(variant).double()
    bias = encoder.on_scores(some_seen(encoder, [int(each) for each in known["distance"]], [0]))
    assert bias[0, 0, :, 0].tolist() == pytest.approx(known["bias"])


def test_it_has_the_known_scores():
    shape = sizes(heads=2, kv_heads=2, head_width=8)
    encoder = component("positions", "kerple", shape).double()
    encoder.bend.data.fill_(0.5)
    queries, keys = waves(0.7, 0.1, 2, 3, 8), waves(0.3, 0.5, 2, 5, 8)
    ours = scores(encoder, queries, keys, torch.tensor([[2, 3, 4]]), torch.arange(5)[None])[0]
    torch.testing.assert_close(ours, known_scores("kerple_log_r1_1_r2_0.5"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_has_the_values_of_the_formula(variant):
    encoder = filled(kerple(variant))
    oracle = {"log": distances.kerple_log, "power": distances.kerple_power}[variant]
    bias = encoder.on_scores(some_seen(encoder))[0]
    for head, (scale, bend) in enumerate(zip(encoder.scale, encoder.bend, strict=True)):
        expected = [[oracle(each, scale.item(), bend.item()) for each in row] for row in DISTANCES]
        torch.testing.assert_close(bias[head].tolist(), expected)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_key_behind_the_query_is_as_far_as_one_before_it(variant):
    encoder = filled(kerple(variant))
    bias = encoder.on_scores(some_seen(encoder, [5], [3, 7]))
    assert torch.equal(bias[..., 0], bias[..., 1])


def test_a_power_of_1_is_alibi():
    encoder = kerple("power").double()
    alibi = component("positions", "alibi", encoder.sizes)
    encoder.scale.data = 4 * torch.tensor(alibi.slopes, dtype=torch.float64)
    seen = some_seen(encoder)
    torch.testing.assert_close(encoder.on_scores(seen), 4 * alibi.on_scores(seen))


@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_are_those_of_differences(variant):
    assert_that_gradients_are_those_of_differences(filled(kerple(variant)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_distances_matter(variant):
    assert_that_only_distances_matter(filled(kerple(variant)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_order_of_keys_does_not_matter(variant):
    assert_that_the_order_of_keys_does_not_matter(filled(kerple(variant)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_keys_may_be_encoded_in_parts(variant):
    assert_that_keys_may_be_encoded_in_parts(filled(kerple(variant)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_rules_with_equal_distances_are_equal(variant):
    assert_that_equal_distances_are_equal_rules({"kerple": {"variant": variant}})


@pytest.mark.parametrize("variant", VARIANTS)
def test_without_its_bounds_a_scale_of_0_is_no_positions(variant, monkeypatch):
    monkeypatch.setattr(module, "LEAST", 0.0)
    nothing = {"kerple": {"variant": variant}}
    assert_that_it_is_no_positions(nothing, lambda encoder: encoder.scale.data.zero_())


@pytest.mark.parametrize(
    ("variant", "beyond", "bound"),
    [
        ("log", (-1.0, -1.0), (0.01, 0.01)),
        ("power", (-1.0, -1.0), (0.01, 0.01)),
        ("power", (3.0, 3.0), (3.0, 2.0)),
        ("log", (3.0, 3.0), (3.0, 3.0)),
    ],
)
def test_parameters_act_as_their_bounds(variant, beyond, bound):
    encoder, other = kerple(variant).double(), kerple(variant).double()
    for each, (scale, bend) in ((encoder, beyond), (other, bound)):
        each.scale.data.fill_(scale)
        each.bend.data.fill_(bend)
    seen = some_seen(encoder)
    torch.testing.assert_close(encoder.on_scores(seen), other.on_scores(seen))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_parameter_beyond_its_bound_can_come_back(variant):
    encoder = kerple(variant).double()
    encoder.scale.data.fill_(-1.0)
    encoder.bend.data.fill_(-1.0)
    encoder.on_scores(some_seen(encoder)).sum().backward()
    assert (encoder.scale.grad < 0).all()
    assert (encoder.bend.grad < 0).all()


@pytest.mark.parametrize(
    ("variant", "name", "highest"),
    [("log", "scale", 2), ("log", "bend", 1), ("power", "scale", 1), ("power", "bend", 2)],
)
def test_parameters_are_drawn_evenly_from_their_interval(variant, name, highest):
    drawn = torch.empty(10_000)
    kerple(variant).draw(name, drawn, torch.Generator().manual_seed(0))
    assert drawn.min() >= 0
    assert drawn.max() <= highest
    assert drawn.mean().item() == pytest.approx(highest / 2, rel=0.02)
    assert drawn.std().item() == pytest.approx(highest / 12**0.5, rel=0.02)


def test_every_layer_draws_its_own():
    first, second = (layer.positions for layer in decoder(positions="kerple", seed=3).layers)
    assert not torch.equal(first.scale, second.scale)
    assert not torch.equal(first.scale, first.bend)


def test_distances_in_a_bfloat16_model_are_exact():
    encoder = kerple("power").bfloat16()
    seen = some_seen(encoder, [1000], range(1001), torch.bfloat16)
    assert len(encoder.on_scores(seen)[0, 0].unique()) == 1001
