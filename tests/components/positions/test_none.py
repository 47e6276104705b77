"""Without positions order comes from the mask alone."""

from dataclasses import replace

import torch
from typing_extensions import override

from components.memory import Recall, Window
from components.memory.none import NoMemory
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

    class AllVisible(NoMemory):
        @override
        def recall(self, layer, own, state):
            return replace(own, visible=torch.ones_like(own.visible))

    def mix(x):
        encoder = component("positions", "none", sizes())
        recall = Recall(AllVisible(sizes()), 0, None)
        return attention(x, Window.of(x), encoder, recall, None).x

    torch.testing.assert_close(mix(x[:, order]), mix(x)[:, order])
