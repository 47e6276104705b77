"""Contextual counts against loops, x-transformers and no positions."""

from dataclasses import replace

import pytest
import torch
from torch.autograd import gradcheck

from components.errors import UserError
from components.memory import Seen
from components.mixer.attention import attend
from tests.builders import component, decoder, sizes, some_values
from tests.components.positions.relative import assert_that_it_is_no_positions, logits_under
from tests.components.positions.windows import (
    assert_that_a_row_that_is_reset_is_a_fresh_one,
    assert_that_documents_of_a_row_stay_apart,
    assert_that_one_layer_with_a_cache_is_full_attention,
)
from tests.elsewhere import CoPE
from tests.oracles.attention import attention
from tests.oracles.contextual import cope as oracle

ANY_COUNT = [1, 2, 3, 64]


def cope(size=64, **changed):
    encoder = component("positions", "cope", sizes(**changed), size=size).double()
    encoder.table.data = some_values(*encoder.table.shape, seed=5)
    return encoder


def some_seen(queries=3, keys=5, kv_heads=4, visible=None):
    """Random queries that see the keys up to their own, unless told otherwise."""
    if visible is None:
        visible = torch.ones(1, queries, keys, dtype=torch.bool).tril(keys - queries)
    own = some_values(2, kv_heads, keys, 4, seed=1), some_values(2, kv_heads, keys, 4, seed=2)
    places = torch.arange(keys)[None]
    return Seen(some_values(2, 4, queries, 4), *own, places[:, keys - queries :], places, visible)


def masked_scores(seen):
    keys = seen.keys.repeat_interleave(4 // seen.keys.shape[1], dim=1)
    scores = seen.queries @ keys.transpose(-1, -2) / 2
    return scores.masked_fill(~seen.visible[:, None], -torch.inf)


@pytest.mark.parametrize("size", ANY_COUNT)
def test_it_has_the_values_of_the_formula(size):
    encoder, seen = cope(size), some_seen()
    scores = masked_scores(seen)
    ours, table = encoder.from_scores(seen, scores), encoder.table.tolist()
    for row in range(2):
        for head in range(4):
            for i, visible in enumerate(seen.visible[0].tolist()):
                query, own = seen.queries[row, head, i].tolist(), scores[row, head, i].tolist()
                expected = [oracle(query, own, visible, j, table) for j in range(5) if visible[j]]
                assert ours[row, head, i][: len(expected)].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("size", ANY_COUNT)
def test_it_is_that_of_x_transformers_forward_and_backward(size):
    encoder, theirs, seen = cope(size), CoPE(4, 4, size).double(), some_seen(7, 7)
    theirs.pos_emb.data = encoder.table.data.clone()
    leaves = [masked_scores(seen).requires_grad_() for _ in range(2)]
    queries = seen.queries.requires_grad_()
    ours, other = encoder.from_scores(seen, leaves[0]), theirs(queries, leaves[1])
    torch.testing.assert_close(ours, other)
    picked = some_values(*ours.shape, seed=3)
    mine = torch.autograd.grad((ours * picked).sum(), [queries, encoder.table, leaves[0]])
    yours = torch.autograd.grad((other * picked).sum(), [queries, theirs.pos_emb, leaves[1]])
    torch.testing.assert_close(mine, yours)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_attention_adds_it_to_the_scores_before_the_softmax(kv_heads):
    encoder, seen = cope(3), some_seen(kv_heads=kv_heads)
    ours, added = attend(seen, encoder), encoder.from_scores(seen, masked_scores(seen))
    for row in range(2):
        parts = (part[row].numpy() for part in (seen.queries, seen.keys, seen.values))
        expected = attention(*parts, seen.visible[0].tolist(), added[row].detach().numpy())
        torch.testing.assert_close(ours[row], torch.from_numpy(expected))


def test_keys_that_are_all_worth_counting_are_counted_one_by_one():
    encoder, seen = cope(4), some_seen(3, 6)
    scores = torch.full((2, 4, 3, 6), 1000.0).double()
    scores = scores.masked_fill(~seen.visible[:, None], -torch.inf)
    ours = encoder.from_scores(seen, scores)
    counts = (torch.arange(3, 6)[:, None] - torch.arange(6) + 1).clamp(0, 3)
    expected = (seen.queries @ encoder.table.T).gather(-1, counts.expand(2, 4, 3, 6))
    torch.testing.assert_close(ours, expected)


def test_what_a_query_does_not_see_is_not_counted():
    seen = some_seen()
    seen.visible[:, :, 1] = False
    scores, encoder = masked_scores(seen), cope()
    without = encoder.from_scores(seen, scores[..., [0, 2, 3, 4]])
    torch.testing.assert_close(encoder.from_scores(seen, scores)[..., [0, 2, 3, 4]], without)


def test_scores_without_a_mask_would_let_a_query_see_its_future():
    encoder, seen = cope(), some_seen()
    masked = masked_scores(seen)
    open_scores = masked.masked_fill(masked == -torch.inf, 1.0)
    ours, leaking = (encoder.from_scores(seen, each) for each in (masked, open_scores))
    assert not torch.allclose(ours[:, :, 0, :3], leaking[:, :, 0, :3])


def test_gradients_are_those_of_differences():
    encoder, seen = cope(3), some_seen()
    scores = masked_scores(seen).clamp(min=-30).requires_grad_()

    def added(scores, _):
        return encoder.from_scores(seen, scores)

    assert gradcheck(added, (scores, encoder.table))


def test_a_table_of_zeros_is_no_positions():
    assert_that_it_is_no_positions("cope", lambda encoder: encoder.table.data.zero_())


def test_the_table_starts_at_0_whatever_the_seed():
    encoder = decoder(positions="cope", seed=3).layers[1].positions
    assert encoder.table.shape == (64, 4)
    assert not encoder.table.any()


def test_one_layer_with_a_cache_is_full_attention():
    assert_that_one_layer_with_a_cache_is_full_attention("cope", kv_heads=2)


def test_a_row_that_is_reset_is_a_fresh_one():
    assert_that_a_row_that_is_reset_is_a_fresh_one("cope")


def test_documents_of_a_row_stay_apart():
    assert_that_documents_of_a_row_stay_apart("cope")


def test_only_the_order_of_keys_matters():
    assert torch.equal(logits_under("flip_flop", "cope"), logits_under("both", "cope"))


def test_in_bfloat16_a_thousand_keys_are_counted():
    encoder, seen = cope(1002), some_seen(1, 1000)
    encoder.table.data = torch.arange(1002.0).double()[:, None].remainder(2).expand(-1, 4).clone()
    half = replace(seen, queries=torch.full((2, 4, 1, 4), 0.25).bfloat16())
    scores = torch.full((2, 4, 1, 1000), 20.0).bfloat16()
    ours = encoder.bfloat16().from_scores(half, scores)
    odd = torch.arange(1000.0, 0, -1).remainder(2)
    torch.testing.assert_close(ours.float(), odd.expand(2, 4, 1, 1000))


def test_scores_that_are_no_numbers_stay_none():
    encoder, seen = cope(), some_seen()
    scores = masked_scores(seen) * torch.nan
    assert (scores + encoder.from_scores(seen, scores)).isnan().all()


def test_a_table_of_nothing_is_refused():
    with pytest.raises(UserError, match="size: 0 is below 1"):
        component("positions", "cope", sizes(), size=0)
