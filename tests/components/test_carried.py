"""What every mixer with a state must keep: windows, documents, gradients, precision."""

import pytest
import torch

from components.carried import Carried, at_least
from components.memory import Recall, Window
from components.memory.none import NoMemory
from components.positions import Positions
from tests.builders import component, random_decoder, sizes, some_tokens, some_values, windowed

CARRYING = [
    ("mamba", {}),
    ("mamba", {"states": 3, "kernel": 9, "expand": 1}),
    ("linear_attention", {"gate": "none"}),
    ("linear_attention", {"gate": "retention"}),
    ("linear_attention", {"gate": "gla"}),
    ("short_conv", {}),
    ("short_conv", {"kernel": 9}),
    ("gated_conv", {}),
    ("gated_conv", {"kernel": None}),
]
ONCE = [each for each in CARRYING if each[1] in ({}, {"gate": "gla"})]
DOCUMENTS = torch.tensor([[0] * 7 + [1] * 11, [0] * 6 + [1] * 7 + [2] * 5])


def random_mixer(name, seed=0, **options):
    """A mixer by itself in float64 with random parameters, the sizes those of the builders."""
    mixer = component("mixer", name, sizes(), **options).double()
    for number, parameter in enumerate(mixer.parameters()):
        parameter.data = some_values(*parameter.shape, seed=100 * seed + number) / 4
    return mixer


def in_windows(mixer, x, length, documents=None):
    """What it makes of x [rows, 18, width] in windows of that length, and the last state."""
    state, found = mixer.start(len(x), x.device), []
    recall = Recall(NoMemory(mixer.sizes), 0, None)
    for begin in range(0, x.shape[1], length):
        part, own = x[:, begin : begin + length], None
        if documents is not None:
            before = documents[:, begin - 1 : begin] if begin else 0
            own = documents[:, begin : begin + length] - before
        mixed = mixer(part, Window.of(part, own), Positions(mixer.sizes), recall, state)
        state = mixed.state
        found.append(mixed.x)
    return torch.cat(found, dim=1), state


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5, 6])
@pytest.mark.parametrize(("name", "options"), CARRYING)
def test_in_windows_it_is_as_in_one(name, options, length, apart):
    mixer, x = random_mixer(name, **options), some_values(2, 18, 16)
    documents = DOCUMENTS if apart else None
    whole, state = in_windows(mixer, x, 18, documents)
    ours, last = in_windows(mixer, x, length, documents)
    torch.testing.assert_close(ours, whole)
    torch.testing.assert_close(last.tensors, state.tensors)


@pytest.mark.parametrize(("name", "options"), CARRYING)
def test_a_decoder_in_windows_is_one_with_a_long_window(name, options):
    if options.get("kernel", 1) is None:
        options = {"kernel": 6}
    model = random_decoder(mixer={name: options})
    torch.testing.assert_close(windowed(model, some_tokens()), windowed(model, some_tokens(), 18))


@pytest.mark.parametrize(("name", "options"), CARRYING)
def test_a_gradient_that_may_cross_all_windows_is_that_of_one_window(name, options):
    mixer, x = random_mixer(name, backpropagate_windows=2, **options), some_values(2, 18, 16)
    asking = [x.requires_grad_(), *mixer.parameters()]
    gradients = [
        torch.autograd.grad(in_windows(mixer, x, length)[0].square().sum(), asking)
        for length in (6, 18)
    ]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("crossing", [0, 1, 2])
@pytest.mark.parametrize(("name", "options"), ONCE)
def test_a_gradient_crosses_as_many_windows_as_it_may(name, options, crossing):
    mixer = random_mixer(name, backpropagate_windows=crossing, **options)
    x = some_values(1, 18, 16).requires_grad_()
    found, _ = in_windows(mixer, x, 2)
    # The state is detached behind every window whose number is a multiple of crossing + 1.
    windows = 2 * (crossing + 1)
    (slope,) = torch.autograd.grad(found[:, 2 * windows - 1].sum(), x)
    reached = slope.view(9, 2, 16).abs().sum((1, 2)) > 0
    assert not reached[: crossing + 1].any()
    assert reached[windows - 1 - min(crossing, 1)]


@pytest.mark.parametrize(("name", "options"), CARRYING)
def test_documents_of_a_row_are_as_if_each_was_alone(name, options):
    mixer, x = random_mixer(name, **options), some_values(2, 18, 16)
    together, _ = in_windows(mixer, x, 6, DOCUMENTS)
    for row in range(2):
        for document in DOCUMENTS[row].unique():
            own = DOCUMENTS[row] == document
            alone, _ = in_windows(mixer, x[row, own][None], 18)
            torch.testing.assert_close(together[row, own], alone[0])


@pytest.mark.parametrize(("name", "options"), CARRYING)
def test_documents_send_no_gradient_to_one_another(name, options):
    mixer = random_mixer(name, backpropagate_windows=5, **options)
    x = some_values(2, 18, 16).requires_grad_()
    together, _ = in_windows(mixer, x, 6, DOCUMENTS)
    (slope,) = torch.autograd.grad(together[0, 7:].square().sum(), x)
    # Decays of a chunk in which one begins are divided by one another, and so cancel to rounding.
    assert slope[0, :7].abs().max() < 1e-15 * slope.abs().max()
    assert slope[0, 7:].any(dim=-1).all()


@pytest.mark.parametrize(("name", "options"), CARRYING)
def test_a_document_that_begins_with_a_window_knows_nothing(name, options):
    mixer, x = random_mixer(name, **options), some_values(1, 12, 16)
    documents = torch.tensor([[0] * 6 + [1] * 6])
    found, _ = in_windows(mixer, x, 6, documents)
    torch.testing.assert_close(found[:, 6:], in_windows(mixer, x[:, 6:], 6)[0])


@pytest.mark.parametrize("name", ["mamba", "linear_attention"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_the_sum_of_all_the_past_is_in_float32_or_better(name, dtype):
    mixer = component("mixer", name, sizes()).to(dtype)
    found, state = in_windows(mixer, some_values(1, 12, 16).to(dtype), 6)
    assert found.dtype == dtype
    assert state.tensors[-1].dtype == torch.promote_types(dtype, torch.float32)


@pytest.mark.parametrize("name", ["mamba", "linear_attention"])
def test_mixed_precision_leaves_the_sum_in_float32(name):
    mixer = component("mixer", name, sizes())
    with torch.autocast("cpu", torch.bfloat16):
        _, state = in_windows(mixer, some_values(1, 12, 16).float(), 6)
    assert state.tensors[-1].dtype == torch.float32


def test_a_row_that_is_reset_forgets_even_what_is_no_number():
    state = Carried((torch.full((3, 2), torch.nan), torch.ones(3)), 4)
    left = state.forgotten(torch.tensor([True, False, True]))
    assert left.tensors[0].isnan().any(dim=1).tolist() == [False, True, False]
    assert left.tensors[1].tolist() == [0, 1, 0]
    assert left.crossed == 4


@pytest.mark.parametrize("name", ["mamba", "linear_attention", "short_conv", "gated_conv"])
def test_after_attention_it_is_added_to_what_the_layer_made(name):
    model = random_decoder(mixer=["attention", {name: {"placement": "after"}}])
    plain = random_decoder(mixer="attention")
    plain.load_state_dict(model.state_dict(), strict=False)
    first, second = model.layers
    assert (first.beside, second.beside.placement) == (None, "after")
    assert not torch.allclose(windowed(model, some_tokens()), windowed(plain, some_tokens()))
    second.beside.register_forward_hook(lambda *given: given[-1]._replace(x=0 * given[-1].x))
    torch.testing.assert_close(windowed(model, some_tokens()), windowed(plain, some_tokens()))


def test_a_value_below_the_least_is_refused():
    assert at_least("kernel", 1, 1) == 1
    with pytest.raises(ValueError, match="kernel: 0 is below 1"):
        at_least("kernel", 0, 1)
