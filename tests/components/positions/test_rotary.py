"""Rotary positions against loops, five implementations elsewhere, and themselves."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPTNeoXConfig, LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.gpt_neox import modeling_gpt_neox
from transformers.models.llama import modeling_llama

from components.errors import UserError
from tests.builders import (
    component,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    untouched,
    windowed,
)
from tests.components.positions.encoded import known_scores, scores, seen_by, small_scores
from tests.components.positions.relative import assert_that_equal_distances_are_equal_rules
from tests.components.positions.windows import assert_that_a_row_that_is_reset_is_a_fresh_one
from tests.elsewhere import RotaryEmbedding, XRotaryEmbedding
from tests.known import COMPONENTS
from tests.oracles.positions import rotary as oracle

DYNAMIC = {"scaling": "dynamic", "factor": 2.0, "original": 8}


def rotary(head_width=8, context=18, **options):
    shape = sizes(head_width=head_width, context=context)
    return component("positions", "rotary", shape, **options)


def llama(scaling, factor, **more):
    """Four heads of 64 channels, with a scaling of transformers."""
    of_scaling = {"rope_type": scaling, "factor": factor, "rope_theta": 10000.0}
    return LlamaConfig(
        hidden_size=64 * 4,
        num_attention_heads=4,
        max_position_embeddings=2048,
        rope_parameters=of_scaling | more,
    )


def turned(encoder, x, positions):
    """Vectors x [..., length, head_width] as keys at these positions."""
    positions = torch.as_tensor(positions)[None]
    return encoder.on_queries_and_keys(seen_by(x, x, positions, positions))[1]


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("rotary_half_d8_base1e4_pos3_x1to8", {}),
        ("rotary_interleaved_d8_base1e4_pos3_x1to8", {"layout": "interleaved"}),
        ("rotary_half_d8_partial0.25_pos3_x1to8", {"fraction": 0.25}),
    ],
)
def test_it_has_the_known_values(key, options):
    x = torch.arange(1, 9, dtype=torch.float64).reshape(1, 1, 1, 8)
    assert turned(rotary(**options), x, [3]).flatten().tolist() == pytest.approx(COMPONENTS[key])


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("rotary_half", {}),
        ("rotary_interleaved", {"layout": "interleaved"}),
        ("rotary_half_fraction_0.5", {"fraction": 0.5}),
    ],
)
def test_it_has_the_known_scores(key, options):
    torch.testing.assert_close(small_scores("rotary", **options), known_scores(key))


@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("head_width", [6, 7, 10])
def test_it_has_the_values_of_the_formula(layout, fraction, head_width):
    x, positions = some_values(1, 1, 4, head_width), [0, 3, 17, 1000]
    encoder = rotary(head_width, layout=layout, fraction=fraction, base=500.0)
    width = head_width if round(fraction * head_width / 2) * 2 <= head_width else head_width - 1
    expected = [
        oracle(row[:width], place, base=500.0, fraction=fraction, layout=layout) + row[width:]
        for row, place in zip(x[0, 0].tolist(), positions, strict=True)
    ]
    ours = turned(encoder, x, positions)[0, 0]
    torch.testing.assert_close(ours, torch.tensor(expected, dtype=torch.float64))


def test_half_is_that_of_llama_forward_and_backward():
    config = LlamaConfig(hidden_size=32, num_attention_heads=4)
    positions = torch.arange(3, 12)[None]
    x = some_values(2, 4, 9, 8).float().requires_grad_()
    cos, sin = modeling_llama.LlamaRotaryEmbedding(config)(x, positions)
    _, theirs = modeling_llama.apply_rotary_pos_emb(x, x, cos, sin)
    ours = turned(rotary(), x, positions[0])
    torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=1e-5)
    weights = some_values(2, 4, 9, 8, seed=1).float()
    mine = torch.autograd.grad((ours * weights).sum(), x)
    other = torch.autograd.grad((theirs * weights).sum(), x)
    torch.testing.assert_close(mine, other, atol=2e-6, rtol=1e-5)


def test_a_quarter_is_that_of_gpt_neox():
    config = GPTNeoXConfig(
        hidden_size=64,
        num_attention_heads=4,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.25,
        },
    )
    x, positions = some_values(2, 4, 9, 16).float(), torch.arange(9)[None]
    cos, sin = modeling_gpt_neox.GPTNeoXRotaryEmbedding(config)(x, positions)
    theirs, _ = modeling_gpt_neox.apply_rotary_pos_emb(x, x, cos, sin)
    ours = turned(rotary(16, fraction=0.25), x, positions[0])
    torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=1e-5)


def test_interleaved_is_that_of_rotary_embedding_torch():
    x = some_values(2, 4, 9, 8).float()
    theirs = RotaryEmbedding(8).rotate_queries_or_keys(x, offset=5)
    ours = turned(rotary(layout="interleaved"), x, range(5, 14))
    torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=1e-5)


def test_ntk_is_the_rescaled_base_of_x_transformers():
    theirs = XRotaryEmbedding(64, base_rescale_factor=4.0).inv_freq
    ours = rotary(64, scaling="ntk", factor=4.0).frequencies
    assert ours == pytest.approx(theirs.tolist(), rel=1e-5)
    known = COMPONENTS["ntk_aware_base_d64_factor4"]
    assert rotary(64, base=known).frequencies == pytest.approx(ours, rel=1e-9)


@pytest.mark.parametrize("factor", [1.0, 2.0, 4.0])
@pytest.mark.parametrize(
    ("scaling", "theirs", "more"),
    [
        ("interpolation", "linear", {}),
        ("yarn", "yarn", {}),
        ("llama3", "llama3", {"low_freq_factor": 1.0, "high_freq_factor": 4.0}),
    ],
)
def test_scalings_are_those_of_transformers(scaling, theirs, more, factor):
    config = llama(theirs, factor, original_max_position_embeddings=2048, **more)
    frequencies, stretch = ROPE_INIT_FUNCTIONS[theirs](config, "cpu")
    ours = rotary(64, context=2048, scaling=scaling, factor=factor)
    assert ours.frequencies == pytest.approx(frequencies.tolist(), rel=1e-5)
    assert ours.stretch == pytest.approx(stretch)


def test_yarn_has_the_known_values():
    known = COMPONENTS["yarn_d64_base1e4_factor4_L2048"]
    ours = rotary(64, scaling="yarn", factor=4.0, original=2048)
    picked = [ours.frequencies[pair] for pair in (0, 8, 16, 20, 24, 31)]
    assert picked == pytest.approx(known["inv_freq_0_8_16_20_24_31"])
    assert ours.stretch == pytest.approx(known["attention_factor"])


@pytest.mark.parametrize("factor", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("length", [7, 2048, 2049, 5000])
def test_dynamic_is_that_of_transformers_for_every_length(length, factor):
    config = llama("dynamic", factor)
    frequencies, stretch = ROPE_INIT_FUNCTIONS["dynamic"](config, "cpu", seq_len=length)
    assert stretch == 1.0
    x, place = torch.zeros(1, 1, length, 64).double(), length // 2
    x[0, 0, place] = some_values(64)
    ours = turned(rotary(64, context=2048, scaling="dynamic", factor=factor), x, range(length))
    expected = oracle(x[0, 0, place].tolist(), place, pace=lambda _, i: frequencies[i].item())
    assert ours[0, 0, place].tolist() == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("length", [1, 9, 18])
def test_dynamic_up_to_the_original_context_is_none(length):
    x = some_values(1, 1, length, 8)
    ours = turned(rotary(scaling="dynamic", factor=4.0), x, range(length))
    assert torch.equal(ours, turned(rotary(), x, range(length)))


@pytest.mark.parametrize(("original", "length"), [(10, 14), (18, 30)])
def test_dynamic_has_the_base_of_the_formula(original, length):
    x = some_values(1, 1, length, 8)
    ours = turned(rotary(scaling="dynamic", factor=3.0, original=original), x, range(length))
    base = 10000 * (3 * length / original - 2) ** (8 / 6)
    torch.testing.assert_close(ours, turned(rotary(base=base), x, range(length)))


def test_dynamic_counts_the_positions_that_queries_and_visible_keys_span():
    encoder = rotary(scaling="dynamic", factor=2.0, original=4)
    x, positions = some_values(1, 1, 9, 8), torch.arange(-3, 6)[None]
    seen = seen_by(x[:, :, 3:], x, positions[:, 3:], positions)
    whole = encoder.on_queries_and_keys(seen)
    seen.visible[:, :, :3] = False
    part = encoder.on_queries_and_keys(seen)
    for keys, length in ((whole[1], 9), (part[1], 6)):
        base = 10000 * (2 * length / 4 - 1) ** (8 / 6)
        torch.testing.assert_close(keys, turned(rotary(base=base), x, positions[0]))


def test_dynamic_knows_distances_alone():
    encoder, x = rotary(scaling="dynamic", factor=2.0, original=4), some_values(1, 2, 7, 8)
    places = torch.arange(7)[None]
    there = scores(encoder, x, x, places + 100_000, places + 100_000)
    torch.testing.assert_close(scores(encoder, x, x, places, places), there, atol=1e-9, rtol=1e-9)


def test_dynamic_has_a_length_of_its_own_in_every_row():
    encoder, x = rotary(scaling="dynamic", factor=2.0, original=4), some_values(2, 1, 3, 8)
    positions = torch.tensor([[0, 1, 2], [0, 9, 20]])
    both = encoder.on_queries_and_keys(seen_by(x, x, positions, positions))[1]
    for row in range(2):
        torch.testing.assert_close(both[row], turned(encoder, x[[row]], positions[row])[0])


def test_under_dynamic_a_row_that_is_reset_is_a_fresh_one():
    assert_that_a_row_that_is_reset_is_a_fresh_one({"rotary": DYNAMIC})


def test_under_dynamic_rules_with_equal_distances_are_equal():
    assert_that_equal_distances_are_equal_rules({"rotary": DYNAMIC})


def test_dynamic_runs_on_the_meta_device():
    with torch.device("meta"):
        model = untouched(positions={"rotary": DYNAMIC}, memory="xl")
        assert windowed(model, torch.zeros(2, 18, dtype=torch.int64)).is_meta


@pytest.mark.parametrize("scaling", ["interpolation", "ntk", "yarn", "llama3"])
def test_a_scaling_by_1_is_none(scaling):
    plain, scaled = rotary(16), rotary(16, scaling=scaling)
    assert scaled.frequencies == pytest.approx(plain.frequencies, rel=1e-15)
    assert scaled.stretch == 1.0


def test_yarn_multiplies_scores_by_the_square_of_its_stretch():
    encoder = rotary(scaling="yarn", factor=4.0)
    x = some_values(1, 1, 1, 8)
    ours = scores(encoder, x, x, torch.tensor([[5]]), torch.tensor([[5]]))
    expected = x.square().sum() / 8**0.5 * encoder.stretch**2
    torch.testing.assert_close(ours.squeeze(), expected)


def test_the_layouts_are_one_function_of_reordered_channels():
    x = some_values(1, 2, 5, 8)
    order = torch.tensor([0, 2, 4, 6, 1, 3, 5, 7])
    apart = turned(rotary(layout="interleaved"), x, range(5))[..., order]
    assert torch.equal(apart, turned(rotary(), x[..., order], range(5)))


def test_no_fraction_is_no_positions():
    tokens = some_tokens()
    without = windowed(random_decoder(positions="none"), tokens)
    nothing = random_decoder(positions={"rotary": {"fraction": 0.0}})
    assert torch.equal(windowed(nothing, tokens), without)


@settings(deadline=None, max_examples=25)
@given(shift=st.integers(-1000, 100000), layout=st.sampled_from(["half", "interleaved"]))
def test_scores_depend_on_the_distance_alone(shift, layout):
    encoder, queries, keys = rotary(layout=layout), some_values(1, 2, 3, 8), some_values(1, 2, 5, 8)
    query_positions, key_positions = torch.tensor([[2, 3, 4]]), torch.arange(5)[None]
    here = scores(encoder, queries, keys, query_positions, key_positions)
    there = scores(encoder, queries, keys, query_positions + shift, key_positions + shift)
    torch.testing.assert_close(here, there, atol=1e-9, rtol=1e-9)


def test_reordered_keys_with_their_positions_reorder_the_scores():
    encoder, queries, keys = rotary(), some_values(1, 2, 3, 8), some_values(1, 2, 5, 8)
    query_positions, key_positions = torch.tensor([[2, 3, 4]]), torch.arange(5)[None]
    order = torch.tensor([4, 2, 0, 1, 3])
    straight = scores(encoder, queries, keys, query_positions, key_positions)
    mixed = scores(encoder, queries, keys[:, :, order], query_positions, key_positions[:, order])
    torch.testing.assert_close(mixed, straight[..., order])


def test_two_halves_of_the_keys_are_encoded_as_the_whole():
    x = some_values(1, 2, 6, 8)
    halves = [turned(rotary(), x[:, :, :3], range(3)), turned(rotary(), x[:, :, 3:], range(3, 6))]
    assert torch.equal(torch.cat(halves, dim=2), turned(rotary(), x, range(6)))


def test_the_length_of_every_vector_stays():
    x = some_values(1, 2, 6, 8)
    torch.testing.assert_close(turned(rotary(), x, range(6)).norm(dim=-1), x.norm(dim=-1))


@pytest.mark.parametrize("offset", [0, 1_000_000])
def test_angles_of_a_bfloat16_model_are_exact_far_out(offset):
    model = torch.nn.ModuleList([rotary(64)]).bfloat16()
    x = some_values(1, 1, 512, 64).bfloat16()
    positions = range(offset, offset + 512)
    exact = turned(rotary(64), x.double(), positions)
    ours = turned(model[0], x, positions).double()
    torch.testing.assert_close(ours, exact, atol=1e-6, rtol=2**-8)


def test_rows_may_stand_at_positions_of_their_own():
    x, positions = some_values(2, 1, 3, 8), torch.tensor([[0, 1, 2], [7, 8, 9]])
    both = rotary().on_queries_and_keys(seen_by(x, x, positions, positions))[1]
    alone = torch.cat([turned(rotary(), x[[row]], positions[row]) for row in (0, 1)])
    assert torch.equal(both, alone)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": 1.0}, "base: 1.0 is not above 1"),
        ({"fraction": 1.5}, "fraction: 1.5 is not between 0 and 1"),
        ({"fraction": -0.5}, "fraction: -0.5 is not between 0 and 1"),
        ({"factor": 0.5}, "factor: 0.5 is below 1"),
        ({"original": 0}, "original: 0 is below 1"),
        ({"scaling": "ntk", "fraction": 0.25}, "scaling: ntk needs 4 turned channels, there are 2"),
        (
            {"scaling": "dynamic", "fraction": 0.25},
            "scaling: dynamic needs 4 turned channels, there are 2",
        ),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        rotary(**options)
    (problem,) = refused.value.problems
    assert problem.what == f"positions/rotary: {message}"
    assert problem.key == next(iter(options))
