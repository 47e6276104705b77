"""The recurrence of linear attention, a chunk of tokens at once, by matrix products.

Within a chunk a decay between two tokens is the quotient of two products of decays. That loses
nothing as long as no product gets too small, which `SMALLEST` sees to. No token is computed from
one behind it, not even by a scale that would cancel out: rounding would give it away.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from components.precision import as_they_are

CHUNK = 16
"""Tokens that are computed at once."""

SMALLEST = -4.0
"""The least logarithm of a decay: of a chunk's, e^-64, float32 can still hold the inverse."""


@dataclass(frozen=True)
class Apart:
    """Which documents tokens belong to, where those of a row are kept apart; all of them masks.

    Fields:
        pairs: [batch or 1, 1, chunks, CHUNK, CHUNK]; which tokens of its chunk each token sees.
        begun: [.., CHUNK, 1]; tokens of documents that began before their chunk.
        ends: [.., CHUNK, 1]; tokens of the document that goes on behind their chunk.
        through: [.., 1, 1]; chunks in which no document begins.
    """

    pairs: Tensor
    begun: Tensor
    ends: Tensor
    through: Tensor


def recur(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    decays: Tensor,
    *,
    documents: Tensor | None,
    start: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return o_t = q_t S_t, where S_t = diag(exp(decays_t)) S_(t-1) + k_t v_t^T, and the last S.

    Args:
        queries: [batch, heads, length, channels]; all are of its dtype.
        keys: of the same shape.
        values: [batch, heads, length, channels of values].
        decays: [batch or 1, heads, length, channels or 1], logarithms in SMALLEST .. 0.
        documents: as in `Window`; the first token of each finds S = 0.
        start: [batch, heads, channels, channels of values], S before the first token.
    """
    length = queries.shape[2]
    with as_they_are(queries.device):
        queries, keys, values, decays = map(_in_chunks, (queries, keys, values, decays))
        apart = _apart(documents, queries)
        passed = decays.cumsum(dim=-2)
        total = passed[..., -1:, :]
        queries = queries * passed.exp()
        scores = (queries @ (keys * (-passed).exp()).mT).masked_fill(~apart.pairs, 0.0)
        left = (keys * (total - passed).exp()).masked_fill(~apart.ends, 0.0)
        fade = total.exp().masked_fill(~apart.through, 0.0).mT
        before, last = _over_chunks(fade, left.mT @ values, start)
        found = scores @ values + queries.masked_fill(~apart.begun, 0.0) @ before
    return found.flatten(2, 3)[:, :, :length], last


def _in_chunks(x: Tensor) -> Tensor:
    """[batch, heads, length, any] -> [batch, heads, chunks, CHUNK, any], with zeros at the end."""
    chunks: Tensor = pad(x, (0, 0, 0, -x.shape[2] % CHUNK)).unflatten(2, (-1, CHUNK))
    return chunks


def _over_chunks(fade: Tensor, added: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return S before each chunk, and behind the last.

    Args:
        fade: [batch or 1, heads, chunks, channels or 1, 1], what a chunk leaves of S.
        added: [batch, heads, chunks, channels, channels of values], what it adds to that.
        start: the same, but for the chunks.
    """
    states = [start]
    for left, more in zip(fade.unbind(2), added.unbind(2), strict=True):
        states.append(left * states[-1] + more)
    return torch.stack(states[:-1], dim=2), states[-1]


def _apart(documents: Tensor | None, like: Tensor) -> Apart:
    pairs = torch.ones(CHUNK, CHUNK, dtype=torch.bool, device=like.device).tril()
    if documents is None:
        all_of_them = pairs.new_ones(1, 1)
        return Apart(pairs, all_of_them, all_of_them, all_of_them)
    chunks = math.ceil(documents.shape[1] / CHUNK) * CHUNK
    last = documents[:, -1:].expand(-1, chunks - documents.shape[1])
    of = torch.cat([documents, last], dim=1).unflatten(1, (-1, CHUNK))[:, None, :, :, None]
    behind = of[..., -1:, :]
    before = pad(behind, (0, 0, 0, 0, 1, 0))[:, :, :-1]
    return Apart(pairs & (of == of.mT), of == before, of == behind, behind == before)
