"""The chain of memories, with members that leave their mark."""

import pytest
import torch
from typing_extensions import override

from components.errors import UserError
from components.memory import Chain, Memory, Window
from tests.builders import random_decoder, sizes, some_tokens, windowed


class Marked(Memory[str]):
    """Appends its letter to whatever passes."""

    def __init__(self, letter, *, carries=False):
        super().__init__(sizes())
        self.letter, self.carries = letter, carries

    @override
    def start(self, batch, device):
        return self.letter * batch

    @override
    def add_tokens(self, window, state):
        return Window(window.x, window.positions * 10 + ord(self.letter) - ord("a"), window.read)

    @override
    def write(self, window, x, seen, state):
        return state + self.letter

    @override
    def reset(self, rows, state):
        return state.upper()


def chain():
    return Chain(sizes(), {letter: Marked(letter) for letter in "bc"})


def test_every_member_has_a_state_of_its_own():
    assert chain().start(2, torch.device("cpu")) == ("bb", "cc")


def test_members_act_from_the_inside_out():
    window = Window.of(torch.zeros(1, 1, 16))
    assert chain().add_tokens(window, ("", "")).positions.tolist() == [[12]]


def test_members_write_and_reset_their_own_state():
    memory = chain()
    assert memory.write(Window.of(torch.zeros(1, 1, 16)), torch.zeros(1), [], ("x", "y")) == (
        "xb",
        "yc",
    )
    assert memory.reset(torch.ones(1), ("x", "y")) == ("X", "Y")


@pytest.mark.parametrize("members", [(), (False,), (True,), (False, True), (False, False)])
def test_a_chain_carries_if_a_member_does(members):
    made = Chain(sizes(), {str(i): Marked("a", carries=each) for i, each in enumerate(members)})
    assert made.carries is any(members)


def test_no_memory_in_a_chain_changes_nothing():
    tokens = some_tokens()
    both = windowed(random_decoder(memory=["xl", "none"]), tokens)
    assert torch.equal(both, windowed(random_decoder(memory="xl"), tokens))


def test_a_memory_without_a_start_says_so():
    with pytest.raises(NotImplementedError):
        Memory(sizes()).start(1, torch.device("cpu"))


def test_an_unknown_memory_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="did you mean none"):
        random_decoder(memory="non")
