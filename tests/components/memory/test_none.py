"""Isolated windows against one long window with a block-diagonal mask."""

from dataclasses import replace

import pytest
import torch
from typing_extensions import override

from components.memory import Memory, Seen
from tests.builders import WINDOW, random_decoder, some_tokens, windowed


class Blocks(Memory[None]):
    """One long window whose tokens see only those of their own block."""

    @override
    def start(self, batch, device):
        return None

    @override
    def recall(self, layer, own, state):
        blocks = torch.arange(own.keys.shape[2]) // WINDOW
        same = blocks[:, None] == blocks
        return replace(own, visible=own.visible & same)


@pytest.mark.parametrize("positions", ["rotary", "none", "alibi"])
def test_windows_are_blocks_of_one_long_window(positions):
    tokens = some_tokens()
    isolated = random_decoder(positions=positions)
    whole = random_decoder(positions=positions)
    whole.memory = Blocks(whole.sizes)
    torch.testing.assert_close(windowed(isolated, tokens), windowed(whole, tokens, window=18))


@pytest.mark.parametrize("positions", ["rotary", "none", "alibi", "learned", "sinusoidal"])
def test_one_window_as_long_as_the_context_is_full_attention(positions):
    model = random_decoder(positions=positions, window=18)
    tokens = some_tokens()
    one = model(tokens, model.start(3)).logits
    changed = torch.cat([(tokens[:, :1] + 1) % 11, tokens[:, 1:]], dim=1)
    other = model(changed, model.start(3)).logits
    assert ((one - other).abs().amax(-1) > 1e-9).all()


def test_it_says_that_nothing_is_handed_on():
    model = random_decoder()
    first, second, _ = some_tokens().split(WINDOW, dim=1)
    state = model(first, model.start(3)).state
    assert torch.equal(model(second, state).logits, model(second, model.start(3)).logits)
    assert not model.carries


def test_a_query_sees_what_came_before_and_itself():
    seen: list[Seen] = []
    model = random_decoder(layers=1)
    model.layers[0].positions.on_scores = seen.append
    windowed(model, some_tokens(length=WINDOW))
    assert torch.equal(seen[0].visible[0], torch.ones(WINDOW, WINDOW, dtype=torch.bool).tril())
