"""The recurrence of linear attention in chunks, against the same token by token."""

import numpy as np
import pytest
import torch

from components.recurrence import CHUNK, SMALLEST, recur
from tests.builders import some_values
from tests.known import COMPONENTS
from tests.oracles import mixers as oracle

LENGTHS = [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5]


def some(length, channels=3, values=2, decays="each"):
    """Random inputs of two rows and heads in float64 that ask for gradients, and a first state."""
    queries, keys = (some_values(2, 2, length, channels, seed=seed) for seed in (0, 1))
    faded = -some_values(2, 2, length, channels, seed=3).abs() / 4
    if decays == "head":
        faded = faded[:1, :, :1, :1].expand(-1, -1, length, -1).clone()
    given = [queries, keys, some_values(2, 2, length, values, seed=2), faded]
    start = some_values(2, 2, channels, values, seed=4)
    return [each.requires_grad_() for each in given], start.requires_grad_()


def some_documents(length):
    """In row 0 one begins with the window and one in its middle; in row 1 one at its end."""
    documents = torch.zeros(2, length, dtype=torch.int64)
    documents[0] = 1
    documents[0, length // 2 :] += 1
    documents[1, -1] = 1
    return documents


def begins_of(documents, row):
    return {t for t, own in enumerate(documents[row]) if own != (documents[row, t - 1] if t else 0)}


def token_by_token(given, documents, start):
    """The same by operations that torch knows the gradients of."""
    queries, keys, values, decays = given
    state, found = start, []
    for t in range(queries.shape[2]):
        left = decays[:, :, t, :, None].exp()
        if documents is not None:
            goes_on = documents[:, t] == (documents[:, t - 1] if t else 0)
            left = left * goes_on[:, None, None, None]
        state = left * state + keys[:, :, t, :, None] * values[:, :, t, None]
        found.append((queries[:, :, t, None] @ state)[:, :, 0])
    return torch.stack(found, dim=2), state


def test_it_has_the_known_values():
    known = COMPONENTS["linear_attention_scalar_decay0.5"]
    queries, keys, values = (
        torch.tensor(known[name], dtype=torch.float64)[None, None, :, None] for name in "qkv"
    )
    decays, start = torch.full_like(keys, 0.5).log(), torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    found, _ = recur(queries, keys, values, decays, documents=None, start=start)
    assert found.flatten().tolist() == pytest.approx(known["out_without_scale"], abs=1e-15)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("length", LENGTHS)
def test_it_has_the_values_of_the_loop(length, apart):
    given, start = some(length)
    documents = some_documents(length) if apart else None
    found, last = recur(*given, documents=documents, start=start)
    for row in range(2):
        for head in range(2):
            queries, keys, values, decays = (each[row, head].detach().numpy() for each in given)
            expected, state = oracle.recurrence(
                queries,
                keys,
                values,
                np.exp(decays),
                begins=begins_of(documents, row) if apart else (),
                start=start[row, head].detach().numpy(),
            )
            np.testing.assert_allclose(found[row, head].detach(), expected, atol=1e-12)
            np.testing.assert_allclose(last[row, head].detach(), state, atol=1e-12)


@pytest.mark.parametrize("decays", ["each", "head"])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("length", LENGTHS)
def test_it_has_the_gradients_of_the_recurrence(length, apart, decays):
    given, start = some(length, decays=decays)
    documents = some_documents(length) if apart else None
    gradients = []
    for found, last in (
        recur(*given, documents=documents, start=start),
        token_by_token(given, documents, start),
    ):
        slopes = torch.autograd.grad(
            found.sin().sum() + last.cos().sum(), [*given, start], materialize_grads=True
        )
        gradients.append(slopes)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("decay", [0.0, SMALLEST])
def test_in_float32_it_is_near_float64_at_both_ends_of_the_decays(decay):
    given, start = some(3 * CHUNK)
    exact = [each.detach() for each in given[:3]]
    exact.append(torch.full_like(given[3], decay).detach())
    expected, _ = recur(*exact, documents=None, start=start.detach())
    small = [each.float() for each in exact]
    found, _ = recur(*small, documents=None, start=start.detach().float())
    torch.testing.assert_close(found.double(), expected, atol=1e-4, rtol=1e-4)


def test_later_tokens_change_no_bit_of_earlier_ones():
    given, start = some(2 * CHUNK)
    small = [each.detach().float() for each in given]
    other = [each.clone() for each in small]
    for each in other:
        each[:, :, CHUNK + 3 :] *= 0.3
    found, changed = (
        recur(*each, documents=None, start=start.detach().float())[0] for each in (small, other)
    )
    assert torch.equal(found[:, :, : CHUNK + 3], changed[:, :, : CHUNK + 3])
    assert not torch.allclose(found[:, :, CHUNK + 3 :], changed[:, :, CHUNK + 3 :])


def test_mixed_precision_leaves_it_in_float32():
    given, start = some(CHUNK + 1)
    small, start = [each.detach().float() for each in given], start.detach().float()
    expected, _ = recur(*small, documents=None, start=start)
    with torch.autocast("cpu", torch.bfloat16):
        mixed, _ = recur(*small, documents=None, start=start)
    assert torch.equal(mixed, expected)
