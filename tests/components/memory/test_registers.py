"""Registers against a window whose first embeddings are the registers."""

import pytest
import torch

from components.errors import UserError
from tests.builders import WINDOW, component, decoder, random_decoder, sizes, some_tokens, windowed


@pytest.mark.parametrize("positions", ["rotary", "none", "alibi"])
def test_they_are_tokens_in_front_of_every_window(positions):
    tokens = some_tokens()
    model = random_decoder(memory={"registers": {"tokens": 3}}, positions=positions)
    plain = random_decoder(positions=positions)
    own = dict(model.named_parameters())
    plain.load_state_dict({name: own[name] for name, _ in plain.named_parameters()})
    (front,) = [each for name, each in own.items() if name.startswith("memory.")]
    for part in tokens.split(WINDOW, dim=1):
        x = torch.cat([front.expand(3, -1, -1), plain.embedding(part)], dim=1)
        expected = plain.from_embeddings(x, plain.start(3)).logits[:, 3:]
        torch.testing.assert_close(model(part, model.start(3)).logits, expected)


def test_none_of_them_is_no_memory():
    tokens = some_tokens()
    none = random_decoder(memory={"registers": {"tokens": 0}})
    torch.testing.assert_close(windowed(none, tokens), windowed(random_decoder(), tokens))


def test_positions_have_room_for_them():
    model = decoder(memory={"registers": {"tokens": 3}}, positions="learned")
    assert model.embedded.size == 18 + 3 * 3
    windowed(model, some_tokens())


def test_less_than_none_is_refused():
    with pytest.raises(UserError, match="tokens: -1 is below 0"):
        component("memory", "registers", sizes(), tokens=-1)
