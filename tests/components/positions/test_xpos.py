"""xPos against complex numbers, known values, two implementations elsewhere, and rotary."""

import math

import pytest
import torch

from components.errors import UserError
from tests.builders import component, sizes, some_values
from tests.components.positions.encoded import known_scores, scores, seen_by, small_scores
from tests.components.positions.relative import (
    DISTANCES,
    assert_that_equal_distances_are_equal_rules,
    assert_that_keys_may_be_encoded_in_parts,
    assert_that_only_distances_matter,
    assert_that_the_order_of_keys_does_not_matter,
    scored,
    some_seen,
)
from tests.elsewhere import RotaryEmbedding, XRotaryEmbedding, apply_rotary_pos_emb
from tests.known import COMPONENTS
from tests.oracles.distances import xpos_score


def xpos(head_width=8, **options):
    return component("positions", "xpos", sizes(head_width=head_width, kv_heads=2), **options)


def test_it_has_the_known_factors():
    assert xpos().factors == pytest.approx(COMPONENTS["xpos_scale_d8_zeta"])


def test_it_has_the_known_score():
    x = torch.ones(1, 1, 1, 8, dtype=torch.float64)
    ours = scores(xpos(), x, x, torch.tensor([[600]]), torch.tensor([[88]]))
    product = COMPONENTS["xpos_score_ones_d8_q_at_600_k_at_88"]
    assert ours.item() == pytest.approx(product / math.sqrt(8))


def test_it_has_the_known_scores():
    torch.testing.assert_close(small_scores("xpos"), known_scores("xpos"))


@pytest.mark.parametrize("options", [{}, {"scale_base": 30.0, "gamma": 0.1}])
def test_it_has_the_values_of_the_formula(options):
    encoder = xpos(**options)
    seen = some_seen(encoder)
    ours = scored(encoder, seen)
    for row in range(2):
        for head in range(4):
            expected = [
                [
                    xpos_score(query, key, distance, **options)
                    for key, distance in zip(seen.keys[row, head // 2].tolist(), of, strict=True)
                ]
                for query, of in zip(seen.queries[row, head].tolist(), DISTANCES, strict=True)
            ]
            torch.testing.assert_close(ours[row, head].tolist(), expected)


def test_it_is_that_of_rotary_embedding_torch_forward_and_backward():
    queries, keys = (some_values(1, 2, 9, 8, seed=seed).float().requires_grad_() for seed in (0, 1))
    theirs = RotaryEmbedding(8, use_xpos=True).rotate_queries_and_keys(queries, keys)
    _assert_equal_scores(queries, keys, theirs)


def test_it_is_that_of_x_transformers_forward_and_backward():
    queries, keys = (some_values(1, 2, 9, 8, seed=seed).float().requires_grad_() for seed in (0, 1))
    angles, scale = XRotaryEmbedding(8, use_xpos=True).forward_from_seq_len(9)
    theirs = (
        apply_rotary_pos_emb(queries, angles, scale),
        apply_rotary_pos_emb(keys, angles, scale**-1),
    )
    _assert_equal_scores(queries, keys, theirs)


def _assert_equal_scores(queries, keys, theirs):
    places = torch.arange(9)[None]
    ours = scores(xpos(), queries, keys, places, places)
    other = theirs[0] @ theirs[1].transpose(-1, -2) / 8**0.5
    torch.testing.assert_close(ours, other, atol=2e-6, rtol=1e-5)
    weights = some_values(1, 2, 9, 9, seed=2).float()
    both = [torch.autograd.grad((each * weights).sum(), (queries, keys)) for each in (ours, other)]
    torch.testing.assert_close(*both, atol=5e-6, rtol=1e-5)


def test_far_keys_shrink():
    x = torch.ones(1, 4, 1, 8, dtype=torch.float64)
    _, keys = xpos().on_queries_and_keys(
        seen_by(x, x.expand(-1, -1, 3, -1), torch.tensor([[900]]), torch.tensor([[0, 450, 900]]))
    )
    near = keys.norm(dim=-1)[0, 0]
    assert near.tolist() == sorted(near.tolist())


def test_only_distances_matter():
    assert_that_only_distances_matter(xpos())


def test_the_order_of_keys_does_not_matter():
    assert_that_the_order_of_keys_does_not_matter(xpos())


def test_keys_may_be_encoded_in_parts():
    assert_that_keys_may_be_encoded_in_parts(xpos())


def test_rules_with_equal_distances_are_equal():
    assert_that_equal_distances_are_equal_rules("xpos")


def test_a_very_large_gamma_is_rotary():
    encoder = xpos(gamma=1e12)
    rotary = component("positions", "rotary", encoder.sizes, layout="interleaved")
    seen = some_seen(encoder)
    torch.testing.assert_close(scored(encoder, seen), scored(rotary, seen))


@pytest.mark.parametrize("place", [50_000, 10_000_000])
def test_float32_has_room_far_out(place):
    encoder = xpos(64)
    seen = some_seen(encoder, dtype=torch.float32)
    far = scored(encoder, seen, by=place)
    torch.testing.assert_close(far, scored(encoder, seen), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("offset", [0, 1_000_000])
def test_in_bfloat16_vectors_are_rounded_once(offset):
    model = torch.nn.ModuleList([xpos(64)]).bfloat16()
    x, places = some_values(1, 1, 512, 64).bfloat16(), torch.arange(offset, offset + 512)[None]
    exact = xpos(64).on_queries_and_keys(seen_by(x.double(), x.double(), places, places))
    ours = model[0].on_queries_and_keys(seen_by(x, x, places, places))
    for one, other in zip(ours, exact, strict=True):
        torch.testing.assert_close(one.double(), other, atol=1e-6, rtol=2**-8)
        assert one.dtype == torch.bfloat16


@pytest.mark.parametrize("option", ["scale_base", "gamma"])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(UserError, match=rf"{option}: 0\.0 is not above 0"):
        xpos(**{option: 0.0})


def test_an_odd_head_width_is_refused():
    with pytest.raises(UserError, match=r"xpos needs an even model\.head_width, not 7"):
        xpos(7)
