"""Transformer-XL's positions against its formula, known values and XLNet."""

import pytest
import torch
from transformers import XLNetConfig
from transformers.models.xlnet.modeling_xlnet import XLNetRelativeAttention

from components.errors import UserError
from tests.builders import component, decoder, random_decoder, sizes, some_values, waves
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
    scored,
    some_seen,
)
from tests.oracles.distances import transformer_xl_score

KNOWN = "transformer_xl_d16_u0.1_v-0.1_Wr_sin(0.11t+0.2)[d,H,w]"


def transformer_xl(**changed):
    return component("positions", "transformer_xl", sizes(**{"kv_heads": 2} | changed))


def test_it_has_the_known_scores():
    encoder = transformer_xl(heads=2, kv_heads=2, head_width=8).double()
    encoder.for_keys.data.fill_(0.1)
    encoder.for_distances.data.fill_(-0.1)
    encoder.of_distances.weight.data = waves(0.11, 0.2, 16, 16)[0].T.contiguous()
    queries, keys = waves(0.7, 0.1, 2, 3, 8), waves(0.3, 0.5, 2, 5, 8)
    ours = scores(encoder, queries, keys, torch.tensor([[2, 3, 4]]), torch.arange(5)[None])[0]
    torch.testing.assert_close(ours, known_scores(KNOWN))


def test_it_has_the_values_of_the_formula():
    encoder = filled(transformer_xl())
    seen = some_seen(encoder)
    ours = scored(encoder, seen)
    for row in range(2):
        for head in range(4):
            learned = {
                "u": encoder.for_keys[head].tolist(),
                "v": encoder.for_distances[head].tolist(),
                "matrix": encoder.of_distances.weight[4 * head : 4 * head + 4].tolist(),
            }
            expected = [
                [
                    transformer_xl_score(query, key, distance, **learned)
                    for key, distance in zip(seen.keys[row, head // 2].tolist(), of, strict=True)
                ]
                for query, of in zip(seen.queries[row, head].tolist(), DISTANCES, strict=True)
            ]
            torch.testing.assert_close(ours[row, head].tolist(), expected)


def test_it_is_that_of_xlnet_with_a_memory_forward_and_backward():
    theirs = XLNetRelativeAttention(XLNetConfig(d_model=16, n_head=4)).double().eval()
    for seed, parameter in enumerate(theirs.parameters()):
        parameter.data = some_values(*parameter.shape, seed=seed) / 4
    ours = transformer_xl(kv_heads=4).double()
    ours.for_keys.data = theirs.r_w_bias.data.clone()
    ours.for_distances.data = theirs.r_r_bias.data.clone()
    ours.of_distances.weight.data = theirs.r.data.flatten(1).T.clone()

    window, memory = some_values(5, 1, 16), some_values(3, 1, 16, seed=1)
    angles = torch.arange(8, -5, -1)[:, None] * 10000 ** (-torch.arange(0, 16, 2).double() / 16)
    distances = torch.cat([angles.sin(), angles.cos()], dim=-1)[:, None]
    *_, other = theirs(window, None, None, None, distances, None, memory, output_attentions=True)

    queries = torch.einsum("ibh,hnd->bnid", window, theirs.q)
    keys = torch.einsum("ibh,hnd->bnid", torch.cat([memory, window]), theirs.k)
    places = torch.arange(3, 8)[None], torch.arange(8)[None]
    weights = scores(ours, queries, keys, *places).softmax(-1)
    other = other.permute(2, 3, 0, 1)
    torch.testing.assert_close(weights, other)

    picked = some_values(*weights.shape, seed=2)
    (weights * picked).sum().backward(inputs=list(ours.parameters()))
    (other * picked).sum().backward()
    torch.testing.assert_close(ours.for_keys.grad, theirs.r_w_bias.grad)
    torch.testing.assert_close(ours.for_distances.grad, theirs.r_r_bias.grad)
    torch.testing.assert_close(ours.of_distances.weight.grad, theirs.r.grad.flatten(1).T)


def test_a_key_behind_the_query_is_not_as_one_before_it():
    encoder = filled(transformer_xl())
    seen = some_seen(encoder, [5], [3, 7])
    seen.keys[:, :, 1] = seen.keys[:, :, 0]
    bias = encoder.on_scores(seen)
    assert not torch.allclose(bias[..., 0], bias[..., 1])


def test_gradients_are_those_of_differences():
    assert_that_gradients_are_those_of_differences(filled(transformer_xl(width=6)))


def test_only_distances_matter():
    assert_that_only_distances_matter(filled(transformer_xl()))


def test_the_order_of_keys_does_not_matter():
    assert_that_the_order_of_keys_does_not_matter(filled(transformer_xl()))


def test_keys_may_be_encoded_in_parts():
    assert_that_keys_may_be_encoded_in_parts(filled(transformer_xl()))


def test_rules_with_equal_distances_are_equal():
    assert_that_equal_distances_are_equal_rules("transformer_xl")


def test_parameters_of_zeros_are_no_positions():
    def nothing(encoder):
        for parameter in encoder.parameters():
            parameter.data.zero_()

    assert_that_it_is_no_positions("transformer_xl", nothing)


def test_what_keys_and_distances_score_by_themselves_starts_at_zero():
    encoder = decoder(positions="transformer_xl", seed=3).layers[1].positions
    assert not encoder.for_keys.any()
    assert not encoder.for_distances.any()
    assert encoder.of_distances.weight.any()


@pytest.mark.parametrize(("shared", "count"), [(False, 2), (True, 1)])
def test_layers_have_biases_of_their_own_unless_they_share_them(shared, count):
    positions = {"transformer_xl": {"share_biases": shared}}
    names = [name for name, _ in random_decoder(positions=positions).named_parameters()]
    for each, found in (("for_keys", count), ("for_distances", count), ("of_distances.weight", 2)):
        assert sum(name.endswith(each) for name in names) == found


def test_rows_may_stand_at_places_of_their_own():
    encoder = filled(transformer_xl())
    seen = some_seen(encoder)
    moved = torch.tensor([[0], [40]])
    places = seen.query_positions + moved, seen.key_positions - moved
    both = scores(encoder, seen.queries, seen.keys, *places)
    for row in range(2):
        own = scores(encoder, seen.queries[[row]], seen.keys[[row]], *(p[[row]] for p in places))
        torch.testing.assert_close(both[[row]], own)


@pytest.mark.parametrize("offset", [0, 1_000_000])
def test_in_bfloat16_it_is_as_near_as_a_product_of_that_width(offset):
    exact = filled(transformer_xl(width=64, heads=2, head_width=8, kv_heads=1))
    half = transformer_xl(width=64, heads=2, head_width=8, kv_heads=1).bfloat16()
    half.load_state_dict(exact.state_dict())
    exact.load_state_dict(half.state_dict())
    places = range(offset, offset + 512)
    ours = half.on_scores(some_seen(half, places, places, torch.bfloat16))
    seen = some_seen(exact, places, places, torch.bfloat16)
    queries, keys = seen.queries.double(), seen.keys.double()
    expected = scores(exact, queries, keys, seen.query_positions, seen.key_positions)
    plain = queries @ keys.repeat_interleave(2, dim=1).transpose(-1, -2) / 8**0.5
    error = (ours.double() - (expected - plain)).abs()
    assert error.max() < 2**-6 * (expected - plain).abs().max()


def test_an_odd_width_is_refused():
    with pytest.raises(UserError, match=r"transformer_xl needs an even model\.width, not 9"):
        transformer_xl(width=9)
