"""The two caches against xl, groups made by loops, and an attention that is written out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.errors import UserError
from pipelines.checks import unreached
from tests.builders import CONTEXT, WINDOW, component, random_decoder, sizes, some_tokens, windowed
from tests.components.memory.keyed import memory_of, some_keys, written
from tests.components.memory.labelled import next_window, shown
from tests.oracles.attention import attention
from tests.oracles.memories import convolved, grouped


def compressive(**options):
    return component("memory", "compressive", sizes(layers=1, kv_heads=1), **options)


def decoder(**options):
    return random_decoder(memory={"compressive": options})


def compressed_by(memory, keys):
    """What a loop makes of keys [heads, keys, width] of one row."""
    made = memory.compressions["0"]
    if made.how == "conv":
        return convolved(keys, made.keys.weight.detach().numpy())
    return np.array([grouped(head, made.rate, made.how) for head in keys])


@pytest.mark.parametrize("encoder", ["rotary", "learned", "alibi", "forgetting"])
@pytest.mark.parametrize("windows", [1, 2])
@pytest.mark.parametrize("compress", ["conv", "mean"])
def test_no_compressed_keys_are_xl(compress, windows, encoder):
    options = {"size": 0, "windows": windows, "compress": compress}
    ours = random_decoder(positions=encoder, memory={"compressive": options})
    xl = random_decoder(positions=encoder, memory={"xl": {"windows": windows}})
    tokens = some_tokens()
    assert torch.equal(windowed(ours, tokens), windowed(xl, tokens))
    assert list(ours.state_dict()) == list(xl.state_dict())


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("rate", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("how", ["conv", "mean", "max"])
def test_what_leaves_the_cache_is_compressed_window_by_window(how, rate, kv_heads):
    memory = memory_of("compressive", kv_heads=kv_heads, compress=how, rate=rate, size=100)
    seen = [some_keys(seed, kv_heads=kv_heads) for seed in range(4)]
    found = memory.recall(0, seen[3], written(memory, seen[:3]))
    assert torch.equal(found.keys[:, :, -10:], torch.cat([seen[2].keys, seen[3].keys], dim=2))
    assert torch.equal(found.values[:, :, -10:], torch.cat([seen[2].values, seen[3].values], dim=2))
    for row in range(2):
        twins = [compressed_by(memory, each.keys[row].numpy()) for each in seen[:2]]
        ours = found.keys[row, :, :-10].detach().numpy()
        np.testing.assert_allclose(ours, np.concatenate(twins, axis=1), rtol=1e-10)


def test_values_have_a_convolution_of_their_own():
    memory = memory_of("compressive", rate=2, size=100)
    seen = [some_keys(seed) for seed in range(3)]
    found = memory.recall(0, seen[2], written(memory, seen[:2]))
    kernel = memory.compressions["0"].values.weight.detach().numpy()
    twin = convolved(seen[0].values[1].numpy(), kernel)
    np.testing.assert_allclose(found.values[1, :, :3].detach().numpy(), twin, rtol=1e-10)


def test_mean_of_groups_of_one_is_a_longer_cache():
    tokens = some_tokens(length=5 * WINDOW)
    options = {"compress": "mean", "rate": 1, "size": 2 * WINDOW}
    xl = random_decoder(memory={"xl": {"windows": 3}})
    torch.testing.assert_close(windowed(decoder(**options), tokens), windowed(xl, tokens))


@pytest.mark.parametrize(
    ("options", "distances"),
    [
        ({"rate": 2, "size": 9}, [6, 5, 4, 3, 2, 1, 0]),
        ({"rate": 2, "size": 9, "positions": "tokens"}, [8, 6, 4, 3, 2, 1, 0]),
        ({"rate": 2, "size": 1}, [4, 3, 2, 1, 0]),
        ({"rate": 4, "size": 9, "positions": "tokens"}, [12, 8, 4, 3, 2, 1, 0]),
    ],
)
def test_compressed_keys_stand_before_the_cached_ones(options, distances):
    # Windows of two: 0 1 and 2 3 and 4 5 were compressed, 6 7 are cached, 8 9 are the window.
    seen = shown(compressive(compress="max", **options), [2] * 5)[-1]
    assert [distance for _, distance in seen] == distances
    assert [label for label, _ in seen][-4:] == [6, 7, 8, 9]


@pytest.mark.parametrize("positions", ["slots", "tokens"])
def test_positions_are_known(positions):
    memory = compressive(compress="max", rate=2, size=9, positions=positions)
    state = memory.start(1, torch.device("cpu"))
    for number in range(4):
        window, seen = next_window(memory, state, 2, 2 * number)
        found = memory.recall(0, seen, state)
        state = memory.write(window, window.x, [seen], state)
    expected = {"slots": [0, 1, 2, 3, 4, 5], "tokens": [1, 3, 4, 5, 6, 7]}[positions]
    assert found.key_positions.tolist() == [expected]
    assert found.query_positions.tolist() == [expected[-2:]]
    assert found.keys[0, 0, :, 0].tolist() == [1, 3, 4, 5, 6, 7]


def test_what_a_key_carries_is_summed_over_its_group():
    memory = compressive(compress="mean", rate=3, size=9)
    state = memory.start(1, torch.device("cpu"))
    for number in range(2):
        window, seen = next_window(memory, state, 4, 4 * number)
        state = memory.write(window, window.x, [seen], state)
    assert state.compressed[0].beside.flatten().tolist() == [0 + 1 + 2, 3]
    assert state.compressed[0].keys[0, 0, :, 0].tolist() == [1, 3]


def seen_labels(*given, **options):
    return [[label for label, _ in each] for each in shown(*given, **options)]


def test_a_row_that_is_reset_begins_anew():
    memory = compressive(compress="max", rate=2, size=9)
    found = seen_labels(memory, [3] * 7, resets=[3])
    expected = seen_labels(memory, [3] * 4)
    assert found[9:] == [[label + 9 for label in each] for each in expected]
    assert found[6] == [1, 2, 3, 4, 5, 6]


def test_rows_that_are_reset_at_different_times_go_on_as_fresh_ones():
    model = random_decoder(positions="learned", memory={"compressive": {"rate": 3, "size": 3}})
    parts = some_tokens(length=6 * WINDOW).split(WINDOW, dim=1)
    state = model.start(3)
    for number, part in enumerate(parts):
        if number:
            state = model.reset(torch.arange(3) == number - 1, state)
        logits, state, _ = model(part, state)
    for row in range(3):
        alone = windowed(model, torch.cat(parts[row + 1 :], dim=1)[row : row + 1])
        torch.testing.assert_close(logits[row], alone[0, -WINDOW:])


@pytest.mark.parametrize("begin", range(1, 12))
def test_a_group_that_is_not_all_of_one_document_is_shown_to_none(begin):
    memory = compressive(compress="max", rate=2, size=9)
    found = seen_labels(memory, [3] * 6, [0] * begin + [1] * (18 - begin))
    # Groups of a window of three are its first two tokens and its last; their largest label stays.
    groups = [(0, 1), (2, 2), (3, 4), (5, 5), (6, 7), (8, 8), (9, 10), (11, 11)]
    for query in range(begin, 18):
        cached = max(query // 3 * 3 - 3, 0)
        whole = [last for first, last in groups if first >= begin and last < cached]
        assert found[query] == whole + [each for each in range(cached, query + 1) if each >= begin]


def loss_by_hand(memory, own, leaving):
    """The mean square of what is lost of one row, from loops."""
    queries, keys, values = (
        part[0].numpy() for part in (own.queries, leaving.keys, leaving.values)
    )
    made = memory.compressions["0"]
    fewer = [
        convolved(part, convolution.weight.detach().numpy())
        for part, convolution in ((keys, made.keys), (values, made.values))
    ]
    there = attention(queries, keys, values, np.ones((5, 5)))
    ours = attention(queries, *fewer, np.ones((5, fewer[0].shape[1])))
    return ((there - ours) ** 2).mean()


@pytest.mark.parametrize("rate", [1, 2, 5])
@pytest.mark.parametrize("kv_heads", [4, 2])
def test_the_loss_is_what_attention_loses_by_the_compression(kv_heads, rate):
    memory = memory_of("compressive", kv_heads=kv_heads, rate=rate, weight=0.5)
    first, second = (some_keys(seed, rows=1, kv_heads=kv_heads) for seed in range(2))
    loss = memory.auxiliary([second], written(memory, [first]))
    assert loss.item() == pytest.approx(0.5 * loss_by_hand(memory, second, first), rel=1e-10)


def test_the_losses_of_layers_are_summed():
    memory = memory_of("compressive", depth=2, rate=2)
    first, second = (some_keys(seed) for seed in range(2))
    state = written(memory, [first])
    each = [
        memory.compressions[layer].loss(
            second.queries, state.layers[0], torch.ones(1, 1, 5, dtype=torch.bool)
        )
        for layer in "01"
    ]
    torch.testing.assert_close(memory.auxiliary([second, second], state), sum(each))


def test_of_two_cached_windows_it_is_the_older_one_that_is_learned_from():
    memory = memory_of("compressive", windows=2, rate=2)
    first, second, third = (some_keys(seed, rows=1) for seed in range(3))
    for own, earlier in ((second, [first]), (third, [first, second])):
        loss = memory.auxiliary([own], written(memory, earlier))
        assert loss.item() == pytest.approx(loss_by_hand(memory, own, first), rel=1e-10)
    assert memory.auxiliary([first], memory.start(1, torch.device("cpu"))) is None


@pytest.mark.parametrize("windows", [1, 4])
def test_a_convolution_learns_before_the_cache_is_full(windows):
    memory = {"compressive": {"windows": windows}}
    assert unreached(random_decoder(memory=memory, mixer=["attention", "mamba"], kv_heads=2)) == ()


def test_rows_and_queries_without_anything_to_lose_do_not_count():
    memory = memory_of("compressive", rate=2)
    first, second = (some_keys(seed) for seed in range(2))
    state = memory.reset(torch.tensor([True, False]), written(memory, [first]))
    alone = [
        replace(each, queries=each.queries[1:], keys=each.keys[1:], values=each.values[1:])
        for each in (first, second)
    ]
    expected = memory.auxiliary([alone[1]], written(memory, [alone[0]]))
    torch.testing.assert_close(memory.auxiliary([second], state), expected)
    some = replace(second, goes_on=torch.tensor([[True, True, False, False, False]] * 2))
    fewer = replace(alone[1], queries=alone[1].queries[:, :, :2])
    expected = memory.compressions["0"].loss(
        fewer.queries, written(memory, [alone[0]]).layers[0], torch.ones(1, 1, 5, dtype=torch.bool)
    )
    torch.testing.assert_close(memory.auxiliary([some], state), expected)


def test_where_nothing_can_be_lost_the_loss_is_0_and_its_gradient_finite():
    memory = memory_of("compressive", rate=2)
    state = memory.reset(torch.tensor([True, True]), written(memory, [some_keys(0)]))
    loss = memory.auxiliary([some_keys(1)], state)
    loss.backward()
    assert loss.item() == 0
    assert all(each.grad.eq(0).all() for each in memory.parameters())


def test_the_loss_moves_the_compression_alone_and_nothing_else_does():
    model = decoder(rate=2)
    parts = some_tokens(length=4 * WINDOW).split(WINDOW, dim=1)
    state, losses, nats = model.start(3), [], []
    for part in parts:
        logits, state, auxiliary = model(part, state)
        nats.append(logits.square().mean())
        losses.append(auxiliary)
    assert losses[0] is None
    of_memory = {name for name, _ in model.named_parameters() if "compressions" in name}
    sum(losses[1:]).backward()
    assert {name for name, each in model.named_parameters() if each.grad is not None} == of_memory
    model.zero_grad()
    sum(nats).backward()
    assert {name for name, each in model.named_parameters() if each.grad is None} == of_memory


def test_the_gradient_of_the_loss_is_that_of_differences():
    memory = memory_of("compressive", rate=2)
    first, second = (some_keys(seed, rows=1) for seed in range(2))
    state = written(memory, [first])
    memory.auxiliary([second], state).backward()
    weight = memory.compressions["0"].keys.weight
    slopes = []
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            weight[1, 2, 0] += step
        slopes.append(memory.auxiliary([second], state).item())
        with torch.no_grad():
            weight[1, 2, 0] -= step
    assert (slopes[0] - slopes[1]) / 2e-6 == pytest.approx(weight.grad[1, 2, 0].item(), rel=1e-5)


def test_to_train_on_the_loss_lowers_it():
    memory = component("memory", "compressive", sizes(layers=1), rate=2).double()
    for number, parameter in enumerate(memory.parameters()):
        parameter.data = (
            0.1
            * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number)).double()
        )
    first, second = (some_keys(seed) for seed in range(2))
    state = written(memory, [first])
    optimizer, losses = torch.optim.Adam(memory.parameters(), lr=0.02), []
    for _ in range(50):
        optimizer.zero_grad()
        losses.append(memory.auxiliary([second], state))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 4


@pytest.mark.parametrize("options", [{"compress": "mean"}, {"compress": "max"}, {"size": 0}])
def test_where_nothing_is_learned_there_is_no_loss(options):
    memory = memory_of("compressive", **options)
    assert memory.auxiliary([some_keys(1)], written(memory, [some_keys(0)])) is None
    assert list(memory.parameters()) == []


def test_nothing_that_is_kept_holds_a_graph():
    model = decoder(rate=2)
    state = model.start(3)
    for part in some_tokens().split(WINDOW, dim=1):
        state = model(part, state).state
    own = state.memory[0]
    kept = [each for layer in (*own.layers, *own.compressed) for each in (layer.keys, layer.values)]
    assert len(kept) == 8
    assert not any(each.requires_grad for each in kept)


def test_the_caches_are_never_longer_than_they_were_told():
    model = decoder(rate=4, size=3)
    state, lengths = model.start(3), []
    for part in some_tokens(length=5 * WINDOW).split(WINDOW, dim=1):
        state = model(part, state).state
        own = state.memory[0]
        lengths.append((own.length, own.compressed[0] and own.compressed[0].length))
    assert lengths == [(WINDOW, None), (WINDOW, 2), (WINDOW, 3), (WINDOW, 3), (WINDOW, 3)]


def test_only_layers_in_which_it_acts_compress_and_the_others_see_their_window():
    memory = memory_of("compressive", depth=3, layers=(False, True))
    assert list(memory.compressions) == ["1"]
    state = written(memory, [some_keys(0), some_keys(1)])
    own = some_keys(2)
    assert [memory.recall(layer, own, state).keys.shape[2] for layer in range(3)] == [5, 12, 5]


def test_a_convolution_has_as_many_weights_as_it_should():
    memory = component("memory", "compressive", sizes(kv_heads=2), rate=3)
    assert sum(each.numel() for each in memory.parameters()) == 2 * 2 * 3 * (2 * 4) ** 2


def test_it_needs_layers_of_one_width_where_it_learns():
    with pytest.raises(UserError, match="compressive"):
        random_decoder(memory="compressive", fan_out=8)
    model = random_decoder(memory={"compressive": {"compress": "mean"}}, fan_out=8)
    assert windowed(model, some_tokens()).shape == (3, CONTEXT, 11)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": 0}, "windows: 0 is below 1"),
        ({"size": -1}, "size: -1 is below 0"),
        ({"rate": 0}, "rate: 0 is below 1"),
        ({"weight": 0.0}, "weight: 0.0 is not above 0"),
        ({"layers": ()}, "layers: the list has no member"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        compressive(**options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/compressive: {message}", next(iter(options)))
