"""Tokens inside a window against lists that are put together one by one."""

import pytest
import torch

from components.causality import refuse_if_it_sees_the_future
from components.errors import UserError
from components.initialise import generator_of, initialise
from components.memory import Window
from pipelines.checks import unreached
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

PAUSES = "memory.members.pause.tokens"
PLACES = ["even", "random", "end"]


def pausing(**options):
    return component("memory", "pause", sizes(), **options).eval()


def with_pauses(encoder="rotary", **options):
    return random_decoder(memory={"pause": options}, positions=encoder)


def places(memory, length, state=None):
    """Where the pauses stand in a lengthened window, found by a mark on each."""
    with torch.no_grad():
        memory.tokens.fill_(1.0)
    state = state or memory.start(2, torch.device("cpu"))
    longer = memory.add_tokens(Window.of(torch.zeros(2, length, 16)), state)
    return longer.x[0, :, 0].nonzero()[:, 0].tolist()


def by_hand(model, pauses, stand, tokens, from_last_pause):
    """The logits of a decoder without memory that is given every window with its pauses.

    Args:
        model: without a memory.
        pauses: their embeddings, in order.
        stand: the places of the pauses in the lengthened window.
        tokens: [rows, length].
        from_last_pause: whether a pause predicts what comes behind it.
    """
    logits = []
    for part in tokens.split(WINDOW, dim=1):
        embedded, waiting = list(model.embedding(part).unbind(1)), list(pauses)
        row, predicting = [], []
        for place in range(len(embedded) + len(waiting)):
            if place in stand:
                row.append(waiting.pop(0).expand(len(part), -1))
                if from_last_pause and predicting:
                    predicting[-1] = place
            else:
                row.append(embedded.pop(0))
                predicting.append(place)
        x = torch.stack(row, dim=1)
        logits.append(model.from_embeddings(x, model.start(len(part))).logits[:, predicting])
    return torch.cat(logits, dim=1)


@pytest.mark.parametrize(
    ("count", "length", "expected"),
    [
        (8, 512, [0, 64, 128, 192, 256, 320, 384, 448]),
        (1, 6, [0]),
        (3, 6, [0, 2, 4]),
        (4, 10, [0, 2, 5, 7]),
        (6, 6, [0, 1, 2, 3, 4, 5]),
        (3, 1, [0, 1, 2]),
        (8, 4, [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_even_pauses_stand_at_equal_distances(count, length, expected):
    assert places(pausing(count=count), length) == expected


@pytest.mark.parametrize(("count", "length"), [(1, 6), (3, 6), (8, 4)])
def test_pauses_at_the_end_stand_behind_all_tokens(count, length):
    found = places(pausing(count=count, places="end"), length)
    assert found == list(range(length, length + count))


def drawing(seed=0, **options):
    """Pauses at random places that begin where the seed says, as they are trained."""
    memory = pausing(places="random", **options).train()
    memory.draw("stream", memory.stream, generator_of("memory.members.pause.stream", seed))
    return memory


def walked(memory, steps, windows, length):
    """The places in each window of each step."""
    found = []
    for _ in range(steps):
        state = memory.start(2, torch.device("cpu"))
        for _ in range(windows):
            found.append(places(memory, length, state))
            state = memory.write(None, None, (), state)
        memory.after_step()
    return found


def test_random_pauses_stand_at_0_and_elsewhere_in_every_window_and_step():
    found = walked(drawing(count=5), steps=4, windows=3, length=400)
    assert len({tuple(each) for each in found}) == 12
    assert all(each[0] == 0 and len(each) == 5 for each in found)
    assert walked(drawing(count=5), steps=4, windows=3, length=400) == found
    assert walked(drawing(seed=1, count=5), steps=4, windows=3, length=400) != found


def test_random_pauses_neither_read_nor_move_the_global_generator():
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model = decoder(memory={"pause": {"places": "random", "count": 3}}).train()
        before = torch.get_rng_state()
        found.append(windowed(model, some_tokens()))
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*found)


def test_random_pauses_go_on_where_a_checkpoint_left_them():
    memory, other = drawing(count=5), drawing(seed=7, count=5)
    walked(memory, steps=3, windows=1, length=40)
    other.load_state_dict(memory.state_dict())
    assert walked(other, 2, 2, 40) == walked(memory, 2, 2, 40)


def test_random_pauses_may_stand_before_any_token():
    memory = drawing(count=3)
    walks = walked(memory, steps=100, windows=3, length=6)
    before = [place - rank for each in walks for rank, place in enumerate(each) if rank]
    counts = torch.bincount(torch.tensor(before), minlength=6)
    assert len(counts) == 6
    assert 60 < counts.min() < counts.max() < 140


def test_where_it_is_evaluated_random_pauses_stand_still_and_draw_nothing():
    memory = pausing(count=5, places="random")
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = places(memory, 40)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert places(pausing(count=5, places="random"), 40) == one
    assert one != places(pausing(count=5), 40)


@pytest.mark.parametrize("from_last_pause", [False, True])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("where", PLACES)
def test_it_is_a_decoder_that_is_given_the_pauses(where, shared, from_last_pause):
    predict_from = "last_pause" if from_last_pause else "token"
    model = with_pauses(count=4, places=where, shared=shared, predict_from=predict_from)
    tokens, pauses = some_tokens(), model.get_parameter(PAUSES)
    assert pauses.shape == (1 if shared else 4, 16)
    stand = places(pausing(count=4, places=where), WINDOW)
    given = pauses.expand(4, -1)
    expected = by_hand(random_decoder(), given, stand, tokens, from_last_pause)
    torch.testing.assert_close(windowed(model, tokens), expected)
    mine, theirs = (
        torch.autograd.grad(logits.square().sum(), pauses)
        for logits in (windowed(model, tokens), expected)
    )
    torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("length", [1, 2, 6, 7])
@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("where", PLACES)
def test_the_tokens_that_were_put_in_come_out(where, count, length):
    memory, x = pausing(count=count, places=where), some_values(2, length, 16)
    longer = memory.add_tokens(Window.of(x), memory.start(2, x.device))
    assert longer.x.shape == (2, length + count, 16)
    assert longer.positions.tolist() == [list(range(length + count))]
    assert torch.equal(longer.x[:, longer.read], x)


@pytest.mark.parametrize("predict_from", ["token", "last_pause"])
def test_of_the_places_that_predict_those_stay_that_did(predict_from):
    memory = pausing(count=3, predict_from=predict_from)
    window = Window.of(some_values(2, WINDOW, 16))
    some = Window(window.x, window.positions, read=torch.tensor([1, 4]))
    state = memory.start(2, window.x.device)
    every = memory.add_tokens(window, state).read
    assert torch.equal(memory.add_tokens(some, state).read, every[[1, 4]])


@pytest.mark.parametrize("encoder", ["rotary", "learned"])
@pytest.mark.parametrize("where", PLACES)
def test_no_pauses_are_no_memory(where, encoder):
    tokens, none = some_tokens(), random_decoder(positions=encoder)
    ours = with_pauses(encoder, count=0, places=where)
    assert torch.equal(windowed(ours, tokens), windowed(none, tokens))
    assert ours.state_dict().keys() == none.state_dict().keys()
    assert ours.separates_documents


def test_a_pause_helps_later_tokens_alone():
    one, other = (with_pauses(count=3, shared=False) for _ in range(2))
    with torch.no_grad():
        other.get_parameter(PAUSES)[1].add_(some_values(16))  # stands in front of the second token
    tokens = some_tokens(length=WINDOW)
    moved = (windowed(one, tokens) - windowed(other, tokens)).abs().amax(dim=(0, 2)) > 1e-9
    assert moved.tolist() == [False, True, True, True, True, True]


def test_pauses_at_the_end_are_of_use_where_something_looks_at_them():
    alone, cached, last = (
        random_decoder(memory=memory)
        for memory in (
            {"pause": {"places": "end"}},
            [{"xl": {"backpropagate_windows": 1}}, {"pause": {"places": "end"}}],
            {"pause": {"places": "end", "predict_from": "last_pause"}},
        )
    )
    assert unreached(alone) == (PAUSES,)
    assert unreached(cached) == unreached(last) == ()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("predict_from", ["token", "last_pause"])
@pytest.mark.parametrize("where", ["even", "random"])
@pytest.mark.parametrize("count", [1, 3])
def test_every_pause_learns_and_no_token_sees_its_future(count, where, predict_from, shared):
    model = with_pauses(count=count, places=where, predict_from=predict_from, shared=shared)
    assert unreached(model) == ()
    refuse_if_it_sees_the_future(model)


def test_nothing_is_handed_on_and_documents_would_share_them():
    model = with_pauses(count=2)
    assert not model.carries
    assert not model.separates_documents


def test_a_table_of_positions_has_places_for_them():
    model = with_pauses("learned", count=2)
    assert model.embedded.size == CONTEXT + CONTEXT // WINDOW * 2


@pytest.mark.parametrize("spread", [0.02, 1.0])
def test_they_begin_as_spread_as_is_said(spread):
    memory = component("memory", "pause", sizes(width=500), shared=False, spread=spread)
    initialise(memory, 3, 2)
    assert memory.tokens.std().item() == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"count": -1}, "count: -1 is below 0"), ({"spread": -0.5}, "spread: -0.5 is below 0")],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("memory", "pause", sizes(), **options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/pause: {message}", next(iter(options)))
