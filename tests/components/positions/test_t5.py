"""T5's ranges of distances against its text, known values, transformers and x-transformers."""

import pytest
import torch
from transformers.models.t5.modeling_t5 import T5Attention

from components.errors import UserError
from tests.builders import component, decoder, random_decoder, sizes, waves
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
from tests.elsewhere import RelativePositionBias
from tests.known import COMPONENTS
from tests.oracles.distances import t5_bucket


def t5(**options):
    return component("positions", "t5", sizes(kv_heads=2), **options)


def buckets(encoder, distances):
    """The bucket of each distance: what a table of bucket numbers gives."""
    encoder = encoder.double()
    count = len(encoder.table)
    encoder.table.data = torch.arange(count).double()[:, None].expand(count, 4).clone()
    bias = encoder.on_scores(some_seen(encoder, distances, [0]))
    return bias[0, 0, :, 0].long().tolist()


def test_it_has_the_known_buckets():
    known = COMPONENTS["t5_bucket_n32_max128"]
    assert buckets(t5(), known["distance"]) == known["bucket"]


def test_it_has_the_known_scores():
    encoder = component(
        "positions", "t5", sizes(heads=2, kv_heads=2, head_width=8), buckets=8, max_distance=16
    ).double()
    steps = torch.arange(8, dtype=torch.float64)
    encoder.table.data = 0.01 * steps[:, None] * torch.tensor([1.0, 2.0])
    queries, keys = waves(0.7, 0.1, 2, 3, 8), waves(0.3, 0.5, 2, 5, 8)
    ours = scores(encoder, queries, keys, torch.tensor([[2, 3, 4]]), torch.arange(5)[None])[0]
    torch.testing.assert_close(ours, known_scores("t5_buckets8_max16_table_0.01*bucket*(h+1)"))


@pytest.mark.parametrize(("count", "most"), [(32, 128), (32, 512), (16, 64)])
def test_buckets_are_those_of_transformers_and_x_transformers(count, most):
    distances = torch.arange(-20, 5000)
    ours = buckets(t5(buckets=count, max_distance=most), distances.tolist())
    theirs = T5Attention._relative_position_bucket(
        -distances, bidirectional=False, num_buckets=count, max_distance=most
    )
    others = RelativePositionBias._relative_position_bucket(
        -distances, num_buckets=count, max_distance=most
    )
    assert ours == theirs.tolist() == others.tolist()


@pytest.mark.parametrize(("count", "most"), [(2, 2), (3, 9), (7, 100), (32, 17), (64, 100_000)])
def test_buckets_are_those_of_the_text(count, most):
    distances = [*range(-5, 300), 999, most - 1, most, most + 1, 10**6]
    expected = [t5_bucket(distance, count, most) for distance in distances]
    assert buckets(t5(buckets=count, max_distance=most), distances) == expected


def test_a_distance_that_just_reaches_a_bucket_is_in_it():
    # 16 2^(k/4) is whole for every fourth k.
    ours = buckets(t5(max_distance=256), [31, 32, 63, 64, 127, 128, 255, 256])
    assert ours == [19, 20, 23, 24, 27, 28, 31, 31]


def test_every_head_has_the_numbers_of_its_column():
    encoder = filled(t5(buckets=8, max_distance=16))
    bias = encoder.on_scores(some_seen(encoder))
    for head in range(4):
        expected = [
            [encoder.table[t5_bucket(distance, 8, 16), head].item() for distance in row]
            for row in DISTANCES
        ]
        assert bias[0, head].tolist() == expected


def test_a_key_behind_the_query_is_as_one_at_its_place():
    encoder = filled(t5())
    bias = encoder.on_scores(some_seen(encoder, [5], [5, 6, 100]))
    assert torch.equal(bias, bias[..., :1].expand_as(bias))


def test_gradients_are_those_of_differences():
    assert_that_gradients_are_those_of_differences(filled(t5(buckets=8, max_distance=16)))


def test_only_distances_matter():
    assert_that_only_distances_matter(filled(t5()))


def test_the_order_of_keys_does_not_matter():
    assert_that_the_order_of_keys_does_not_matter(filled(t5()))


def test_keys_may_be_encoded_in_parts():
    assert_that_keys_may_be_encoded_in_parts(filled(t5()))


def test_rules_with_equal_distances_are_equal():
    assert_that_equal_distances_are_equal_rules("t5")


def test_a_table_of_zeros_is_no_positions():
    assert_that_it_is_no_positions("t5", lambda encoder: encoder.table.data.zero_())


@pytest.mark.parametrize(("shared", "tables"), [(True, 1), (False, 2)])
def test_layers_have_one_table_unless_each_has_its_own(shared, tables):
    model = random_decoder(positions={"t5": {"shared_across_layers": shared}})
    names = [name for name, _ in model.named_parameters() if name.endswith("table")]
    assert len(names) == tables


def test_a_shared_table_learns_from_all_layers():
    model = random_decoder(positions="t5")
    assert model.layers[0].positions is model.layers[1].positions


def test_the_table_starts_small():
    table = decoder(positions={"t5": {"buckets": 512, "max_distance": 1000}}).layers[0].positions
    assert table.table.std().item() == pytest.approx(0.02, rel=0.1)
    assert abs(table.table.mean().item()) < 0.002


def test_the_table_may_start_at_zero():
    encoder = decoder(positions={"t5": {"initial": "zero"}}).layers[0].positions
    assert not encoder.table.any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"buckets": 1}, "buckets: 1 is not above 1"),
        ({"max_distance": 16}, "max_distance: 16 is not above 16"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        t5(**options)
