"""ALiBi against the paper's text, known values, Bloom and x-transformers."""

import pytest
import torch
from transformers.models.bloom.modeling_bloom import build_alibi_tensor

from components.errors import UserError
from components.memory import Seen
from tests.builders import component, random_decoder, sizes, some_tokens, some_values, windowed
from tests.components.positions.encoded import known_scores, scores, small_scores
from tests.elsewhere import AlibiPositionalBias
from tests.known import COMPONENTS
from tests.oracles.positions import alibi_slopes


def alibi(heads=4, **options):
    return component("positions", "alibi", sizes(heads=heads, kv_heads=1), **options)


def bias(encoder, query_positions, key_positions, heads=4):
    queries = torch.zeros(1, heads, len(query_positions), 4, dtype=torch.float64)
    places = torch.tensor([list(query_positions)]), torch.tensor([list(key_positions)])
    visible = torch.ones(1, len(query_positions), len(key_positions), dtype=torch.bool)
    return encoder.on_scores(Seen(queries, queries, queries, *places, visible))


@pytest.mark.parametrize("heads", [1, 3, 6, 12])
def test_it_has_the_known_slopes(heads):
    assert alibi(heads).slopes == pytest.approx(COMPONENTS[f"alibi_slopes_{heads}"])


@pytest.mark.parametrize("heads", range(1, 34))
def test_slopes_are_those_of_the_papers_text(heads):
    assert alibi(heads).slopes == pytest.approx(alibi_slopes(heads))


def test_it_has_the_known_scores():
    torch.testing.assert_close(small_scores("alibi"), known_scores("alibi"))


@pytest.mark.parametrize("heads", [4, 6])
def test_it_is_that_of_x_transformers_where_a_query_sees(heads):
    theirs = AlibiPositionalBias(heads, heads)(5, 5)
    ours = bias(alibi(heads), range(5), range(5), heads)[0].float()
    torch.testing.assert_close(ours.tril(), theirs.tril())


@pytest.mark.parametrize("heads", [4, 6])
def test_it_is_that_of_bloom_after_the_softmax(heads):
    theirs = build_alibi_tensor(torch.ones(1, 5), heads, torch.float64).view(heads, 1, 5)
    ours = bias(alibi(heads), range(5), range(5), heads)[0]
    hidden = torch.ones(5, 5, dtype=torch.bool).triu(1)
    both = [each.expand(heads, 5, 5).masked_fill(hidden, -torch.inf) for each in (ours, theirs)]
    torch.testing.assert_close(*(each.softmax(-1) for each in both), atol=1e-6, rtol=1e-5)


def test_a_key_behind_the_query_is_as_far_as_one_before_it():
    ours = bias(alibi(), [5], [3, 7])
    assert torch.equal(ours[..., 0], ours[..., 1])


def test_scores_depend_on_the_distance_alone():
    queries, keys = some_values(1, 4, 3, 4), some_values(1, 1, 5, 4)
    near, far = torch.tensor([[2, 3, 4]]), torch.arange(5)[None]
    here = scores(alibi(), queries, keys, near, far)
    assert torch.equal(here, scores(alibi(), queries, keys, near + 1000, far + 1000))


def test_distances_in_a_bfloat16_model_are_exact():
    queries = torch.zeros(1, 4, 1, 4, dtype=torch.bfloat16)
    places = torch.tensor([[1000]]), torch.arange(1001)[None]
    seen = Seen(queries, queries, queries, *places, torch.ones(1, 1, 1001, dtype=torch.bool))
    assert len(alibi().on_scores(seen)[0, 0].unique()) == 1001


def test_heads_without_a_slope_see_all_distances_alike():
    ours = bias(alibi(heads_with_bias=1), [4], range(5))[0]
    assert ours[0].tolist() == [pytest.approx([-4 / 256, -3 / 256, -2 / 256, -1 / 256, 0])]
    assert not ours[1:].any()


def test_learned_slopes_start_at_the_fixed_ones():
    torch.testing.assert_close(
        bias(alibi(learned=True).double(), [4], range(5)),
        bias(alibi(), [4], range(5)),
        atol=1e-6,
        rtol=1e-6,
    )


def test_a_gradient_reaches_every_learned_slope():
    encoder = alibi(learned=True)
    bias(encoder, [4], range(5)).sum().backward()
    expected = [-10 * slope for slope in encoder.slopes]
    assert encoder.log_slopes.grad.tolist() == pytest.approx(expected)


def test_no_head_with_a_slope_is_no_positions():
    tokens = some_tokens()
    nothing = random_decoder(positions={"alibi": {"heads_with_bias": 0}})
    without = random_decoder(positions="none")
    assert torch.equal(windowed(nothing, tokens), windowed(without, tokens))


def test_more_slopes_than_heads_are_refused():
    with pytest.raises(UserError, match="heads_with_bias: 5 is not between 0 and 4"):
        alibi(heads_with_bias=5)
