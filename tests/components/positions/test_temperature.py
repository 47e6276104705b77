"""Temperatures against known values, the formulas, Llama 4 and no positions."""

import math
from dataclasses import replace

import pytest
import torch
from transformers import Llama4TextConfig
from transformers.models.llama4.modeling_llama4 import Llama4TextAttention

from components.errors import UserError
from tests.builders import (
    component,
    decoder,
    mixed,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)
from tests.components.positions.encoded import seen_by
from tests.components.positions.windows import (
    assert_that_a_row_that_is_reset_is_a_fresh_one,
    assert_that_documents_of_a_row_stay_apart,
)
from tests.known import COMPONENTS

RULES = [
    {"rule": "log_n", "length": 3},
    {"rule": "ssmax"},
    {"rule": "llama4", "step": 3, "strength": 0.7},
]


def temperature(context=18, window=6, **options):
    return component("positions", "temperature", sizes(context=context, window=window), **options)


def factors(encoder, visible, positions=None):
    """The multipliers [heads, queries] of queries that see `visible` [queries, keys]."""
    queries, keys = visible.shape
    ones = torch.ones(1, 4, queries, 4, dtype=torch.float64)
    places = torch.arange(queries) if positions is None else torch.as_tensor(positions)
    own = some_values(1, 4, keys, 4)
    seen = replace(
        seen_by(ones, own, places[None], torch.arange(keys)[None]), visible=visible[None]
    )
    turned, same = encoder.on_queries_and_keys(seen)
    assert torch.equal(same, own)
    assert torch.equal(turned, turned[..., :1].expand_as(turned))
    return turned[0, ..., 0]


def seeing(*counts):
    """Which keys are visible to queries that see so many."""
    return torch.arange(max(counts)) < torch.tensor(counts)[:, None]


def test_log_n_has_the_known_values():
    known = COMPONENTS["temperature"]["log_n_T0_512"]
    ours = factors(temperature(context=512), seeing(*map(int, known)))
    for head in ours:
        assert head.tolist() == pytest.approx(list(known.values()))


def test_log_n_leaves_queries_as_they_are_up_to_a_length_of_ones_own():
    ours = factors(temperature(length=2), seeing(1, 2, 3, 4))[0]
    assert ours.tolist() == pytest.approx([1, 1, math.log2(3), 2])


def test_ssmax_is_the_logarithm_of_what_is_seen_times_a_factor_of_the_head():
    encoder = temperature(rule="ssmax").double()
    encoder.scale.data = torch.tensor([0.5, 1.0, 2.0, 0.0]).double()
    ours = factors(encoder, seeing(1, 2, 7, 5))
    for head, scale in zip(ours, (0.5, 1.0, 2.0, 0.0), strict=True):
        expected = [scale * math.log(count) for count in (1, 2, 7, 5)]
        assert head.tolist() == pytest.approx(expected)


def test_llama4_has_the_known_values():
    known = COMPONENTS["temperature"]["llama4_position"]
    ours = factors(temperature(rule="llama4"), seeing(*[1] * 5), [int(place) for place in known])
    for head in ours:
        assert head.tolist() == pytest.approx(list(known.values()))


def test_llama4_is_a_layer_of_llama_4_without_rotary():
    config = Llama4TextConfig(
        hidden_size=16,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=4,
        num_hidden_layers=1,
        no_rope_layers=[0],
        floor_scale=3,
        attn_scale=0.7,
        attn_implementation="eager",
    )
    theirs, ours = Llama4TextAttention(config, 0).double(), sizes(kv_heads=2)
    layer = component("mixer", "attention", ours).double()
    for seed, (mine, other) in enumerate(
        zip(
            (layer.query, layer.key, layer.value, layer.out),
            (theirs.q_proj, theirs.k_proj, theirs.v_proj, theirs.o_proj),
            strict=True,
        )
    ):
        mine.weight.data = other.weight.data = some_values(*mine.weight.shape, seed=seed) / 2
    x = some_values(2, 9, 16, seed=9)
    hidden = torch.full((9, 9), -torch.inf).double().triu(1)[None, None]
    expected, _ = theirs(x, None, hidden)
    encoder = component("positions", "temperature", ours, rule="llama4", step=3, strength=0.7)
    torch.testing.assert_close(mixed(layer, x, encoder), expected, atol=1e-6, rtol=1e-6)


def test_ssmax_starts_where_queries_keep_their_size_on_average():
    encoder = temperature(window=50, rule="ssmax")
    ours = factors(encoder, seeing(*range(1, 51)))
    assert ours.mean(dim=1).tolist() == pytest.approx([1.0] * 4)


@pytest.mark.parametrize("start", [0.43, 1])
def test_ssmax_starts_where_it_is_told(start):
    encoder = decoder(positions={"temperature": {"rule": "ssmax", "start": start}}, seed=3)
    assert encoder.layers[1].positions.scale.tolist() == pytest.approx([start] * 4)


def test_ssmax_has_a_start_for_windows_of_one_token():
    assert temperature(window=1, rule="ssmax").scale.tolist() == [1.0] * 4


def test_a_gradient_reaches_the_factor_of_every_head():
    encoder = temperature(rule="ssmax").double()
    factors(encoder, seeing(2, 3)).sum().backward()
    assert encoder.scale.grad.tolist() == pytest.approx([math.log(2) + math.log(3)] * 4)


@pytest.mark.parametrize("options", RULES)
def test_a_query_that_sees_nothing_is_a_number(options):
    visible = torch.zeros(2, 3, dtype=torch.bool)
    assert factors(temperature(**options), visible).isfinite().all()


def test_up_to_the_context_of_the_training_it_is_no_positions():
    tokens = some_tokens(length=60)
    model = random_decoder(positions="temperature", memory={"xl": {"windows": 9}})
    without = random_decoder(positions="none", memory={"xl": {"windows": 9}})
    ours, plain = windowed(model, tokens), windowed(without, tokens)
    assert torch.equal(ours[:, :18], plain[:, :18])
    assert not torch.allclose(ours[:, 18:], plain[:, 18:])


@pytest.mark.parametrize("options", RULES)
def test_one_layer_with_a_cache_is_full_attention(options):
    xl = {"xl": {"windows": 2, "positions": "absolute"}}
    model = random_decoder(positions={"temperature": options}, memory=xl, layers=1)
    tokens = some_tokens()
    torch.testing.assert_close(windowed(model, tokens), windowed(model, tokens, 18))


@pytest.mark.parametrize("options", RULES)
def test_a_row_that_is_reset_is_a_fresh_one(options):
    assert_that_a_row_that_is_reset_is_a_fresh_one({"temperature": options})


@pytest.mark.parametrize("options", RULES)
def test_documents_of_a_row_stay_apart(options):
    assert_that_documents_of_a_row_stay_apart({"temperature": options})


def test_queries_of_a_bfloat16_model_are_rounded_once():
    encoder = temperature(rule="ssmax", start=0.3)
    visible = seeing(*range(1, 1001))
    queries = some_values(1, 4, 1000, 4).bfloat16()
    places = torch.arange(1000)[None]
    seen = replace(seen_by(queries, queries, places, places), visible=visible[None])
    half = torch.nn.ModuleList([encoder]).bfloat16()[0].on_queries_and_keys(seen)[0]
    assert half.dtype == torch.bfloat16
    exact = queries.double() * encoder.scale[0].double() * places[0, :, None].double().add(1).log()
    torch.testing.assert_close(half.double(), exact, rtol=2**-8, atol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 1}, "length: 1 is not above 1"),
        ({"step": 0}, "step: 0 is below 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        temperature(**options)
