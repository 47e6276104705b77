"""The sliding window against a list of who sees whom, one long window, and known positions."""

import pytest
import torch
from transformers.masking_utils import sliding_window_overlay

from components.errors import UserError
from tests.builders import (
    WINDOW,
    component,
    random_decoder,
    reached_windows,
    sizes,
    some_tokens,
    windowed,
)
from tests.components.memory.labelled import next_window, shown
from tests.known import COMPONENTS

ENCODERS = ["rotary", "none", "alibi", "learned", "forgetting", "transformer_xl"]
LENGTHS = [[12], [6, 6], [1] * 12, [2, 3, 1, 6], [5, 4, 3]]
DOCUMENTS = [
    [0] * 12,
    [0] * 6 + [1] * 6,
    [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2],
    [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
]


def sliding(**options):
    return component("memory", "sliding", sizes(layers=1), **options)


def decoder(encoder="rotary", window=WINDOW, layers=2, sizes=None, **options):
    parts = {"positions": encoder, "memory": {"sliding": options}}
    return random_decoder(window=window, layers=layers, **parts, **(sizes or {}))


def by_definition(documents, size, sinks):
    """For each token, those that it sees with how far back they are."""
    found = []
    for i, document in enumerate(documents):
        first = documents.index(document)
        see = [j for j in range(first, i + 1) if i - j < size or j - first < sinks]
        found.append([(j, i - j) for j in see])
    return found


def test_who_sees_whom_is_known():
    known = COMPONENTS["sliding_size3_visible_queries0to5"]
    assert [[j for j, _ in each] for each in shown(sliding(size=3), [6])] == known
    assert [[j for j, _ in each] for each in shown(sliding(size=3), [2, 2, 2])] == known


@pytest.mark.parametrize("size", [1, 2, 5, 12, 30])
def test_who_sees_whom_is_as_transformers_has_it(size):
    found, overlay = shown(sliding(size=size), [5, 4, 3]), sliding_window_overlay(size)
    for i, each in enumerate(found):
        see = [j for j in range(i + 1) if overlay(0, 0, torch.tensor(i), torch.tensor(j))]
        assert [j for j, _ in each] == see


@pytest.mark.parametrize("documents", DOCUMENTS)
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(("size", "sinks"), [(1, 0), (3, 0), (12, 0), (1, 1), (3, 2), (2, 7)])
def test_however_a_text_is_cut_each_token_sees_what_it_should(size, sinks, lengths, documents):
    found = shown(sliding(size=size, sinks=sinks), lengths, documents)
    assert list(map(sorted, found)) == by_definition(documents, size, sinks)


@pytest.mark.parametrize("options", [{"size": 3}, {"size": 3, "sinks": 2}, {"size": 2, "sinks": 7}])
def test_a_row_that_is_reset_begins_anew(options):
    found = shown(sliding(**options), [3] * 5, resets=[2])
    expected = shown(sliding(**options), [3] * 3)
    again = [[(j + 6, back) for j, back in each] for each in expected]
    assert list(map(sorted, found[6:])) == list(map(sorted, again))


def test_rows_that_are_reset_at_different_times_have_sinks_of_their_own():
    model = decoder(size=2, sinks=8)
    parts = some_tokens(length=5 * WINDOW).split(WINDOW, dim=1)
    state = model.start(3)
    for number, part in enumerate(parts):
        if number:
            state = model.reset(torch.arange(3) == number - 1, state)
        logits, state, _ = model(part, state)
    for row in range(3):
        alone = windowed(model, torch.cat(parts[row + 1 :], dim=1)[row : row + 1])
        torch.testing.assert_close(logits[row], alone[0, -WINDOW:])


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("options", [{"size": 1}, {"size": 4}, {"size": 9, "sinks": 2}])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_windows_are_a_way_to_compute_one_long_window(encoder, options, layers):
    if encoder == "forgetting" and "sinks" in options:
        return  # what lies between two keys that are not kept is not counted
    model, tokens = decoder(encoder, layers=layers, **options), some_tokens()
    whole = windowed(model, tokens, 18)
    for window in (1, 4, 6):
        torch.testing.assert_close(windowed(model, tokens, window), whole)


@pytest.mark.parametrize("options", [{"size": 4}, {"size": 3, "sinks": 2}])
def test_gradients_are_those_of_one_long_window(options):
    found = []
    for window in (4, 18):
        model = decoder(sizes={"kv_heads": 2}, **options)
        windowed(model, some_tokens(), window).square().sum().backward()
        found.append([parameter.grad for parameter in model.parameters()])
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("encoder", ["rotary", "learned"])
@pytest.mark.parametrize("size", [18, 100])
def test_a_size_of_the_context_is_full_attention(size, encoder):
    tokens = some_tokens()
    full = windowed(random_decoder(positions=encoder, window=18), tokens)
    torch.testing.assert_close(windowed(decoder(encoder, size=size), tokens), full)


def test_a_token_that_sees_only_itself_does_not_depend_on_others():
    model, tokens = decoder(size=1), some_tokens()
    other = torch.cat([(tokens[:, :-1] + 1) % 11, tokens[:, -1:]], dim=1)
    assert torch.equal(windowed(model, tokens)[:, -1], windowed(model, other)[:, -1])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_each_layer_looks_as_far_back_as_the_window_is_long(layers):
    model = decoder(size=3, layers=layers)
    tokens = some_tokens(rows=1)
    other = tokens.clone()
    other[:, 4] = (other[:, 4] + 1) % 11
    moved = (windowed(model, tokens) - windowed(model, other)).abs().amax(-1)[0] > 1e-12
    assert moved.nonzero().flatten().tolist() == list(range(4, 4 + 2 * layers + 1))


def test_renumbered_the_cache_has_the_positions_of_streaming_attention():
    # Xiao et al. 2023: with [0, 1, 2, 3, 6, 7, 8] kept, token 9 finds them at 0 .. 6.
    found = shown(sliding(size=4, sinks=4, renumber=True), [1] * 10)[-1]
    assert found == [(j, 7 - place) for place, j in enumerate([0, 1, 2, 3, 6, 7, 8, 9])]


def test_renumbered_nothing_moves_before_anything_was_dropped():
    options = {"size": 5, "sinks": 2}
    for lengths in ([1] * 7, [3, 4], [2, 5]):
        found = shown(sliding(renumber=True, **options), lengths)
        assert list(map(sorted, found)) == list(map(sorted, shown(sliding(**options), lengths)))


def test_renumbered_positions_do_not_grow():
    model = decoder({"learned": {"size": 3 + 3 + WINDOW}}, size=4, sinks=3, renumber=True)
    assert windowed(model, some_tokens(length=10 * WINDOW)).isfinite().all()


@pytest.mark.parametrize("encoder", ["rotary", "alibi"])
def test_without_sinks_numbers_are_nothing_to_encoders_of_distances(encoder):
    tokens = some_tokens()
    plain, renumbered = (decoder(encoder, size=4, renumber=each) for each in (False, True))
    torch.testing.assert_close(windowed(plain, tokens), windowed(renumbered, tokens))


def test_only_keys_that_can_be_seen_are_kept():
    memory = sliding(size=4, sinks=2)
    model = decoder(size=4, sinks=2, layers=1)
    state, kept = model.start(3), []
    for part in some_tokens().split(2, dim=1):
        state = model(part, state).state
        own = state.memory[0].layers[0]
        kept.append((own.first.length, own.last.length))
    assert kept[:3] == [(2, 2), (2, 3), (2, 3)]
    assert kept[3:] == kept[2:3] * 6
    assert memory.start(3, torch.device("cpu")).length == 0


@pytest.mark.parametrize(
    ("crossed", "expected"),
    [(None, [True] * 3), (0, [False] * 3), (1, [True, False, True]), (2, [True, True, False])],
)
def test_a_gradient_crosses_as_many_windows_as_it_may(crossed, expected):
    model = decoder(size=4, sinks=1, backpropagate_windows=crossed)
    assert reached_windows(model) == (expected, expected)


def test_layers_in_which_it_does_not_act_see_their_window():
    memory = {"sliding": {"size": 2, "layers": (False, True)}}
    model, seen = random_decoder(memory=memory, window=18), {}
    for index, layer in enumerate(model.layers):
        layer.positions.on_scores = lambda own, index=index: seen.update({index: own.visible[0]})
    windowed(model, some_tokens())
    full = torch.ones(18, 18, dtype=torch.bool).tril()
    assert torch.equal(seen[0], full)
    assert torch.equal(seen[1], full.triu(-1))


def test_with_the_cache_of_another_memory_every_key_stands_where_it_should():
    # Each memory in a layer of its own: then both is as good as any other numbering.
    memory = {"sliding": {"size": 4, "layers": (True, False)}, "xl": {"layers": (False, True)}}
    chained, tokens = random_decoder(memory=memory), some_tokens()
    expected = random_decoder(
        memory=memory | {"xl": {"layers": (False, True), "positions": "based"}}
    )
    torch.testing.assert_close(windowed(chained, tokens), windowed(expected, tokens))
    distances = {}
    for index, layer in enumerate(chained.layers):
        layer.positions.on_scores = lambda own, index=index: distances.update(
            {index: own.query_positions[0, 0] - own.key_positions[0]}
        )
    windowed(chained, tokens)
    assert distances[0].tolist() == [3, 2, 1, 0, -1, -2, -3, -4, -5]
    assert distances[1].tolist() == list(range(6, -6, -1))


@pytest.mark.parametrize("other", ["xl", "compressive"])
def test_in_one_layer_with_another_memory_of_the_last_keys_it_is_refused(other):
    memory = {"sliding": {"size": 3}, other: {}}
    with pytest.raises(UserError, match="both show layer 0 the keys before its window"):
        random_decoder(memory=memory)
    apart = {"sliding": {"layers": (True, False)}, other: {"layers": (False, True)}}
    assert windowed(random_decoder(memory=apart), some_tokens()).isfinite().all()


def test_what_keys_carry_stays_with_them():
    memory = sliding(size=3, sinks=1)
    state = memory.start(1, torch.device("cpu"))
    for begin in (0, 2, 4, 6):
        window, seen = next_window(memory, state, 2, begin)
        found = memory.recall(0, seen, state)
        state = memory.write(window, window.x, [seen], state)
    assert found.keys[0, 0, :, 0].tolist() == [0, 4, 5, 6, 7]
    # what 1, 2 and 3 carried stays between the sink and the first of the last keys
    assert found.beside[0, 0, :, 0].tolist() == [0, 4 + 1 + 2 + 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size: 0 is below 1"),
        ({"sinks": -1}, "sinks: -1 is below 0"),
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
        ({"layers": ()}, "layers: the list has no member"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        sliding(**options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/sliding: {message}", next(iter(options)))


@pytest.mark.parametrize("sinks", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 2, 4, 9])
@pytest.mark.parametrize("window", [3, 4, 6, 12])
def test_what_falls_out_between_sinks_and_the_last_keys_is_still_forgotten_by_gates(
    sinks, size, window
):
    tokens = some_tokens(rows=2, length=24)
    memory = {"sliding": {"size": size, "sinks": sinks}}
    one, several = (
        random_decoder(positions="forgetting", memory=memory, context=24, window=each)
        for each in (24, window)
    )
    torch.testing.assert_close(windowed(several, tokens), windowed(one, tokens))
