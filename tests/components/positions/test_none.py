"""Without positions order comes from the mask alone."""

import torch

from components.memory import Seen, Window
from tests.builders import component, random_decoder, sizes, some_tokens, some_values, windowed
from tests.components.positions.encoded import known_scores, small_scores


def test_it_has_the_known_scores():
    torch.testing.assert_close(small_scores("none"), known_scores("none"))


def test_with_the_mask_a_permutation_of_earlier_tokens_shows():
    model, tokens = random_decoder(positions="none"), some_tokens(rows=1, length=6)
    order = torch.tensor([3, 0, 2, 1, 4, 5])
    assert not torch.allclose(windowed(model, tokens)[:, order], windowed(model, tokens[:, order]))


def test_without_the_mask_a_permutation_of_tokens_permutes_the_outputs():
    attention = component("mixer", "attention", sizes()).double()
    x, order = some_values(1, 6, 16), torch.tensor([3, 0, 5, 1, 4, 2])

    def all_visible(own: Seen) -> Seen:
        return Seen(**(vars(own) | {"visible": torch.ones_like(own.visible)}))

    def mix(x):
        encoder = component("positions", "none", sizes())
        return attention(x, Window.of(x), encoder, all_visible)[0]

    torch.testing.assert_close(mix(x[:, order]), mix(x)[:, order])
