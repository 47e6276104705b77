"""The refusal, of models that were broken on purpose: it must see the faintest leak."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from typing_extensions import override

from components.causality import randomised, refuse_if_it_sees_the_future
from components.memory import Chain, Memory, Window
from components.mlp import Mlp
from tests.builders import decoder, random_decoder, sizes, some_tokens, windowed


class Leaking(Mlp):
    """Adds what `leak` makes of the input."""

    def __init__(self, leak):
        super().__init__(sizes(), nn.Identity())
        self.leak = leak

    @override
    def forward(self, x):
        return self.leak(x)


def next_token(x):
    """Each token's successor in the window; zeros behind the last."""
    return torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], dim=1)


def model_with(leak, **settings):
    model = decoder(**settings)
    model.layers[1].mlp = Leaking(leak)
    return model


@pytest.mark.parametrize("memory", ["none", "xl"])
def test_a_faint_leak_is_seen_by_its_gradient(memory):
    model = model_with(lambda x: 1e-6 * next_token(x), memory=memory)
    with pytest.raises(ValueError, match=r"position 0 .* sees position 1,.* \(gradient [\d.e-]+\)"):
        refuse_if_it_sees_the_future(model)


def test_a_leak_without_a_gradient_is_seen_by_perturbation():
    model = model_with(lambda x: (next_token(x) > 0).to(x.dtype))
    with pytest.raises(ValueError, match=r"position \d+ sees a token behind position \d+.*\(pert"):
        refuse_if_it_sees_the_future(model)


def test_a_leak_of_one_bit_of_the_window_is_seen():
    def one_bit_of_the_whole_window(x):
        even, odd = (x[:, start::2, :1].mean(1, keepdim=True) for start in (0, 1))
        # Not the same for every channel, which the norm before the head would take out.
        return 1e-6 * torch.arange(16) * (even > odd)

    with pytest.raises(ValueError, match="perturbation"):
        refuse_if_it_sees_the_future(model_with(one_bit_of_the_whole_window))


def test_a_leak_of_detached_values_is_seen():
    model = model_with(lambda x: 1e-6 * next_token(x).detach())
    with pytest.raises(ValueError, match="perturbation"):
        refuse_if_it_sees_the_future(model)


def test_a_leak_into_the_last_token_but_one_is_seen():
    def last_but_one(x):
        at = torch.zeros_like(x)
        at[:, -2] = 1e-6
        return at * next_token(x)

    with pytest.raises(ValueError, match="position 4 or one before it sees position 5"):
        refuse_if_it_sees_the_future(model_with(last_but_one))


def test_a_mask_that_is_moved_by_one_is_seen():
    class OneTooMany(Memory[None]):
        @override
        def start(self, batch, device):
            return None

        @override
        def recall(self, layer, own, state):
            seen = torch.ones_like(own.visible).tril(1)
            return type(own)(**(vars(own) | {"visible": seen}))

    model = decoder()
    model.memory = OneTooMany(model.sizes)
    with pytest.raises(ValueError, match=r"position 0 .* sees position 1,"):
        refuse_if_it_sees_the_future(model)


def test_a_leak_behind_a_gate_that_starts_shut_is_seen():
    class Gated(Mlp):
        def __init__(self):
            super().__init__(sizes(), nn.Identity())
            self.gate = nn.Parameter(torch.zeros(16))

        @override
        def forward(self, x):
            return self.gate * next_token(x)

    model = decoder()
    model.layers[0].mlp = Gated()
    with pytest.raises(ValueError, match="sees position"):
        refuse_if_it_sees_the_future(model)


class Late(Memory[int]):
    """Looks ahead in one window only, at the places from `first` on."""

    carries = True

    def __init__(self, window, first):
        super().__init__(sizes())
        self.window, self.first = window, first

    @override
    def start(self, batch, device):
        return 0

    @override
    def add_tokens(self, window, state):
        ahead = 1e-6 * next_token(window.x) * (state == self.window)
        ahead[:, : self.first] = 0
        return Window(window.x + ahead, window.positions)

    @override
    def write(self, window, x, seen, state):
        return state + 1


def test_a_leak_in_a_later_window_only_is_seen():
    model = decoder()
    model.memory = Late(window=1, first=0)
    with pytest.raises(ValueError, match="position 6 or one before it sees position 7,"):
        refuse_if_it_sees_the_future(model)


def test_a_leak_of_the_very_last_token_is_seen():
    model = decoder()
    model.memory = Late(window=2, first=4)
    with pytest.raises(ValueError, match="position 16 or one before it sees position 17,"):
        refuse_if_it_sees_the_future(model)


class PeeksInTraining(nn.LayerNorm):
    @override
    def forward(self, x):
        return super().forward(x) + 1e-6 * next_token(x) * self.training


def test_a_norm_that_peeks_in_training_alone_is_seen():
    model = decoder()
    model.norm = PeeksInTraining(16)
    with pytest.raises(ValueError, match=r"position 0 .* sees position 1,.*, while it trains$"):
        refuse_if_it_sees_the_future(model)
    assert model.training


def test_a_batch_norm_over_tokens_is_seen():
    class OverTokens(nn.BatchNorm1d):
        @override
        def forward(self, x):
            return super().forward(x.transpose(1, 2)).transpose(1, 2)

    model = decoder()
    model.norm = OverTokens(16)
    with pytest.raises(ValueError, match=r"sees position 1,.*, while it trains"):
        refuse_if_it_sees_the_future(model)


def test_dropout_is_no_leak():
    model = decoder(memory="xl")
    model.layers[0].topology.before_mlp = nn.Dropout(0.3)
    refuse_if_it_sees_the_future(model)


def test_what_a_pass_of_the_training_leaves_in_a_buffer_is_no_leak():
    class Counting(nn.Module):
        """Adds how many passes of the training there were before."""

        def __init__(self):
            super().__init__()
            self.register_buffer("passes", torch.zeros(16))

        @override
        def forward(self, x):
            out = x + self.passes
            self.passes += self.training
            return out

    model = decoder()
    model.layers[0].topology.before_mlp = Counting()
    refuse_if_it_sees_the_future(model)


def ahead(distance):
    """Each token and, faintly, the one `distance` places later in the window."""
    return lambda x: 1e-3 * torch.cat([x[:, distance:], torch.zeros_like(x[:, :distance])], dim=1)


@pytest.mark.parametrize(
    ("window", "context", "distance"), [(128, 256, 64), (128, 128, 100), (96, 192, 70)]
)
def test_a_look_further_ahead_than_a_short_window_is_seen(window, context, distance):
    model = model_with(ahead(distance), window=window, context=context)
    with pytest.raises(ValueError, match=r"sees a token behind position \d+.*\(perturbation\)$"):
        refuse_if_it_sees_the_future(model)


def test_a_long_window_hides_no_leak_of_its_last_token():
    model = decoder(window=128, context=256)

    def first_sees_last(x):
        out = torch.zeros_like(x)
        out[:, 0] = 1e-3 * x[:, 127] if x.shape[1] > 127 else 0.0
        return out

    model.layers[0].mlp = Leaking(first_sees_last)
    with pytest.raises(ValueError, match="position 0 sees a token behind position 63"):
        refuse_if_it_sees_the_future(model)


@pytest.mark.parametrize("memory", ["none", "xl"])
@pytest.mark.parametrize("positions", ["rotary", "alibi", "learned", "linspace"])
def test_a_sound_model_with_long_windows_passes(positions, memory):
    refuse_if_it_sees_the_future(
        decoder(positions=positions, memory=memory, window=160, context=320)
    )


def test_a_model_that_depends_on_nothing_is_refused():
    model = decoder()
    model.norm = nn.Hardtanh(0.0, 1e-30)
    with pytest.raises(ValueError, match="position 0 depends on no token"):
        refuse_if_it_sees_the_future(model)


def test_outputs_that_are_not_finite_are_refused():
    model = model_with(lambda x: x / torch.zeros_like(x))
    with pytest.raises(ValueError, match="not finite"):
        refuse_if_it_sees_the_future(model)


def test_the_model_is_left_as_it_is():
    model = decoder(memory="xl")
    before = windowed(model, some_tokens())
    torch.manual_seed(0)
    state = torch.get_rng_state()
    refuse_if_it_sees_the_future(model)
    assert torch.equal(windowed(model, some_tokens()), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(each.grad is None for each in model.parameters())


def test_a_bfloat16_model_is_checked_as_well():
    refuse_if_it_sees_the_future(decoder().bfloat16())


def test_no_parameter_of_the_drawn_copy_is_0_or_1():
    for _, parameter in randomised(decoder(positions="linspace")).named_parameters():
        assert not ((parameter == 0) | (parameter == 1)).any()


def test_a_tied_head_stays_tied_in_the_copy():
    copy = randomised(decoder(tied=True))
    assert copy.head.weight is copy.embedding.weight


@pytest.mark.parametrize(
    "settings",
    [
        {"positions": {"rotary": {"scaling": "dynamic", "factor": 2.0, "original": 4}}},
        {"positions": "linspace", "memory": ["sinks", "xl"]},
        {
            "positions": {"linspace": {"span": "visible"}},
            "memory": "xl",
            "mixer": {"attention": {"softcap": 2.0}},
        },
    ],
)
def test_where_a_later_document_begins_changes_nothing_before_it(settings):
    refuse_if_it_sees_the_future(random_decoder(context=36, window=12, **settings))


def test_a_look_at_where_documents_begin_is_seen():
    class Counting(Memory[None]):
        separates_documents = True

        @override
        def start(self, batch, device):
            return None

        @override
        def add_tokens(self, window, state):
            if window.documents is None:
                return window
            share = window.documents.to(window.x.dtype).mean(dim=1)[:, None, None]
            return replace(window, x=window.x * (1 + 1e-3 * share))

    model = decoder()
    model.memory = Chain(model.sizes, {"counting": Counting(model.sizes)})
    with pytest.raises(ValueError, match="perturbation"):
        refuse_if_it_sees_the_future(model)


@pytest.mark.parametrize("sizes", [{"context": 128, "window": 64}, {"context": 1, "window": 1}])
def test_no_token_of_the_check_stands_where_the_context_has_no_place(sizes):
    memory = "pause" if sizes["window"] == 1 else [{"xl": {"positions": "absolute"}}, "pause"]
    refuse_if_it_sees_the_future(decoder(positions="learned", memory=memory, **sizes))
