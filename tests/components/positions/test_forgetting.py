"""Forget gates against loops, known values, x-transformers, ALiBi and no positions."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from components.cached import Cached
from components.memory import Seen
from tests.builders import component, decoder, random_decoder, sizes, some_values, waves
from tests.components.positions.encoded import known_scores, seen_by
from tests.components.positions.relative import assert_that_it_is_no_positions, logits_under
from tests.components.positions.windows import (
    assert_that_a_row_that_is_reset_is_a_fresh_one,
    assert_that_documents_of_a_row_stay_apart,
    assert_that_one_layer_with_a_cache_is_full_attention,
)
from tests.elsewhere import DataDependentAlibi
from tests.oracles.contextual import forgetting as oracle


def forgetting(heads=4, start=0.0, **changed):
    shape = sizes(heads=heads, kv_heads=2, **changed)
    return component("positions", "forgetting", shape, start=start).double()


def seen_with(beside, queries):
    """What `queries` queries see of keys that carry logarithms of gates [batch, heads, keys, 1]."""
    batch, heads, count, _ = beside.shape
    empty = torch.zeros(batch, heads, count, 4)
    places = torch.zeros(1, queries, dtype=torch.int64), torch.zeros(1, count, dtype=torch.int64)
    visible = torch.ones(1, queries, count, dtype=torch.bool)
    return Seen(empty[:, :, :queries], empty, empty, *places, visible, beside)


def bias(encoder, x, queries=None):
    return encoder.on_scores(seen_with(encoder.beside_keys(x), queries or x.shape[1]))


def test_it_has_the_known_scores():
    queries, keys = waves(0.7, 0.1, 2, 3, 8), waves(0.3, 0.5, 2, 5, 8)
    beside = logsigmoid(waves(0.9, 1.0, 2, 5))[..., None]
    encoder = component("positions", "forgetting", sizes(heads=2, kv_heads=2, head_width=8))
    added = encoder.on_scores(seen_with(beside, 3))
    ours = (queries @ keys.transpose(-1, -2) / 8**0.5 + added)[0]
    torch.testing.assert_close(ours, known_scores("forgetting_logit_sin(0.9t+1)[H,K]"))


@pytest.mark.parametrize("queries", [1, 3, 5])
def test_it_has_the_values_of_the_formula(queries):
    encoder, x = forgetting(start=0.5), some_values(2, 5, 16)
    ours = bias(encoder, x, queries)
    assert ours.shape == (2, 4, queries, 5)
    for row in range(2):
        for head in range(4):
            weights, added = encoder.gate.weight[head].tolist(), encoder.gate.bias[head].item()
            logits = [
                sum(a * b for a, b in zip(token, weights, strict=True)) + added + 0.5
                for token in x[row].tolist()
            ]
            for query in range(queries):
                place = 5 - queries + query
                expected = [oracle(logits, place, key) for key in range(place + 1)]
                assert ours[row, head, query, : place + 1].tolist() == pytest.approx(expected)


def test_it_is_that_of_x_transformers_forward_and_backward():
    theirs = DataDependentAlibi(16, 4).double()
    encoder, x, picked = forgetting(), some_values(2, 7, 16), some_values(2, 4, 7, 7, seed=1)
    linear = theirs.to_forget_gates[0]
    linear.weight.data = some_values(4, 16, seed=2)
    linear.bias.data = some_values(4, seed=3)
    encoder.gate.load_state_dict(linear.state_dict())
    ours, other = bias(encoder, x), theirs(x)
    torch.testing.assert_close(ours.tril(), other.tril())
    (ours * picked).tril().sum().backward()
    (other * picked).tril().sum().backward()
    torch.testing.assert_close(encoder.gate.weight.grad, linear.weight.grad)
    torch.testing.assert_close(encoder.gate.bias.grad, linear.bias.grad)


def test_gates_that_let_as_much_through_at_every_token_are_alibi():
    encoder, alibi = forgetting(), component("positions", "alibi", sizes(kv_heads=2))
    encoder.gate.weight.data.zero_()
    encoder.gate.bias.data = torch.tensor([-math.log(math.expm1(s)) for s in alibi.slopes]).double()
    queries, places = torch.zeros(1, 4, 3, 4).double(), torch.arange(5)[None]
    expected = alibi.on_scores(seen_by(queries, queries, places[:, 2:], places))
    ours = bias(encoder, some_values(1, 5, 16), 3)
    seen = torch.ones(3, 5, dtype=torch.bool).tril(2)
    torch.testing.assert_close(ours[..., seen], expected[..., seen], atol=1e-6, rtol=1e-6)


def test_gates_that_are_open_are_no_positions():
    def nothing(encoder):
        encoder.gate.weight.data.zero_()
        encoder.gate.bias.data.fill_(1000)

    assert_that_it_is_no_positions("forgetting", nothing)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_one_layer_with_a_cache_is_full_attention(kv_heads):
    assert_that_one_layer_with_a_cache_is_full_attention("forgetting", kv_heads=kv_heads)


def test_a_row_that_is_reset_is_a_fresh_one():
    assert_that_a_row_that_is_reset_is_a_fresh_one("forgetting")


def test_documents_of_a_row_stay_apart():
    assert_that_documents_of_a_row_stay_apart("forgetting")


def test_what_stands_in_front_of_a_key_does_not_matter():
    encoder, beside = forgetting(), -some_values(1, 4, 6, 1).abs()
    other = beside.clone()
    other[:, :, :3] *= 50  # the third key itself is not behind it either
    ours, same = (encoder.on_scores(seen_with(each, 3)) for each in (beside, other))
    torch.testing.assert_close(ours[..., 2:], same[..., 2:])
    assert not torch.allclose(ours[..., :2], same[..., :2])


def test_gates_of_a_cache_are_those_of_one_sequence():
    encoder, x = forgetting(), some_values(2, 6, 16)
    halves = [seen_with(encoder.beside_keys(each), 3) for each in x.split(3, dim=1)]
    joined = Cached.of(halves[0]).before(halves[1])
    torch.testing.assert_close(encoder.on_scores(joined), bias(encoder, x, 3))


def test_only_the_order_of_keys_matters():
    assert torch.equal(logits_under("flip_flop", "forgetting"), logits_under("both", "forgetting"))


def test_it_starts_where_it_is_told():
    model = decoder(positions={"forgetting": {"start": 5.0}}).double()
    encoder = model.layers[1].positions
    assert not encoder.gate.bias.any()
    gates = encoder.beside_keys(torch.zeros(1, 2, 16, dtype=torch.float64)).exp()
    assert gates.flatten().tolist() == pytest.approx([1 / (1 + math.exp(-5))] * 8)


def test_in_a_bfloat16_model_gates_add_up_in_float32():
    half = forgetting(start=5.0).bfloat16()
    exact = forgetting(start=5.0)
    exact.load_state_dict(half.state_dict())
    x = torch.full((1, 1000, 16), 0.5)
    ours = bias(half, x.bfloat16(), 1)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours.double(), bias(exact, x.double(), 1), rtol=0.01, atol=1e-4)


def test_a_gradient_goes_back_into_a_cache_that_is_not_detached():
    memory = {"xl": {"backpropagate_windows": 1}}
    model = random_decoder(positions="forgetting", memory=memory, layers=1)
    tokens = torch.arange(12).remainder(11)[None].split(6, dim=1)
    x = model.embedding(tokens[0]).detach().requires_grad_()
    _, state, _ = model.from_embeddings(x, model.start(1))
    cached = state.memory[0].layers[0]
    assert cached.beside.requires_grad
    model(tokens[1], state).logits.square().sum().backward()
    assert x.grad.abs().sum() > 0


def test_keys_without_gates_are_refused():
    seen = seen_by(*(torch.zeros(1, 4, 2, 4),) * 2, *(torch.arange(2)[None],) * 2)
    with pytest.raises(ValueError, match="keys came without their gates"):
        forgetting().on_scores(seen)
