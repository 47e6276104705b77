"""The memory of nearest keys against a ranked list, exact attention, and attention alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import normalize, scaled_dot_product_attention

from components.errors import UserError
from pipelines.checks import unreached
from tests.builders import WINDOW, component, random_decoder, sizes, some_tokens, windowed
from tests.components.memory.keyed import memory_of, some_keys, window_of, written
from tests.oracles.memories import nearest, sigmoid


class Blend(torch.nn.Module):
    """A memory whose forward pass is what it adds to an output."""

    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def forward(self, *given):
        return self.memory.on_output(*given)


def blended(memory, own, state):
    return memory.on_output(0, torch.ones_like(own.queries), own, state)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize(("neighbours", "size"), [(1, 40), (3, 40), (3, 7), (40, 40)])
def test_each_query_takes_the_nearest_of_the_last_keys(neighbours, size, kv_heads):
    memory = memory_of("memorizing", kv_heads=kv_heads, neighbours=neighbours, size=size)
    seen = [some_keys(seed, kv_heads=kv_heads) for seed in range(3)]
    found = blended(memory, seen[2], written(memory, seen[:2])).detach().numpy()
    for row, head in np.ndindex(2, 4):
        shared, gate = head * kv_heads // 4, sigmoid(memory.gates["0"][head].item())
        keys, values = (
            torch.cat([part[row, shared] for part in parts])[-size:].numpy()
            for parts in ([each.keys for each in seen[:2]], [each.values for each in seen[:2]])
        )
        for place, query in enumerate(seen[2].queries[row, head].numpy()):
            scale = memory.scales["0"][head].item()
            twin, _ = nearest(query, keys, values, scale, neighbours)
            expected = gate * twin + (1 - gate)
            np.testing.assert_allclose(found[row, head, place], expected, rtol=1e-10)


def exact_attention(memory, own, seen):
    """What attention to all keys of unit length finds, blended."""
    keys, values = (
        torch.cat([getattr(each, name) for each in seen], 2) for name in ("keys", "values")
    )
    groups = 4 // keys.shape[1]
    keys, values = (
        each.repeat_interleave(groups, dim=1) for each in (normalize(keys, dim=-1), values)
    )
    queries = normalize(own.queries, dim=-1) * memory.scales["0"][:, None, None]
    found = scaled_dot_product_attention(queries, keys, values, scale=1.0)
    gate = memory.gates["0"].sigmoid()[:, None, None]
    return gate * found + (1 - gate)


@pytest.mark.parametrize("kv_heads", [4, 2])
@pytest.mark.parametrize("neighbours", [10, 11, 100])
def test_with_all_keys_for_neighbours_it_is_exact_attention(neighbours, kv_heads):
    memory = memory_of("memorizing", neighbours=neighbours, kv_heads=kv_heads)
    seen = [some_keys(seed, kv_heads=kv_heads) for seed in range(3)]
    own = replace(seen[2], queries=seen[2].queries.requires_grad_())
    asking = [own.queries, memory.gates["0"], memory.scales["0"]]
    weights = torch.linspace(-1, 1, own.queries.numel()).view_as(own.queries)
    ours, exact = (
        blended(memory, own, written(memory, seen[:2])),
        exact_attention(memory, own, seen[:2]),
    )
    torch.testing.assert_close(ours, exact)
    torch.testing.assert_close(
        torch.autograd.grad((weights * ours).sum(), asking),
        torch.autograd.grad((weights * exact).sum(), asking),
    )


def test_gradients_of_few_neighbours_are_those_of_differences():
    memory = memory_of("memorizing", neighbours=2)
    state, own = written(memory, [some_keys(0, rows=1), some_keys(1, rows=1)]), some_keys(2, rows=1)

    def found(queries, attended, gate, scale):
        changed = {"memory.gates.0": gate, "memory.scales.0": scale}
        return functional_call(
            Blend(memory), changed, (0, attended, replace(own, queries=queries), state)
        )

    inputs = (own.queries, own.values, memory.gates["0"].detach(), memory.scales["0"].detach())
    assert torch.autograd.gradcheck(found, [each.clone().requires_grad_() for each in inputs])


def test_neighbours_are_those_of_topk():
    memory = memory_of("memorizing", neighbours=3)
    queries, keys = some_keys(0).queries, some_keys(1, length=9).keys
    visible = torch.rand(2, 5, 9, generator=torch.Generator().manual_seed(0)) > 0.3
    places, there = memory._nearest(queries[:, :, None], keys, visible)
    scores = (queries @ keys.mT).masked_fill(~visible[:, None], -torch.inf)
    assert torch.equal(places[:, :, 0], scores.topk(3).indices)
    assert there.all()


def test_no_gradient_reaches_what_is_remembered():
    model = random_decoder(memory="memorizing")
    first, second, _ = some_tokens().split(WINDOW, dim=1)
    x = model.embedding(first).detach().requires_grad_()
    _, state, _ = model.from_embeddings(x, model.start(3))
    assert not any(
        each.keys.requires_grad or each.values.requires_grad for each in state.memory[0].layers
    )
    model(second, state).logits.sum().backward()
    assert x.grad is None


def test_keys_are_remembered_at_length_1_and_no_more_than_there_may_be():
    memory = memory_of("memorizing", size=8)
    state, lengths = None, []
    for seed in range(3):
        state = written(memory, [some_keys(seed)], state)
        lengths.append(state.layers[0].length)
    assert lengths == [5, 8, 8]
    norms = state.layers[0].keys.norm(dim=-1)
    torch.testing.assert_close(norms, torch.ones_like(norms))
    assert state.tokens.tolist() == [15]


def test_the_scale_begins_with_that_of_attention():
    memory = component("memory", "memorizing", sizes(head_width=16), gate_init=-1.0)
    assert memory.scales["1"].tolist() == [4.0] * 4
    assert memory.gates["1"].tolist() == [-1.0] * 4


@pytest.mark.parametrize("positions", ["rotary", "none"])
def test_a_gate_that_is_shut_is_no_memory(positions):
    model = random_decoder(positions=positions, memory="memorizing")
    plain = random_decoder(positions=positions)
    plain.load_state_dict(model.state_dict(), strict=False)
    for gate in model.memory.memories[0].gates.values():
        gate.data.fill_(-1e3)
    torch.testing.assert_close(windowed(model, some_tokens()), windowed(plain, some_tokens()))


def test_the_first_window_is_as_without_a_memory():
    model = random_decoder(memory="memorizing")
    plain = random_decoder()
    plain.load_state_dict(model.state_dict(), strict=False)
    ours, expected = (windowed(each, some_tokens()) for each in (model, plain))
    assert torch.equal(ours[:, :WINDOW], expected[:, :WINDOW])
    assert not torch.allclose(ours[:, WINDOW:], expected[:, WINDOW:])


def test_a_row_with_nothing_to_look_up_is_as_it_was_and_gradients_are_finite():
    memory = memory_of("memorizing", neighbours=3)
    state = memory.reset(torch.tensor([True, False]), written(memory, [some_keys(0)]))
    own = some_keys(1)
    own = replace(own, queries=own.queries.requires_grad_())
    found = blended(memory, own, state)
    assert found[0].eq(1).all()
    assert not found[1].eq(1).any()
    found.square().sum().backward()
    assert own.queries.grad[0].eq(0).all()
    assert own.queries.grad[1].any()
    assert all(each.grad.isfinite().all() for each in memory.parameters())


def test_fewer_keys_than_neighbours_are_all_taken_and_no_others():
    memory = memory_of("memorizing", neighbours=8)
    rows = torch.tensor([True, False])
    state = memory.reset(rows, written(memory, [some_keys(0)]))
    state = written(memory, [some_keys(1)], state)
    ours, own = blended(memory, some_keys(2), state), some_keys(2)
    torch.testing.assert_close(ours[0], exact_attention(memory, own, [some_keys(1)])[0])


def test_where_keys_stand_is_of_no_meaning():
    memory, own = memory_of("memorizing"), some_keys(0)
    moved = replace(
        own, query_positions=own.query_positions + 7, key_positions=own.key_positions + 7
    )
    found = blended(memory, own, written(memory, [own]))
    assert torch.equal(found, blended(memory, moved, written(memory, [moved])))
    assert torch.equal(memory.add_tokens(window_of(2, 5), None).positions, own.query_positions)


def test_a_document_that_begins_in_a_window_finds_nothing_and_leaves_itself():
    memory = memory_of("memorizing")
    first, second, third = (some_keys(seed, rows=1) for seed in range(3))
    documents = torch.tensor([[0, 0, 1, 1, 1]])
    begun = replace(second, goes_on=documents == 0)
    state = written(memory, [first])
    found = blended(memory, begun, state)
    assert torch.equal(found[:, :, :2], blended(memory, second, state)[:, :, :2])
    assert found[:, :, 2:].eq(1).all()
    after = written(memory, [begun], state, [documents])
    alone = replace(
        second, **{name: getattr(second, name)[:, :, 2:] for name in ("queries", "keys", "values")}
    )
    torch.testing.assert_close(
        blended(memory, third, after), blended(memory, third, written(memory, [alone]))
    )


def test_only_layers_in_which_it_acts_have_parameters():
    memory = component("memory", "memorizing", sizes(layers=3), layers=(False, True))
    assert sorted(name for name, _ in memory.named_parameters()) == ["gates.1", "scales.1"]
    own = some_keys(0)
    state = written(memory.double(), [own])
    assert [each is None for each in state.layers] == [True, False, True]
    assert memory.on_output(0, own.queries, own, state) is own.queries


def test_a_gradient_reaches_all_parameters_where_layers_are_unlike():
    model = random_decoder(memory="memorizing", mixer=["mamba", "attention"], kv_heads=2)
    assert unreached(model) == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neighbours": 0}, "neighbours: 0 is below 1"),
        ({"size": 0}, "size: 0 is below 1"),
        ({"layers": ()}, "layers: the list has no member"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("memory", "memorizing", sizes(), **options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/memorizing: {message}", next(iter(options)))
