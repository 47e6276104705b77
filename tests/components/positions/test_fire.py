"""FIRE against its formula and known values."""

import pytest
import torch

from components.errors import UserError
from tests.builders import component, decoder, sizes
from tests.components.positions.relative import (
    KEY_PLACES,
    QUERY_PLACES,
    assert_that_gradients_are_those_of_differences,
    assert_that_it_is_no_positions,
    assert_that_keys_may_be_encoded_in_parts,
    assert_that_only_distances_matter,
    assert_that_the_order_of_keys_does_not_matter,
    filled,
    logits_under,
    scored,
    some_seen,
)
from tests.known import COMPONENTS
from tests.oracles.distances import fire as oracle


def fire(**options):
    return component("positions", "fire", sizes(kv_heads=2), **options)


def test_it_has_the_known_shares():
    known, encoder = COMPONENTS["fire_input_c0.1_L512"], fire().double()
    for (i, j), share in zip(known["i_j"], known["x"], strict=True):
        assert encoder._share(some_seen(encoder, [i], [j])).item() == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("threshold", [512.0, 20.0])
def test_it_has_the_values_of_the_formula(threshold):
    encoder = filled(fire(width=5, threshold=threshold))
    bias = encoder.on_scores(some_seen(encoder))
    learned = encoder.multiple.item(), encoder.bend.item()
    for i, query in enumerate(QUERY_PLACES):
        for j, key in enumerate(KEY_PLACES):
            expected = oracle(
                query,
                key,
                bend=learned[1],
                threshold=threshold * learned[0],
                first=(encoder.hidden.weight.tolist(), encoder.hidden.bias.tolist()),
                second=(encoder.out.weight.tolist(), encoder.out.bias.tolist()),
            )
            assert bias[0, :, i, j].tolist() == pytest.approx(expected)


def test_no_distance_is_no_share_at_any_place():
    encoder = filled(fire())
    for place in (0, 1, 511, 100_000):
        assert encoder._share(some_seen(encoder, [place], [place])).item() == 0


def test_a_key_behind_the_query_is_as_far_as_one_before_it():
    encoder = filled(fire())
    bias = encoder.on_scores(some_seen(encoder, [5], [3, 7]))
    assert torch.equal(bias[..., 0], bias[..., 1])


def test_gradients_are_those_of_differences():
    assert_that_gradients_are_those_of_differences(filled(fire(width=5, threshold=20.0)))


def test_up_to_the_threshold_only_distances_matter():
    assert_that_only_distances_matter(filled(fire()), by=100)


def test_beyond_the_threshold_the_place_matters():
    encoder = filled(fire())
    seen = some_seen(encoder)
    there = scored(encoder, seen, by=1000)
    assert not torch.allclose(there, scored(encoder, seen))


def test_the_order_of_keys_does_not_matter():
    assert_that_the_order_of_keys_does_not_matter(filled(fire(threshold=20.0)))


def test_keys_may_be_encoded_in_parts():
    assert_that_keys_may_be_encoded_in_parts(filled(fire(threshold=20.0)))


def test_up_to_the_threshold_rules_with_equal_distances_are_equal():
    both, absolute = (logits_under(rule, "fire") for rule in ("both", "absolute"))
    torch.testing.assert_close(both, absolute)


def test_beyond_the_threshold_they_are_not():
    both, absolute = (
        logits_under(rule, {"fire": {"threshold": 4.0}}) for rule in ("both", "absolute")
    )
    assert not torch.allclose(both, absolute)


def test_an_output_of_zeros_is_no_positions():
    def nothing(encoder):
        encoder.out.weight.data.zero_()
        encoder.out.bias.data.zero_()

    assert_that_it_is_no_positions("fire", nothing)


def test_the_sign_of_a_learned_number_is_without_meaning():
    encoder = filled(fire(threshold=20.0))
    seen = some_seen(encoder)
    here = encoder.on_scores(seen)
    encoder.bend.data.neg_()
    encoder.multiple.data.neg_()
    assert torch.equal(encoder.on_scores(seen), here)


def test_learned_numbers_start_where_the_options_say():
    encoder = decoder(positions={"fire": {"threshold": 100.0, "bend": 0.25}}).layers[0].positions
    assert (encoder.threshold, encoder.multiple.item(), encoder.bend.item()) == (100.0, 1.0, 0.25)


@pytest.mark.parametrize("heads", [1, 4])
def test_it_has_the_parameters_of_a_small_mlp_and_two(heads):
    encoder = component("positions", "fire", sizes(heads=heads, kv_heads=1))
    assert sum(each.numel() for each in encoder.parameters()) == 33 * heads + 66


def test_shares_in_a_bfloat16_model_are_exact():
    encoder = fire().bfloat16()
    share = encoder._share(some_seen(encoder, [5000], range(5001), torch.bfloat16))
    assert len(share.unique()) == 5001


def test_in_bfloat16_the_bias_is_that_of_the_rounded_weights():
    half, exact = filled(fire()).bfloat16(), fire().double()
    exact.load_state_dict(half.state_dict())
    ours = half.on_scores(some_seen(half, [700], range(701), torch.bfloat16))
    theirs = exact.on_scores(some_seen(exact, [700], range(701)))
    torch.testing.assert_close(ours.double(), theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("option", ["width", "threshold", "bend"])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(UserError, match=rf"{option}: 0(\.0)? is not above 0"):
        fire(**{option: 0})
