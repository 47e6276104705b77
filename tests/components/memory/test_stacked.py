"""Memories that add tokens, one around the other, with those that act on keys."""

from itertools import permutations

import pytest
import torch

from components.causality import refuse_if_it_sees_the_future
from components.memory import Window
from pipelines.checks import unreached
from tests.builders import WINDOW, random_decoder, some_tokens, some_values, windowed

OPTIONS = {
    "xl": {"windows": 1},
    "sliding": {"size": 9},
    "pause": {"count": 2},
    "registers": {"tokens": 1},
    "rmt": {"tokens": 2},
    "sinks": {},
}
STACKINGS = [
    ("xl", "pause", "rmt"),
    ("xl", "registers", "rmt"),
    ("pause", "registers"),
    ("pause", "rmt"),
    ("registers", "sliding"),
    ("sinks", "xl", "registers"),
    ("sinks", "pause", "registers", "rmt", "xl"),
]


def chain(names, **changed):
    """The members of a chain, with these options of some."""
    return [{name: OPTIONS[name] | changed.get(name, {})} for name in names]


def stacked(*names, **changed):
    return random_decoder(memory=chain(names, **changed))


def test_tokens_stand_around_tokens_from_the_inside_out():
    model = stacked("rmt", "pause", "registers")
    marks = {"pause.tokens": 0.1, "registers.tokens": 0.2, "rmt.initial": 0.3}
    with torch.no_grad():
        for name, mark in marks.items():
            model.get_parameter(f"memory.members.{name}").fill_(mark)
    x = torch.arange(1.0, 7.0, dtype=torch.float64)[None, :, None].expand(2, 6, 16)
    window = model.memory.add_tokens(Window.of(x), model.start(2).memory)
    assert window.x[1, :, 0].tolist() == [0.3, 0.3, 0.2, 0.1, 1, 2, 0.1, 3, 4, 5, 6, 0.3, 0.3]
    assert torch.equal(window.x[:, window.read], x)
    assert window.positions.tolist() == [list(range(13))]
    assert model.memory.added == 7


@pytest.mark.parametrize("names", [("xl", "pause", "rmt"), ("sinks", "registers", "xl", "pause")])
def test_the_order_of_a_list_has_no_meaning(names):
    tokens = some_tokens()
    expected, *others = (windowed(stacked(*each), tokens) for each in permutations(names))
    assert all(torch.equal(each, expected) for each in others)


def test_beside_a_cache_none_of_any_token_is_the_cache_alone():
    tokens = some_tokens()
    none = {"pause": {"count": 0}, "registers": {"tokens": 0}, "rmt": {"tokens": 0}}
    model = stacked("xl", "pause", "registers", "rmt", **none)
    assert torch.equal(windowed(model, tokens), windowed(stacked("xl"), tokens))
    assert model.separates_documents
    assert not model.memory.one_width


@pytest.mark.parametrize("options", [{"positions": "both"}, {"positions": "absolute"}])
def test_a_cache_keeps_added_tokens_too(options):
    model = random_decoder(
        layers=1, memory=chain(("xl", "pause", "registers"), xl=options | {"windows": 2})
    )
    pause, register = (
        model.get_parameter(f"memory.members.{name}.tokens").expand(3, 1, -1)
        for name in ("pause", "registers")
    )
    tokens = some_tokens()
    parts, read, at = [], [], 0
    for part in tokens.split(WINDOW, dim=1):
        x = model.embedding(part)
        parts += [register, pause, x[:, :2], pause, x[:, 2:]]
        read += [at + place for place in (2, 3, 5, 6, 7, 8)]
        at += WINDOW + 3
    long = random_decoder(layers=1)
    expected = long.from_embeddings(torch.cat(parts, dim=1), long.start(3)).logits[:, read]
    torch.testing.assert_close(windowed(model, tokens), expected)


def test_a_cache_keeps_the_memory_tokens_of_the_last_window():
    model = stacked("xl", "pause", "rmt")
    state, lengths = model.start(3), []
    for part in some_tokens().split(WINDOW, dim=1):
        state = model(part, state).state
        lengths.append(state.memory[-1].length)
    assert lengths == [WINDOW + 6] * 3


@pytest.mark.parametrize("rule", ["both", "absolute"])
@pytest.mark.parametrize("names", STACKINGS)
def test_a_table_of_positions_has_places_for_all_of_a_context(names, rule):
    model = random_decoder(positions="learned", memory=chain(names, xl={"positions": rule}))
    assert model.embedded.size == 18 + 3 * model.memory.added
    windowed(model, some_tokens())


@pytest.mark.parametrize("options", [{}, {"places": "random", "predict_from": "last_pause"}])
@pytest.mark.parametrize("names", STACKINGS)
def test_no_token_sees_its_future_and_all_that_is_learned_learns(names, options):
    model = stacked(*names, pause=options)
    refuse_if_it_sees_the_future(model)
    assert unreached(model) == ()


@pytest.mark.parametrize("first_read", [True, False])
@pytest.mark.parametrize("names", STACKINGS)
def test_a_row_that_is_reset_is_a_fresh_one_and_the_others_do_not_notice(names, first_read):
    model = stacked(*names, rmt={"first_read": first_read})
    first, second, third = some_tokens().split(WINDOW, dim=1)
    rows = torch.tensor([False, True, False])
    state = model(first, model.start(3)).state
    unbroken, broken, fresh = (
        two(model, second, third, each)
        for each in (state, model.reset(rows, state), model.start(3))
    )
    torch.testing.assert_close(broken[1], fresh[1])
    torch.testing.assert_close(broken[~rows], unbroken[~rows])


@pytest.mark.parametrize("by_tokens", [0, 1])
@pytest.mark.parametrize("by_keys", [0, 1])
def test_a_gradient_crosses_a_window_if_one_of_them_lets_it(by_keys, by_tokens):
    model = stacked(
        "xl",
        "pause",
        "rmt",
        xl={"backpropagate_windows": by_keys},
        rmt={"backpropagate_windows": by_tokens},
    )
    first, second = (some_values(2, WINDOW, 16, seed=seed).requires_grad_() for seed in (0, 1))
    state = model.from_embeddings(first, model.start(2)).state
    logits = model.from_embeddings(second, state).logits
    (gradient,) = torch.autograd.grad(logits.sum(), first, allow_unused=True)
    crossed = gradient is not None and bool((gradient.abs().amax(-1) > 0).all())
    assert crossed is bool(by_keys or by_tokens)
    assert (gradient is None) is not crossed


def two(model, second, third, state):
    logits, state, _ = model(second, state)
    return torch.cat([logits, model(third, state).logits], dim=1)
