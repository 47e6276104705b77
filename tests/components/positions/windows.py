"""What encoders that look at more than two positions must keep from window to window."""

import torch

from tests.builders import WINDOW, random_decoder, some_tokens, windowed


def assert_that_one_layer_with_a_cache_is_full_attention(positions, **parts):
    memory = {"xl": {"windows": 2}}
    model = random_decoder(positions=positions, memory=memory, layers=1, **parts)
    tokens = some_tokens()
    whole = windowed(model, tokens, tokens.shape[1])
    torch.testing.assert_close(windowed(model, tokens), whole)


def assert_that_a_row_that_is_reset_is_a_fresh_one(positions):
    memory = {"xl": {"windows": 2}}
    model = random_decoder(positions=positions, memory=memory)
    first, second, third = some_tokens().split(WINDOW, dim=1)
    rows = torch.tensor([False, True, False])
    state = model.reset(rows, model(first, model.start(3)).state)
    broken = _two(model, second, third, state)
    torch.testing.assert_close(broken[1], _two(model, second, third, model.start(3))[1])
    assert not torch.allclose(broken[0], _two(model, second, third, model.start(3))[0])


def assert_that_documents_of_a_row_stay_apart(positions, begin=8):
    """Of two documents in a row, the second begins inside the second window."""
    model = random_decoder(positions=positions, memory={"xl": {"windows": 2}})
    tokens = some_tokens(rows=1, length=2 * WINDOW)
    documents = torch.zeros_like(tokens)
    documents[:, begin:] = 1
    state, logits = model.start(1), []
    for part, own in zip(tokens.split(WINDOW, 1), documents.split(WINDOW, 1), strict=True):
        each, state, _ = model(part, state, own)
        logits.append(each)
    together = torch.cat(logits, dim=1)
    torch.testing.assert_close(together[:, :begin], windowed(model, tokens[:, :begin]))
    torch.testing.assert_close(together[:, begin:], windowed(model, tokens[:, begin:]))


def _two(model, second, third, state):
    logits, state, _ = model(second, state)
    return torch.cat([logits, model(third, state).logits], dim=1)
