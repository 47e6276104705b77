"""Pauses: where they stand, that targets stay where they were, and what they can help."""

import pytest
import torch

from components.errors import UserError
from components.memory import Window
from tests.builders import component, random_decoder, sizes, some_tokens, windowed

LENGTH = 6


def paused(*, training=False, length=LENGTH, **options):
    memory = component("memory", "pause", sizes(), **options).train(training)
    x = torch.arange(1.0, length + 1)[None, :, None].expand(1, length, 16)
    return memory.add_tokens(Window.of(x), memory.start(1, torch.device("cpu")))


def letters(window):
    """The window as numbers of its tokens, 0 for a pause."""
    return [round(each) for each in window.x[0, :, 0].tolist()]


def test_even_places_are_counted_in_the_longer_window():
    assert letters(paused(count=2)) == [0, 1, 2, 0, 3, 4, 5, 6]


def test_at_the_end_they_follow_all_tokens():
    assert letters(paused(count=2, places="end")) == [1, 2, 3, 4, 5, 6, 0, 0]


@pytest.mark.parametrize("places", ["even", "random", "end"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_what_is_read_are_the_tokens_in_their_order(count, places):
    window = paused(count=count, places=places)
    assert [letters(window)[place] for place in window.read.tolist()] == [1, 2, 3, 4, 5, 6]
    assert window.positions.tolist() == [list(range(LENGTH + count))]


def test_the_last_pause_behind_a_token_predicts_in_its_place():
    window = paused(count=2, predict_from="last_pause", places="end")
    assert window.read.tolist() == [0, 1, 2, 3, 4, 7]


def test_random_places_are_drawn_anew_in_training_and_are_the_same_in_an_evaluation():
    torch.manual_seed(0)
    drawn = {tuple(letters(paused(training=True, count=3, places="random"))) for _ in range(8)}
    assert len(drawn) > 1
    still = {tuple(letters(paused(count=3, places="random"))) for _ in range(8)}
    assert len(still) == 1


def test_none_of_them_is_no_memory():
    tokens = some_tokens()
    none = random_decoder(memory={"pause": {"count": 0}})
    torch.testing.assert_close(windowed(none, tokens), windowed(random_decoder(), tokens))


@pytest.mark.parametrize("options", [{"count": -1}, {"spread": -1.0}])
def test_options_without_a_meaning_are_refused(options):
    with pytest.raises(UserError, match=f"{next(iter(options))}: .* is below 0"):
        component("memory", "pause", sizes(), **options)
