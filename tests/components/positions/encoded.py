"""What the tests of position encoders share: scores, computed as the attention would."""

import torch

from components.memory import Seen
from tests.builders import component, sizes, waves
from tests.known import COMPONENTS


def seen_by(queries, keys, query_positions, key_positions):
    """What queries look at where every key is visible."""
    return Seen(
        queries=queries,
        keys=keys,
        values=keys,
        query_positions=query_positions,
        key_positions=key_positions,
        visible=torch.ones(1, queries.shape[2], keys.shape[2], dtype=torch.bool),
    )


def scores(encoder, queries, keys, query_positions, key_positions):
    """The scores [batch, heads, queries, keys] of an encoder, before any mask."""
    seen = seen_by(queries, keys, query_positions, key_positions)
    q, k = encoder.on_queries_and_keys(seen)
    k = k.repeat_interleave(q.shape[1] // k.shape[1], dim=1)
    plain = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    bias = encoder.on_scores(seen)
    return plain if bias is None else plain + bias


def small_scores(name, **options):
    """Scores of an encoder where `known_scores` has them too: two heads, 3 queries, 5 keys."""
    encoder = component("positions", name, sizes(heads=2, kv_heads=2, head_width=8), **options)
    queries, keys = waves(0.7, 0.1, 2, 3, 8), waves(0.3, 0.5, 2, 5, 8)
    query_positions, key_positions = torch.tensor([[2, 3, 4]]), torch.arange(5)[None]
    return scores(encoder.double(), queries, keys, query_positions, key_positions)[0]


def known_scores(name):
    return torch.tensor(COMPONENTS["scores_small"]["scores"][name], dtype=torch.float64)
