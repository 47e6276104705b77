"""A memory of tokens against a loop over windows that are put together by hand."""

from itertools import product

import pytest
import torch
from torch import nn

from components.errors import UserError
from components.initialise import initialise
from pipelines.checks import unreached
from tests.builders import (
    CONTEXT,
    WINDOW,
    component,
    random_decoder,
    reached_windows,
    sizes,
    some_tokens,
    some_values,
    windowed,
)

NAME = "memory.members.rmt"
FAR = {"backpropagate_windows": 9}
COMBINATIONS = [
    {"read": read, "write": write, "write_from": source, "normalise": normalise}
    for read, write, source, normalise in product(
        (True, False), (True, False), ("memory", "learned", "read"), (False, True)
    )
    if read or write
]


def with_memory(encoder="rotary", **options):
    return random_decoder(memory={"rmt": {"tokens": 2, **options}}, positions=encoder)


def learned_in(model):
    """The tokens of a memory that are learned, by name."""
    start = f"{NAME}."
    return {
        name.removeprefix(start): each
        for name, each in model.named_parameters()
        if name.startswith(start)
    }


def by_hand(model, initial, writing, tokens, options):
    """The logits of a decoder without memory that is given each window with what was handed on.

    Args:
        model: without a memory.
        initial: the memory of the first window, [tokens, width].
        writing: what stands behind the windows in place of the memory; or None.
        tokens: [rows, length].
        options: of the memory.
    """
    head, model.head = model.head, nn.Identity()
    count = len(initial)
    memory = initial.expand(len(tokens), -1, -1)
    logits = []
    for part in tokens.split(WINDOW, dim=1):
        x = model.embedding(part)
        if options["write"]:
            behind = memory if writing is None else writing.expand(len(tokens), -1, -1)
            x = torch.cat([x, behind], dim=1)
        if options["read"]:
            x = torch.cat([memory, x], dim=1)
        stream = model.from_embeddings(x, model.start(len(tokens))).logits
        begin = count if options["read"] else 0
        logits.append(head(stream[:, begin : begin + WINDOW]))
        if options["write_from"] == "read":
            handed = stream[:, :count] if options["read"] else None
        else:
            handed = stream[:, begin + WINDOW :] if options["write"] else None
        if handed is not None:
            squares = handed.square().mean(dim=-1, keepdim=True)
            memory = handed / (squares + 1e-6).sqrt() if options["normalise"] else handed
    return torch.cat(logits, dim=1)


@pytest.mark.parametrize("options", COMBINATIONS)
def test_it_is_a_decoder_that_is_given_what_was_handed_on(options):
    model, tokens = with_memory(**FAR, **options), some_tokens()
    learned = learned_in(model)
    writing = learned.get("writing")
    initial = learned.get("initial", torch.zeros(2, 16, dtype=torch.float64))
    expected = by_hand(random_decoder(), initial, writing, tokens, options)
    ours = windowed(model, tokens)
    torch.testing.assert_close(ours, expected)
    inputs = list(learned.values())
    mine, theirs = (
        torch.autograd.grad(logits.square().sum(), inputs, allow_unused=True)
        for logits in (ours, expected)
    )
    torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("encoder", ["none", "alibi", "sinusoidal"])
def test_under_every_encoder_all_tokens_are_numbered_from_0(encoder):
    model, tokens = with_memory(encoder), some_tokens()
    plain = {"read": True, "write": True, "write_from": "memory", "normalise": False}
    initial = learned_in(model)["initial"]
    expected = by_hand(random_decoder(positions=encoder), initial, None, tokens, plain)
    torch.testing.assert_close(windowed(model, tokens), expected)


@pytest.mark.parametrize("encoder", ["rotary", "learned"])
@pytest.mark.parametrize("options", [{"tokens": 0}, {"read": False, "write": False}])
def test_no_tokens_are_no_memory(options, encoder):
    tokens, none = some_tokens(), random_decoder(positions=encoder)
    ours = with_memory(encoder, **options)
    assert torch.equal(windowed(ours, tokens), windowed(none, tokens))
    assert ours.state_dict().keys() == none.state_dict().keys()
    assert not ours.carries
    assert not ours.memory.one_width
    assert ours.separates_documents


def test_without_writing_it_is_registers():
    tokens = some_tokens()
    ours = with_memory(write=False)
    registers = random_decoder(memory={"registers": {"tokens": 2}})
    with torch.no_grad():
        registers.get_parameter("memory.members.registers.tokens").copy_(
            learned_in(ours)["initial"]
        )
    assert torch.equal(windowed(ours, tokens), windowed(registers, tokens))
    assert not ours.carries


@pytest.mark.parametrize("options", COMBINATIONS)
def test_it_learns_the_tokens_that_something_looks_at(options):
    sees_the_window = options["write"] and options["write_from"] != "read"
    expected = set()
    if options["read"]:
        expected.add("initial")
    if options["read"] and options["write"] and options["write_from"] == "learned":
        expected.add("writing")
    model = with_memory(**options)
    assert model.carries is (
        options["read"] and (sees_the_window or options["write_from"] == "read")
    )
    missed = {name.removeprefix(f"{NAME}.") for name in unreached(model)}
    assert set(learned_in(model)) - missed == expected


@pytest.mark.parametrize("place", range(WINDOW))
def test_the_memory_of_a_window_sees_all_of_it(place):
    model, tokens = with_memory(), some_tokens(rows=1, length=WINDOW)
    other = tokens.clone()
    other[:, place] = (other[:, place] + 1) % 11
    one, changed = (model(each, model.start(1)).state.memory[0].tokens for each in (tokens, other))
    assert ((one - changed).abs().amax(-1) > 1e-9).all()


def test_what_is_handed_on_from_the_front_knows_no_token_of_the_window():
    model = with_memory(write_from="read")
    first, second, _ = some_tokens().split(WINDOW, dim=1)
    one, other = (model(each, model.start(3)).state.memory[0].tokens for each in (first, second))
    assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("crossed", "expected"),
    [
        (0, [False, False, False]),
        (1, [True, False, True]),
        (2, [True, True, False]),
        (3, [True, True, True]),
    ],
)
def test_a_gradient_crosses_as_many_windows_as_it_may(crossed, expected):
    model = with_memory(backpropagate_windows=crossed)
    assert reached_windows(model) == (expected, expected)


def test_gradients_of_windows_that_are_cut_apart_go_back_one_by_one():
    together, apart = (with_memory(backpropagate_windows=0) for _ in range(2))
    windowed(together, some_tokens()).square().sum().backward()
    state = apart.start(3)
    for part in some_tokens().split(WINDOW, dim=1):
        logits, state, _ = apart(part, state)
        logits.square().sum().backward()
        state = apart.reset(torch.tensor([False, False, False]), state)
    for one, other in zip(together.parameters(), apart.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("write_from", ["memory", "learned", "read"])
def test_a_reset_row_holds_what_it_began_with(write_from):
    model = with_memory(write_from=write_from)
    state = model(some_tokens(length=WINDOW), model.start(3)).state
    reset = model.reset(torch.tensor([False, True, False]), state).memory[0].tokens
    assert torch.equal(reset[1], learned_in(model)["initial"])
    assert torch.equal(reset[[0, 2]], state.memory[0].tokens[[0, 2]])


@pytest.mark.parametrize("write_from", ["memory", "learned", "read"])
def test_in_a_first_window_the_memory_may_be_kept_from_the_tokens(write_from):
    tokens = some_tokens()
    model = with_memory(first_read=False, write_from=write_from)
    logits = windowed(model, tokens)
    blind = windowed(random_decoder(), tokens)
    torch.testing.assert_close(logits[:, :WINDOW], blind[:, :WINDOW])
    moved = (logits - blind).abs().amax(-1)[:, WINDOW:]
    assert (moved > 1e-9).all()


def test_a_first_window_without_a_memory_hands_on_what_behind_it_saw_its_tokens_alone():
    model, unread = with_memory(first_read=False), with_memory(read=False)
    with torch.no_grad():
        learned_in(unread)["initial"].copy_(learned_in(model)["initial"])
    tokens = some_tokens(length=WINDOW)
    one, other = (each(tokens, each.start(3)).state.memory[0].tokens for each in (model, unread))
    torch.testing.assert_close(one, other)


def test_tokens_that_are_kept_from_the_others_see_one_another():
    tokens = some_tokens(length=WINDOW)
    one, other = (
        model(tokens, model.start(3)).state.memory[0].tokens
        for model in (with_memory(write_from="read", first_read=each) for each in (True, False))
    )
    torch.testing.assert_close(one, other)


def test_a_row_that_was_reset_reads_nothing_in_its_next_window_alone():
    model = with_memory(first_read=False)
    first, second, third = some_tokens().split(WINDOW, dim=1)
    state = model.reset(torch.tensor([False, True, False]), model(first, model.start(3)).state)
    logits, state, _ = model(second, state)
    alone = random_decoder()
    blind = alone(second, alone.start(3)).logits
    assert torch.allclose(logits[1], blind[1])
    assert not torch.allclose(logits[0], blind[0])
    assert not state.memory[0].first.any()
    seen = model(third, state).logits
    assert not torch.allclose(seen[1], alone(third, alone.start(3)).logits[1])


@pytest.mark.parametrize("write_from", ["memory", "learned", "read"])
def test_a_memory_that_is_not_read_at_first_learns_all_that_it_has(write_from):
    assert unreached(with_memory(first_read=False, write_from=write_from)) == ()


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("read", [True, False])
def test_every_window_is_longer_by_as_many_tokens(read, write):
    memory = component("memory", "rmt", sizes(), tokens=3, read=read, write=write)
    assert memory.added == 3 * (read + write)


def test_a_table_of_positions_has_places_for_all():
    model = with_memory("learned")
    assert model.embedded.size == CONTEXT + CONTEXT // WINDOW * 4


def test_a_stream_that_grows_does_not_fit_unless_nothing_is_handed_on():
    settings = {"fan_out": 4, "mlp": "none"}
    with pytest.raises(UserError, match=r"which model\.fan_out makes wider"):
        random_decoder(memory={"rmt": {"tokens": 2}}, **settings)
    random_decoder(memory={"rmt": {"tokens": 2, "write": False}}, **settings)


@pytest.mark.parametrize("spread", [0.02, 1.0])
def test_what_is_learned_begins_as_spread_as_is_said(spread):
    memory = component("memory", "rmt", sizes(width=500), write_from="learned", spread=spread)
    initialise(memory, 3, 2)
    assert not torch.equal(memory.initial, memory.writing)
    for learned in memory.parameters():
        assert learned.std().item() == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_handed_on_has_the_precision_of_the_model(dtype):
    model = with_memory(normalise=True).to(dtype)
    state = model(some_tokens(length=WINDOW), model.start(3)).state
    assert state.memory[0].tokens.dtype == dtype
    reset = model.reset(torch.tensor([True, False, False]), state)
    assert reset.memory[0].tokens.dtype == dtype


def test_normed_tokens_have_a_mean_square_of_1():
    model = with_memory(normalise=True)
    handed = model(some_tokens(length=WINDOW), model.start(3)).state.memory[0].tokens
    torch.testing.assert_close(
        handed.square().mean(-1), torch.ones(3, 2).double(), rtol=1e-4, atol=0
    )


def test_the_counter_of_windows_stays_small():
    model = with_memory(backpropagate_windows=2)
    state, found = model.start(3), []
    for part in some_tokens(length=5 * WINDOW).split(WINDOW, dim=1):
        state = model(part, state).state
        found.append(state.memory[0].crossed)
    assert found == [1, 2, 0, 1, 2]


def test_a_changed_memory_changes_the_first_token_behind_it():
    model = with_memory()
    tokens = some_tokens(length=WINDOW)
    state = model(tokens, model.start(3)).state
    (handed,) = state.memory
    other = type(handed)(handed.tokens + some_values(3, 2, 16), handed.first, handed.crossed)
    moved = model(tokens, type(state)((other,), state.layers)).logits - model(tokens, state).logits
    assert (moved.abs().amax(-1) > 1e-9).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": -1}, "tokens: -1 is below 0"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
        ({"spread": -0.5}, "spread: -0.5 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("memory", "rmt", sizes(), **options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/rmt: {message}", next(iter(options)))
