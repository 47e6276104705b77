"""Tokens in front of a window against a decoder that is given them by hand."""

import pytest
import torch

from components.errors import UserError
from components.initialise import initialise
from components.memory import Window
from components.memory.registers import surrounded
from tests.builders import (
    CONTEXT,
    WINDOW,
    component,
    decoder,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)

REGISTERS = "memory.members.registers.tokens"


def with_registers(count, **settings):
    return random_decoder(memory={"registers": {"tokens": count}}, **settings)


def by_hand(model, registers, tokens):
    """The logits of a decoder without memory whose every window begins with these embeddings."""
    logits = []
    for part in tokens.split(WINDOW, dim=1):
        front = torch.stack([registers] * len(part))
        x = torch.cat([front, model.embedding(part)], dim=1)
        logits.append(model.from_embeddings(x, model.start(len(part))).logits[:, len(registers) :])
    return torch.cat(logits, dim=1)


@pytest.mark.parametrize("positions", ["rotary", "none", "alibi", "sinusoidal"])
@pytest.mark.parametrize("count", [1, 3])
def test_it_is_a_decoder_whose_windows_begin_with_these_tokens(count, positions):
    model, tokens = with_registers(count, positions=positions), some_tokens()
    registers = model.get_parameter(REGISTERS)
    expected = by_hand(random_decoder(positions=positions), registers, tokens)
    torch.testing.assert_close(windowed(model, tokens), expected)
    mine, theirs = (
        torch.autograd.grad(logits.square().sum(), registers)
        for logits in (windowed(model, tokens), expected)
    )
    torch.testing.assert_close(mine, theirs)
    assert mine[0].abs().min() > 0


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_no_registers_are_no_memory(positions):
    tokens, none = some_tokens(), random_decoder(positions=positions)
    ours = with_registers(0, positions=positions)
    assert torch.equal(windowed(ours, tokens), windowed(none, tokens))
    assert ours.state_dict().keys() == none.state_dict().keys()
    assert ours.separates_documents


def test_every_token_of_a_window_sees_them():
    one, other = (with_registers(1) for _ in range(2))
    with torch.no_grad():
        other.get_parameter(REGISTERS).add_(some_values(1, 16))
    tokens = some_tokens()
    moved = (windowed(one, tokens) - windowed(other, tokens)).abs().amax(-1)
    assert (moved > 1e-9).all()


def test_nothing_is_handed_on_and_documents_would_share_them():
    model = with_registers(2)
    assert not model.carries
    assert not model.separates_documents


def test_a_table_of_positions_has_places_for_them():
    model = with_registers(2, positions="learned")
    assert model.embedded.size == CONTEXT + CONTEXT // WINDOW * 2


@pytest.mark.parametrize("spread", [0.0, 0.02, 1.0])
def test_they_begin_as_spread_as_is_said(spread):
    memory = component("memory", "registers", sizes(width=500), tokens=40, spread=spread)
    initialise(memory, 3, 2)
    assert memory.tokens.std().item() == pytest.approx(spread, rel=0.05)


def test_by_default_they_begin_like_embeddings():
    model = decoder(memory={"registers": {"tokens": 11}}, width=500)
    other = decoder(memory={"registers": {"tokens": 11}}, width=500, seed=1)
    registers = model.get_parameter(REGISTERS)
    assert registers.std().item() == pytest.approx(model.embedding.weight.std().item(), rel=0.05)
    assert not torch.equal(registers, other.get_parameter(REGISTERS))


@pytest.mark.parametrize("behind", [0, 2])
def test_tokens_put_around_leave_the_reading_places_at_their_tokens(behind):
    x = some_values(2, 5, 16)
    window = Window(x, torch.arange(7, 12)[None], read=torch.tensor([0, 3]))
    after = some_values(2, behind, 16) if behind else None
    longer = surrounded(window, some_values(1, 3, 16), after)
    assert longer.x.shape == (2, 3 + 5 + behind, 16)
    assert longer.positions.tolist() == [list(range(8 + behind))]
    assert torch.equal(longer.x[:, longer.read], x[:, [0, 3]])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"tokens": -1}, "tokens: -1 is below 0"), ({"spread": -0.5}, "spread: -0.5 is below 0")],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("memory", "registers", sizes(), **options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/registers: {message}", next(iter(options)))
