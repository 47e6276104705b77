"""The matrix memory against a token-by-token twin, a known answer, and attention alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.func import functional_call

from components.errors import UserError
from pipelines.checks import unreached
from tests.builders import WINDOW, component, random_decoder, sizes, some_tokens, windowed
from tests.components.memory.keyed import memory_of, some_keys, written
from tests.known import COMPONENTS
from tests.oracles.memories import associated, sigmoid

UPDATES = ["linear", "delta"]


def blended(memory, own, state, attended=None):
    attended = torch.zeros_like(own.queries) if attended is None else attended
    return memory.on_output(0, attended, own, state)


class Blend(torch.nn.Module):
    """A memory whose forward pass is what it adds to an output."""

    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def forward(self, *given):
        return self.memory.on_output(*given)


def always(memory, logit=40.0):
    """Let nothing but the memory through."""
    for gate in memory.gates.values():
        gate.data.fill_(logit)
    return memory


def test_a_known_answer_of_one_channel():
    known = COMPONENTS["infini_scalar"]
    memory = always(memory_of("infini"))

    def tokens(*values):
        return torch.tensor(values, dtype=torch.float64).view(1, 1, -1, 1)

    own = some_keys(0, rows=1, length=2, kv_heads=1)
    own = replace(
        own, queries=tokens(known["q"], 0), keys=tokens(*known["k"]), values=tokens(*known["v"])
    )
    memory.sizes = sizes(heads=1, kv_heads=1, head_width=1, layers=1)
    memory.gates["0"].data = memory.gates["0"].data[:1]
    state = written(memory, [own])
    assert state.layers[0].matrix.item() == pytest.approx(known["M"], abs=1e-14)
    assert state.layers[0].weight.item() == pytest.approx(known["z"], abs=1e-14)
    assert blended(memory, own, state)[0, 0, 0, 0].item() == pytest.approx(known["read"], abs=1e-14)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("update", UPDATES)
def test_it_finds_what_a_twin_finds_token_by_token(update, kv_heads):
    memory = memory_of("infini", kv_heads=kv_heads, update=update)
    seen = [
        some_keys(seed, kv_heads=kv_heads, length=length) for seed, length in enumerate([5, 3, 4])
    ]
    for number, own in enumerate(seen):
        attended = torch.ones_like(own.queries)
        found = blended(
            memory,
            own,
            written(memory, seen[:number]) if number else memory.start(2, own.keys.device),
            attended,
        )
        for row in range(2):
            for head in range(4):
                shared = head // (4 // kv_heads)
                windows = [
                    (each.queries[row, head], each.keys[row, shared], each.values[row, shared])
                    for each in seen[: number + 1]
                ]
                (*_, twin) = associated(
                    [[part.numpy() for part in each] for each in windows], update
                )
                gate = sigmoid(memory.gates["0"][head].item())
                expected = gate * twin + (1 - gate) * attended[row, head].numpy()
                np.testing.assert_allclose(found[row, head].detach().numpy(), expected, rtol=1e-10)


@pytest.mark.parametrize("update", UPDATES)
def test_gradients_through_two_windows_are_those_of_differences(update):
    memory = memory_of("infini", update=update)
    first, second, third = (some_keys(seed, rows=1, length=2) for seed in range(3))

    def found(keys, values, queries, gate):
        state = written(memory, [replace(first, keys=keys, values=values), second])
        given = (0, torch.ones_like(queries), replace(third, queries=queries), state)
        return functional_call(Blend(memory), {"memory.gates.0": gate}, given)

    inputs = (first.keys, first.values, third.queries, memory.gates["0"].detach())
    assert torch.autograd.gradcheck(found, [each.clone().requires_grad_() for each in inputs])


def test_under_delta_what_is_known_already_is_not_added():
    memory = memory_of("infini", update="delta")
    own = some_keys(0, length=1)
    once = written(memory, [own])
    twice = written(memory, [own, own])
    torch.testing.assert_close(twice.layers[0].matrix, once.layers[0].matrix)
    linear = written(memory_of("infini"), [own, own])
    torch.testing.assert_close(linear.layers[0].matrix, 2 * once.layers[0].matrix)


@pytest.mark.parametrize("update", UPDATES)
def test_an_empty_memory_finds_zeros_and_gradients_are_finite(update):
    memory = always(memory_of("infini", update=update), 0.0)
    own = some_keys(0)
    own = replace(own, queries=own.queries.requires_grad_())
    state = written(memory, [some_keys(1)])
    state = memory.reset(torch.tensor([True, True]), state)
    attended = torch.ones_like(own.queries)
    for each in (memory.start(2, own.keys.device), state):
        found = blended(memory, own, each, attended)
        assert torch.equal(found, attended / 2)
        found.sum().backward()
        assert all(gate.grad.isfinite().all() for gate in memory.gates.values())
    assert own.queries.grad.eq(0).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_where_features_vanish_nothing_is_no_number(dtype):
    memory = component("memory", "infini", sizes(layers=1)).to(dtype)
    far = torch.full_like(some_keys(0).keys, -1000.0, dtype=dtype)
    own = replace(some_keys(0), queries=far, keys=far, values=far)
    found = blended(memory, own, written(memory, [own]))
    assert found.eq(0).all()


@pytest.mark.parametrize("positions", ["rotary", "none"])
def test_a_gate_that_is_shut_is_no_memory(positions):
    model = random_decoder(positions=positions, memory="infini")
    plain = random_decoder(positions=positions)
    plain.load_state_dict(model.state_dict(), strict=False)
    for gate in model.memory.memories[0].gates.values():
        gate.data.fill_(-1e3)
    torch.testing.assert_close(windowed(model, some_tokens()), windowed(plain, some_tokens()))


@pytest.mark.parametrize("update", UPDATES)
def test_groups_of_heads_are_heads_with_the_same_keys(update):
    fewer = memory_of("infini", kv_heads=2, update=update)
    full = memory_of("infini", update=update)
    own = [some_keys(seed, kv_heads=2) for seed in range(3)]
    repeated = [
        replace(
            each, keys=each.keys.repeat_interleave(2, 1), values=each.values.repeat_interleave(2, 1)
        )
        for each in own
    ]
    torch.testing.assert_close(
        blended(fewer, own[2], written(fewer, own[:2])),
        blended(full, repeated[2], written(full, repeated[:2])),
    )


@pytest.mark.parametrize("update", UPDATES)
def test_where_keys_stand_is_of_no_meaning(update):
    memory = memory_of("infini", update=update)
    own = some_keys(0)
    moved = replace(
        own, query_positions=own.query_positions + 7, key_positions=own.key_positions + 7
    )
    state = written(memory, [own])
    assert torch.equal(
        blended(memory, own, state), blended(memory, moved, written(memory, [moved]))
    )


@pytest.mark.parametrize("update", UPDATES)
def test_a_document_that_begins_in_a_window_finds_nothing_and_leaves_itself(update):
    memory = memory_of("infini", update=update)
    first, second, third = (some_keys(seed, rows=1) for seed in range(3))
    documents = torch.tensor([[0, 0, 1, 1, 1]])
    begun = replace(second, goes_on=documents == 0)
    state = written(memory, [first])
    found = blended(memory, begun, state)
    assert torch.equal(found[:, :, :2], blended(memory, second, state)[:, :, :2])
    assert found[:, :, 2:].eq(0).all()
    after = written(memory, [begun], state, [documents])
    alone = replace(
        second,
        keys=second.keys[:, :, 2:],
        values=second.values[:, :, 2:],
        queries=second.queries[:, :, 2:],
    )
    torch.testing.assert_close(
        blended(memory, third, after), blended(memory, third, written(memory, [alone]))
    )


def test_a_row_that_is_reset_forgets_even_what_is_no_number():
    memory = memory_of("infini")
    own = some_keys(0)
    state = written(
        memory, [replace(own, keys=own.keys * torch.tensor([1.0, torch.nan])[:, None, None, None])]
    )
    state = memory.reset(torch.tensor([False, True]), state)
    assert blended(memory, own, state).isfinite().all()
    assert state.layers[0].matrix[0].any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_what_is_summed_is_in_float32_or_better(dtype):
    model = random_decoder(memory="infini").to(dtype)
    state = model(some_tokens()[:, :WINDOW], model.start(3)).state.memory[0]
    assert state.layers[0].matrix.dtype == torch.promote_types(dtype, torch.float32)


def test_mixed_precision_leaves_the_sum_in_float32():
    model = random_decoder(memory="infini").float()
    tokens = some_tokens(length=WINDOW)
    exact = model(tokens, model.start(3)).state.memory[0].layers[0]
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(tokens, model.start(3)).state.memory[0].layers[0]
    assert rough.matrix.dtype == torch.float32
    assert not torch.equal(rough.matrix, rough.matrix.bfloat16().float())
    torch.testing.assert_close(rough.matrix, exact.matrix, atol=0.2, rtol=0.1)


@pytest.mark.parametrize(
    ("crossed", "expected"), [(None, [True] * 3), (0, [False] * 3), (1, [True, False, True])]
)
def test_a_gradient_crosses_as_many_windows_as_it_may(crossed, expected):
    memory = memory_of("infini", backpropagate_windows=crossed)
    state, found = memory.start(2, torch.device("cpu")), []
    for seed in range(3):
        own = some_keys(seed)
        own = replace(own, values=own.values.requires_grad_())
        state = written(memory, [own], state)
        found.append(state.layers[0].matrix.requires_grad)
    assert found == expected


def test_only_layers_in_which_it_acts_have_a_gate():
    memory = component("memory", "infini", sizes(layers=3), layers=(False, True), gate_init=2.0)
    assert list(memory.gates) == ["1"]
    assert memory.gates["1"].tolist() == [2.0] * 4
    own = some_keys(0)
    state = written(memory, [own])
    assert [each is None for each in state.layers] == [True, False, True]
    assert memory.on_output(0, own.queries, own, state) is own.queries


def test_a_gradient_reaches_all_parameters_where_layers_are_unlike():
    model = random_decoder(memory="infini", mixer=["mamba", "attention"], kv_heads=2)
    assert unreached(model) == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backpropagate_windows": -1}, "backpropagate_windows: -1 is below 0"),
        ({"layers": ()}, "layers: the list has no member"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("memory", "infini", sizes(), **options)
    (problem,) = refused.value.problems
    assert (problem.what, problem.key) == (f"memory/infini: {message}", next(iter(options)))
