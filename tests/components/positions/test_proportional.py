"""Rotary positions without slow pairs against loops, transformers and rotary."""

import pytest
import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from components.errors import UserError
from tests.builders import component, random_decoder, sizes, some_tokens, some_values, windowed
from tests.components.positions.encoded import known_scores, seen_by, small_scores
from tests.components.positions.relative import (
    assert_that_equal_distances_are_equal_rules,
    assert_that_keys_may_be_encoded_in_parts,
    assert_that_only_distances_matter,
    assert_that_the_order_of_keys_does_not_matter,
)
from tests.oracles.positions import rotary as oracle


def proportional(head_width=8, name="proportional", **options):
    return component("positions", name, sizes(head_width=head_width), **options)


def turned(encoder, x, positions):
    """Vectors x [..., length, head_width] as keys at these positions."""
    positions = torch.as_tensor(positions)[None]
    return encoder.on_queries_and_keys(seen_by(x, x, positions, positions))[1]


def test_it_has_the_known_scores():
    ours = small_scores("proportional", fraction=0.5)
    torch.testing.assert_close(ours, known_scores("proportional_0.5"))


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_it_has_the_frequencies_of_transformers(fraction):
    config = LlamaConfig(
        hidden_size=64 * 4,
        num_attention_heads=4,
        rope_parameters={
            "rope_type": "proportional",
            "rope_theta": 10000.0,
            "partial_rotary_factor": fraction,
        },
    )
    theirs, _ = ROPE_INIT_FUNCTIONS["proportional"](config, "cpu")
    ours = proportional(64, fraction=fraction).frequencies
    assert ours == pytest.approx(theirs.tolist(), rel=1e-5)


@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize(("fraction", "kept"), [(0.0, 0), (0.3, 1), (0.5, 2), (0.7, 2), (1.0, 4)])
def test_it_has_the_values_of_the_formula(layout, fraction, kept):
    x, positions = some_values(1, 1, 4, 8), [0, 3, 17, 1000]
    encoder = proportional(layout=layout, fraction=fraction, base=500.0)
    expected = [
        oracle(row, place, base=500.0, layout=layout, pace=lambda t, i: t if i < kept else 0.0)
        for row, place in zip(x[0, 0].tolist(), positions, strict=True)
    ]
    ours = turned(encoder, x, positions)[0, 0]
    torch.testing.assert_close(ours, torch.tensor(expected, dtype=torch.float64))


def test_neighbouring_pairs_are_those_of_a_partial_rotary_of_a_smaller_base():
    x, layout = some_values(1, 2, 5, 8), "interleaved"
    ours = turned(proportional(fraction=0.5, layout=layout), x, range(7, 12))
    partial = proportional(name="rotary", fraction=0.5, base=10000.0**0.5, layout=layout)
    torch.testing.assert_close(ours, turned(partial, x, range(7, 12)))


def test_a_partial_rotary_of_the_same_base_is_something_else():
    x = some_values(1, 2, 5, 8)
    ours = turned(proportional(fraction=0.5), x, range(7, 12))
    partial = proportional(name="rotary", fraction=0.5)
    assert not torch.allclose(ours, turned(partial, x, range(7, 12)))


@pytest.mark.parametrize("head_width", [7, 8])
def test_all_pairs_are_rotary(head_width):
    x = some_values(1, 2, 5, head_width)
    ours = turned(proportional(head_width, fraction=1.0), x, range(5))
    assert torch.equal(ours, turned(proportional(head_width, name="rotary"), x, range(5)))


def test_no_pair_is_no_positions():
    tokens = some_tokens()
    nothing = random_decoder(positions={"proportional": {"fraction": 0.0}})
    without = random_decoder(positions="none")
    torch.testing.assert_close(windowed(nothing, tokens), windowed(without, tokens))


def test_only_distances_matter():
    assert_that_only_distances_matter(proportional())


def test_the_order_of_keys_does_not_matter():
    assert_that_the_order_of_keys_does_not_matter(proportional())


def test_keys_may_be_encoded_in_parts():
    assert_that_keys_may_be_encoded_in_parts(proportional())


def test_rules_with_equal_distances_are_equal():
    assert_that_equal_distances_are_equal_rules("proportional")


@pytest.mark.parametrize("offset", [0, 1_000_000])
def test_angles_of_a_bfloat16_model_are_exact_far_out(offset):
    model = torch.nn.ModuleList([proportional(64)]).bfloat16()
    x, positions = some_values(1, 1, 512, 64).bfloat16(), range(offset, offset + 512)
    exact = turned(proportional(64), x.double(), positions)
    ours = turned(model[0], x, positions).double()
    torch.testing.assert_close(ours, exact, atol=1e-6, rtol=2**-8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": 1.0}, "base: 1.0 is not above 1"),
        ({"fraction": 1.5}, "fraction: 1.5 is not between 0 and 1"),
        ({"fraction": -0.5}, "fraction: -0.5 is not between 0 and 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        proportional(**options)
