"""What the tests of relative encoders share: some places, and the properties that all must have."""

import torch
from torch.autograd import gradcheck

from tests.builders import random_decoder, some_tokens, some_values, windowed
from tests.components.positions.encoded import scores, seen_by

QUERY_PLACES = (7, 3, 100)
KEY_PLACES = (0, 5, 3, 9, 50)
"""Some before a query, some behind it, one at its place."""

DISTANCES = [[query - key for key in KEY_PLACES] for query in QUERY_PLACES]


def filled(encoder):
    """The encoder in float64, with random parameters around 1/2."""
    encoder = encoder.double()
    for seed, parameter in enumerate(encoder.parameters()):
        parameter.data = 0.5 + 0.2 * some_values(parameter.numel(), seed=seed).reshape(
            parameter.shape
        )
    return encoder


def some_seen(encoder, query_places=QUERY_PLACES, key_places=KEY_PLACES, dtype=torch.float64):
    """Two rows of random queries and keys at these places."""
    sizes = encoder.sizes
    queries = some_values(2, sizes.heads, len(query_places), sizes.head_width).to(dtype)
    keys = some_values(2, sizes.kv_heads, len(key_places), sizes.head_width, seed=1).to(dtype)
    places = torch.tensor([list(query_places)]), torch.tensor([list(key_places)])
    return seen_by(queries, keys, *places)


def scored(encoder, seen, by=0, order=slice(None)):
    """The scores where all places are `by` tokens later and the keys stand in another `order`."""
    places = seen.query_positions + by, seen.key_positions[:, order] + by
    return scores(encoder, seen.queries, seen.keys[:, :, order], *places)


def assert_that_only_distances_matter(encoder, by=100_000):
    seen = some_seen(encoder)
    there = scored(encoder, seen, by=by)
    torch.testing.assert_close(there, scored(encoder, seen), atol=1e-9, rtol=1e-9)


def assert_that_the_order_of_keys_does_not_matter(encoder):
    seen, order = some_seen(encoder), torch.tensor([4, 2, 0, 1, 3])
    mixed = scored(encoder, seen, order=order)
    torch.testing.assert_close(mixed, scored(encoder, seen)[..., order])


def assert_that_keys_may_be_encoded_in_parts(encoder):
    seen = some_seen(encoder)
    parts = [scored(encoder, seen, order=part) for part in (slice(2), slice(2, None))]
    torch.testing.assert_close(torch.cat(parts, dim=-1), scored(encoder, seen))


def assert_that_gradients_are_those_of_differences(encoder):
    seen = some_seen(encoder)
    assert gradcheck(lambda *_: encoder.on_scores(seen), tuple(encoder.parameters()))


def logits_under(rule, positions):
    """What a decoder that remembers two windows says where they are numbered by a rule."""
    memory = {"xl": {"windows": 2, "positions": rule}}
    return windowed(random_decoder(positions=positions, memory=memory), some_tokens(length=30))


def assert_that_equal_distances_are_equal_rules(positions):
    both = logits_under("both", positions)
    for rule in ("absolute", "based"):
        torch.testing.assert_close(logits_under(rule, positions), both, atol=1e-9, rtol=1e-9)
    assert not torch.allclose(logits_under("neither", positions), both)


def assert_that_it_is_no_positions(positions, nothing, length=30):
    """Compare with a decoder without positions; `nothing` empties an encoder."""
    model, tokens = random_decoder(positions=positions, memory="xl"), some_tokens(length=length)
    for layer in model.layers:
        nothing(layer.positions)
    without = random_decoder(positions="none", memory="xl")
    without.load_state_dict(model.state_dict(), strict=False)
    torch.testing.assert_close(windowed(model, tokens), windowed(without, tokens))
