"""The cache of windows against one long window, known positions, and itself."""

from typing import get_args

import pytest
import torch

from components.catalogue import read_catalogue
from components.errors import UserError
from components.memory import Seen, Window
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
from tests.known import COMPONENTS

OPTIONS = {option.name: option for option in read_catalogue().entry("memory", "xl").options}
RULES = get_args(OPTIONS["positions"].annotation)
OF_DISTANCES = ["rotary", "none", "alibi", "linspace"]


def remembering(encoder="rotary", depth=2, **options):
    """A decoder of `depth` layers with that position encoder and an xl of these options."""
    return random_decoder(positions=encoder, layers=depth, memory={"xl": options})


def own_keys(memory, state, length=3, seed=0):
    """What a layer would hand to the memory, in a window that the memory has numbered."""
    x = torch.zeros(1, length, 16, dtype=torch.float64)
    window = memory.add_tokens(Window.of(x), state)
    keys = some_values(1, 4, length, 4, seed=seed)
    causal = torch.ones(1, length, length, dtype=torch.bool).tril()
    return Seen(keys, keys, keys, window.positions, window.positions, causal)


def after(gone, **options):
    """What the query of the window after `gone` windows of 3 tokens sees."""
    memory = component("memory", "xl", sizes(), **options)
    state = memory.start(1, torch.device("cpu"))
    for index in range(gone):
        own = own_keys(memory, state, seed=index)
        state = memory.write(Window.of(torch.zeros(1, 3, 16)), torch.zeros(1, 3, 16), [own], state)
    return memory.recall(0, own_keys(memory, state, seed=gone), state)


@pytest.mark.parametrize(
    ("key", "windows", "options"),
    [
        ("both", 2, {"positions": "both"}),
        ("absolute", 2, {"positions": "absolute"}),
        ("based_100", 2, {"positions": "based", "base": 100}),
        ("query_zero", 2, {"positions": "query_zero"}),
        ("query", 2, {"positions": "query"}),
        ("neither", 2, {"positions": "neither"}),
        ("flip_flop_10_even_window", 2, {"positions": "flip_flop", "step": 10}),
        ("flip_flop_10_odd_window", 1, {"positions": "flip_flop", "step": 10}),
    ],
)
def test_every_rule_has_the_known_positions(key, windows, options):
    known, seen = COMPONENTS["xl_positions_n3_m3_window_index2"], after(windows, **options)
    assert seen.query_positions.tolist() == [known[key]["query"]]
    assert seen.key_positions.tolist() == [known[key]["key"]]
    assert seen.visible.int().tolist() == [known["visible"]]


@pytest.mark.parametrize(
    ("rule", "queries", "keys"),
    [
        ("both", [6, 7, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("absolute", [9, 10, 11], [3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("based", [50, 51, 52], [44, 45, 46, 47, 48, 49, 50, 51, 52]),
        ("query_zero", [0, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("query", [6, 7, 8], [0, 1, 2, 3, 4, 5, 0, 1, 2]),
        ("neither", [0, 1, 2], [0, 1, 2, 3, 4, 5, 0, 1, 2]),
        ("flip_flop", [70, 71, 72], [0, 1, 2, 3, 4, 5, 70, 71, 72]),
    ],
)
def test_two_remembered_windows_are_numbered_as_one_span(rule, queries, keys):
    seen = after(3, windows=2, positions=rule, base=50, step=70)
    assert seen.query_positions.tolist() == [queries]
    assert seen.key_positions.tolist() == [keys]


def test_the_keys_are_those_of_the_last_windows_as_they_were():
    seen = after(3, windows=2)
    expected = [some_values(1, 4, 3, 4, seed=window) for window in (1, 2, 3)]
    assert torch.equal(seen.keys, torch.cat(expected, dim=2))
    assert torch.equal(seen.values, seen.keys)


@pytest.mark.parametrize("windows", [0, 1, 2, 3])
def test_every_query_sees_itself_and_all_that_is_remembered(windows):
    seen = after(windows, windows=2)
    remembered = 3 * min(windows, 2)
    expected = torch.ones(3, remembered + 3, dtype=torch.bool).tril(remembered)
    assert torch.equal(seen.visible[0], expected)


@pytest.mark.parametrize("positions", ["rotary", "none", "alibi"])
def test_one_layer_that_remembers_everything_is_one_long_window(positions):
    tokens = some_tokens()
    long = random_decoder(positions=positions, layers=1, window=18)
    cached = remembering(positions, depth=1, windows=2)
    torch.testing.assert_close(windowed(cached, tokens), windowed(long, tokens))


def test_one_layer_that_remembers_everything_has_the_gradients_of_one_long_window():
    tokens = some_tokens()
    models = [
        random_decoder(layers=1, window=18),
        remembering(depth=1, windows=2, backpropagate_windows=2),
    ]
    for model in models:
        windowed(model, tokens).square().sum().backward()
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("positions", ["rotary", "none", "learned"])
def test_no_remembered_window_is_no_memory(positions):
    tokens = some_tokens()
    without = windowed(random_decoder(positions=positions), tokens)
    forgetful = remembering(positions, windows=0)
    assert torch.equal(windowed(forgetful, tokens), without)
    assert not forgetful.carries


@pytest.mark.parametrize("rule", ["absolute", "based"])
@pytest.mark.parametrize("positions", OF_DISTANCES)
def test_for_encoders_of_distances_these_rules_are_both(positions, rule):
    tokens = some_tokens()
    expected = windowed(remembering(positions, windows=1), tokens)
    ours = windowed(remembering(positions, windows=1, positions=rule), tokens)
    torch.testing.assert_close(ours, expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("rule", ["query_zero", "query", "neither", "flip_flop"])
def test_under_rotary_the_other_rules_are_not_both(rule):
    tokens = some_tokens()
    expected = windowed(remembering(windows=1), tokens)
    ours = windowed(remembering(windows=1, positions=rule), tokens)
    assert torch.allclose(ours[:, :WINDOW], expected[:, :WINDOW])
    assert (ours - expected)[:, WINDOW:].abs().max() > 0.01


@pytest.mark.parametrize("rule", RULES)
def test_without_positions_all_rules_are_one(rule):
    tokens = some_tokens()
    expected = windowed(remembering("none", windows=1), tokens)
    assert torch.equal(windowed(remembering("none", windows=1, positions=rule), tokens), expected)


def test_for_learned_positions_absolute_is_not_both():
    tokens = some_tokens()
    both, absolute = (
        windowed(remembering("learned", windows=1, positions=rule), tokens)
        for rule in ("both", "absolute")
    )
    torch.testing.assert_close(both[:, : 2 * WINDOW], absolute[:, : 2 * WINDOW])
    assert not torch.allclose(both[:, 2 * WINDOW :], absolute[:, 2 * WINDOW :])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_each_layer_looks_one_window_farther_back(layers):
    model = remembering(depth=layers, windows=1)
    tokens = some_tokens(rows=1, length=5 * WINDOW)
    other = tokens.clone()
    other[:, :WINDOW] = (other[:, :WINDOW] + 1) % 11
    moved = (windowed(model, tokens) - windowed(model, other)).abs().amax(-1)[0] > 1e-12
    reached = [bool(window.any()) for window in moved.split(WINDOW)]
    assert reached == [window <= layers for window in range(5)]


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
    model = remembering(windows=1, backpropagate_windows=crossed)
    assert reached_windows(model) == (expected, expected)


def test_nothing_that_is_kept_for_the_next_window_holds_a_graph():
    model = remembering(windows=2)
    tokens = some_tokens().split(WINDOW, dim=1)
    state = model(tokens[1], model(tokens[0], model.start(3)).state).state
    kept = [part for layer in state.memory[0].layers for part in (layer.keys, layer.values)]
    assert not any(part.requires_grad for part in kept)


def test_below_shows_a_layer_the_keys_of_the_layer_below():
    memory = component("memory", "xl", sizes(), cache="below")
    state = memory.start(1, torch.device("cpu"))
    each = [own_keys(memory, state, seed=seed) for seed in (5, 6)]
    state = memory.write(Window.of(torch.zeros(1, 3, 16)), torch.zeros(1, 3, 16), each, state)
    own = own_keys(memory, state, seed=7)
    assert memory.recall(0, own, state) is own
    expected = torch.cat([each[0].keys, own.keys], dim=2)
    assert torch.equal(memory.recall(1, own, state).keys, expected)


def test_layers_without_a_cache_see_their_own_window():
    memory = component("memory", "xl", sizes(layers=3), layers=(True, False))
    state = memory.start(1, torch.device("cpu"))
    own = own_keys(memory, state)
    window = Window.of(torch.zeros(1, 3, 16))
    state = memory.write(window, torch.zeros(1, 3, 16), [own] * 3, state)
    lengths = [memory.recall(layer, own, state).keys.shape[2] for layer in range(3)]
    assert lengths == [6, 3, 6]


def test_no_layer_with_a_cache_is_no_memory():
    tokens = some_tokens()
    ours = windowed(remembering(layers=(False,)), tokens)
    torch.testing.assert_close(ours, windowed(random_decoder(), tokens))


@pytest.mark.parametrize("gone", [1, 2])
@pytest.mark.parametrize("windows", [1, 2])
@pytest.mark.parametrize("rule", RULES)
def test_under_every_rule_a_reset_row_goes_on_as_a_fresh_one(rule, windows, gone):
    model = remembering(windows=windows, positions=rule)
    parts = some_tokens(length=5 * WINDOW).split(WINDOW, dim=1)
    rows = torch.tensor([False, True, False])
    state, fresh = model.start(3), model.start(3)
    for part in parts[:gone]:
        state = model(part, state).state
    state = model.reset(rows, state)
    for part in parts[gone:]:
        logits, state, _ = model(part, state)
        expected, fresh, _ = model(part, fresh)
        torch.testing.assert_close(logits[1], expected[1])


@pytest.mark.parametrize("rule", RULES)
def test_under_every_rule_the_other_rows_do_not_notice(rule):
    model = remembering(windows=2, positions=rule)
    parts = some_tokens(length=4 * WINDOW).split(WINDOW, dim=1)
    state = broken = model(parts[0], model.start(3)).state
    broken = model.reset(torch.tensor([False, True, False]), broken)
    for part in parts[1:]:
        logits, state, _ = model(part, state)
        ours, broken, _ = model(part, broken)
        torch.testing.assert_close(ours[[0, 2]], logits[[0, 2]])


def test_when_all_rows_are_reset_the_cache_is_gone():
    model = remembering(windows=1)
    state = model(some_tokens(length=WINDOW), model.start(3)).state
    reset = model.reset(torch.ones(3, dtype=torch.bool), state)
    assert reset.memory[0].length == 0


def test_the_cache_is_never_longer_than_it_was_told():
    model = remembering(windows=2)
    state, lengths = model.start(3), []
    for part in some_tokens(length=5 * WINDOW).split(WINDOW, dim=1):
        state = model(part, state).state
        lengths.append(state.memory[0].length)
    assert lengths == [WINDOW, 2 * WINDOW, 2 * WINDOW, 2 * WINDOW, 2 * WINDOW]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": -1}, "windows: -1 is below 0"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
        ({"layers": ()}, "layers: the list has no member"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("memory", "xl", sizes(), **options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/xl: {message}", next(iter(options)))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("encoder", ["rotary", "learned", "none"])
def test_documents_that_share_windows_are_as_if_each_was_alone(encoder, rule):
    size = {"learned": {"size": 6000}}.get(encoder, {})
    model = random_decoder(positions={encoder: size}, memory={"xl": {"positions": rule}})
    tokens = some_tokens(rows=2)
    documents = torch.zeros(2, CONTEXT, dtype=torch.int64)
    documents[0, 8:12] = 1  # the second window of row 0 goes on, begins at 8, then another begins
    documents[1, 6:12] = 1  # in row 1 one begins with the second window and goes on in the third
    state, logits = model.start(2), []
    for part, own in zip(tokens.split(WINDOW, 1), documents.split(WINDOW, 1), strict=True):
        each, state, _ = model(part, state, own)
        logits.append(each)
    together = torch.cat(logits, dim=1)
    torch.testing.assert_close(together[1, 6:], windowed(model, tokens[1:, 6:])[0])
    torch.testing.assert_close(together[0, :8], windowed(model, tokens[:1, :8])[0])
    alone = [model(tokens[:1, 8:12], model.start(1))]
    if rule in {"both", "absolute", "based"} and encoder != "learned":
        alone.append(model(tokens[:1, 12:], alone[0].state))
    expected = torch.cat([each.logits for each in alone], dim=1)[0]
    torch.testing.assert_close(together[0, 8 : 8 + len(expected)], expected)
