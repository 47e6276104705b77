"""The ramp on the keys against its formula and known values."""

import pytest
import torch

from tests.builders import (
    component,
    decoder,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)
from tests.components.positions.encoded import known_scores, scores, seen_by, small_scores
from tests.known import COMPONENTS
from tests.oracles.positions import ramp


def linspace(window=5, **options):
    shape = sizes(window=window, context=window, kv_heads=2)
    return component("positions", "linspace", shape, **options).double()


def encoded(encoder, keys, query_positions, key_positions):
    queries = some_values(1, 4, len(query_positions), 4)
    places = torch.tensor([query_positions]), torch.tensor([key_positions])
    same, keys = encoder.on_queries_and_keys(seen_by(queries, keys, *places))
    assert torch.equal(same, queries)
    return keys


@pytest.mark.parametrize(
    ("key", "offset"),
    [("linspace_keys_scale1_edge0.1_n5_offset0", 0.0), ("linspace_keys_offset2_n5", 2.0)],
)
def test_it_has_the_known_values(key, offset):
    keys = encoded(linspace(offset=offset), torch.zeros(1, 2, 5, 4), range(5), range(5))
    for head in keys[0]:
        for channel in head.T:
            assert channel.tolist() == pytest.approx(COMPONENTS[key])


def test_over_all_visible_keys_it_has_the_known_scores():
    ours = small_scores("linspace", span="visible")
    torch.testing.assert_close(ours, known_scores("linspace_edge0.1_scale1_span_visible"))


@pytest.mark.parametrize(("span", "first", "count"), [("window", 10, 5), ("visible", 7, 6)])
def test_it_has_the_values_of_the_formula(span, first, count):
    encoder, keys = linspace(span=span, edge=0.3, offset=0.5), some_values(1, 2, 6, 4)
    encoder.scale.data = some_values(4, seed=2)
    heights = torch.tensor(ramp(range(7, 13), first, count, 0.3, 0.5), dtype=torch.float64)
    ours = encoded(encoder, keys, [10, 11, 12], range(7, 13))
    torch.testing.assert_close(ours, keys + heights[:, None] * encoder.scale)


def test_every_head_may_have_a_scale_of_its_own():
    encoder = linspace(per_head=True)
    encoder.scale.data = torch.tensor([0.0, 1.0]).double().reshape(2, 1, 1).expand(2, 1, 4).clone()
    keys = encoded(encoder, torch.zeros(1, 2, 5, 4), range(5), range(5))[0]
    assert not keys[0].any()
    assert keys[1, -1].tolist() == pytest.approx([0.1] * 4)


def test_the_ramp_of_a_short_window_is_as_steep_as_that_of_a_long_one():
    long = encoded(linspace(), torch.zeros(1, 2, 5, 4), range(5), range(5))
    short = encoded(linspace(), torch.zeros(1, 2, 3, 4), range(3), range(3))
    assert torch.equal(short, long[:, :, :3])


def test_a_window_of_one_token_has_the_offset():
    keys = encoded(linspace(window=1, offset=2.0), torch.zeros(1, 2, 1, 4), [0], [0])
    assert keys.unique().tolist() == [2.0]


def test_a_scale_of_0_is_no_positions():
    model, tokens = random_decoder(positions="linspace"), some_tokens()
    for layer in model.layers:
        layer.positions.scale.data.zero_()
    without = random_decoder(positions="none")
    without.load_state_dict(model.state_dict(), strict=False)
    torch.testing.assert_close(windowed(model, tokens), windowed(without, tokens))


def test_the_offset_has_no_effect_on_attention():
    plain, shifted = linspace(edge=0.5), linspace(edge=0.5, offset=3.0)
    queries, keys = some_values(1, 4, 5, 4), some_values(1, 2, 5, 4)
    places = torch.arange(5)[None], torch.arange(5)[None]
    both = [scores(each, queries, keys, *places).softmax(-1) for each in (plain, shifted)]
    torch.testing.assert_close(*both)


def test_moving_all_positions_has_no_effect_on_attention():
    queries, keys = some_values(1, 4, 5, 4), some_values(1, 2, 5, 4)
    near, far = torch.arange(5)[None], torch.arange(100_000, 100_005)[None]
    both = [scores(linspace(), queries, keys, each, each).softmax(-1) for each in (near, far)]
    torch.testing.assert_close(*both)


def test_the_scale_starts_at_1_whatever_the_seed():
    encoder = decoder(positions="linspace", seed=3).layers[1].positions
    assert encoder.scale.tolist() == [1.0] * 4


def test_in_bfloat16_every_position_keeps_its_height():
    encoder = component("positions", "linspace", sizes(window=512, context=512), edge=500.0)
    keys, places = some_values(1, 4, 512, 4).bfloat16(), torch.arange(512)[None]
    _, ours = encoder.bfloat16().on_queries_and_keys(seen_by(keys, keys, places, places))
    heights = torch.tensor(ramp(range(512), 0, 512, 500.0, 0.0), dtype=torch.float64)
    # Rounded once: half a unit in the last of 8 bits.
    torch.testing.assert_close(
        ours.double(), keys.double() + heights[:, None], rtol=2**-8, atol=1e-4
    )
    assert ours.dtype == torch.bfloat16


def test_in_bfloat16_the_sum_is_rounded_once():
    encoder = component("positions", "linspace", sizes(window=512, context=512)).bfloat16()
    keys, places = torch.zeros(1, 4, 512, 4), torch.arange(512)[None]
    _, exact = encoder.on_queries_and_keys(seen_by(keys, keys, places, places))
    half = keys.bfloat16()
    _, ours = encoder.on_queries_and_keys(seen_by(half, half, places, places))
    assert len(exact[0, 0, :, 0].unique()) == 512
    assert torch.equal(ours, exact.bfloat16())


@pytest.mark.parametrize("memory", ["xl", {"sliding": {"size": 9}}])
def test_a_row_that_was_reset_is_ramped_like_a_fresh_one(memory):
    model = random_decoder(positions={"linspace": {"span": "visible", "edge": 2.0}}, memory=memory)
    first, second = some_tokens().split(6, dim=1)[:2]
    state = model(first, model.start(3)).state
    reset = model.reset(torch.tensor([False, True, False]), state)
    fresh = model(second, model.start(3)).logits
    found = model(second, reset).logits
    torch.testing.assert_close(found[1], fresh[1])
    assert not torch.allclose(found[0], fresh[0])
