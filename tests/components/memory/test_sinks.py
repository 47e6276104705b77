"""A logit without a value against gpt-oss, closed forms, and attention without it."""

from types import SimpleNamespace

import pytest
import torch
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward

from components.errors import UserError
from components.memory import Recall, Seen
from components.mixer.attention import attend
from components.positions import Positions
from pipelines.checks import unreached
from tests.builders import (
    component,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)

LOGITS = "memory.members.sinks.logits"


def seen(heads=4, kv_heads=4, queries=5, keys=7):
    """What queries look at who stand at the end of the keys, and their values ask for gradients."""
    parts = [
        some_values(2, count, length, 4, seed=seed).requires_grad_()
        for seed, (count, length) in enumerate([(heads, queries), (kv_heads, keys)])
    ]
    values = some_values(2, kv_heads, keys, 4, seed=2).requires_grad_()
    places = torch.arange(keys)[None]
    visible = torch.ones(1, queries, keys, dtype=torch.bool).tril(keys - queries)
    return Seen(*parts, values, places[:, keys - queries :], places, visible)


def attended(own, cap=None, **options):
    """What a layer's attention finds under a memory of these options, and its logit."""
    memory = component("memory", "sinks", sizes(), **options).double()
    if memory.learned:
        with torch.no_grad():
            memory.logits["0"].copy_(some_values(4, seed=3))
    found = Recall(memory, 0, None).seen(own)
    return attend(found, Positions(sizes()), cap), found.sink


def nearly_the_same(scores):
    """A cap that caps nothing, so that scores are computed one by one."""
    return scores


@pytest.mark.parametrize("cap", [None, nearly_the_same])
@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_it_has_the_values_and_gradients_of_gpt_oss(kv_heads, cap):
    own = seen(kv_heads=kv_heads)
    ours, sink = attended(own, cap)
    module = SimpleNamespace(num_key_value_groups=4 // kv_heads, sinks=sink, training=False)
    mask = torch.zeros(own.visible.shape, dtype=torch.float64)
    mask = mask.masked_fill(~own.visible, float("-inf"))[:, None]
    theirs, _ = eager_attention_forward(module, own.queries, own.keys, own.values, mask, 0.5)
    torch.testing.assert_close(ours, theirs.transpose(1, 2))
    inputs = [own.queries, own.keys, own.values, sink]
    mine = torch.autograd.grad(ours.square().sum(), inputs)
    other = torch.autograd.grad(theirs.square().sum(), inputs)
    torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("cap", [None, nearly_the_same])
def test_a_frozen_logit_of_0_is_attention_off_by_one(cap):
    own = seen()
    ours, _ = attended(own, cap, learned=False)
    scores = own.queries @ own.keys.transpose(-1, -2) / 2
    scores = scores.masked_fill(~own.visible[:, None], float("-inf"))
    weights = scores.exp() / (1 + scores.exp().sum(dim=-1, keepdim=True))
    torch.testing.assert_close(ours, weights @ own.values)


@pytest.mark.parametrize("settings", [{}, {"mixer": {"attention": {"softcap": 5.0}}}])
@pytest.mark.parametrize("options", [{"learned": False}, {}])
@pytest.mark.parametrize("initial", [float("-inf"), -1e9])
def test_a_logit_far_below_the_scores_is_none(initial, options, settings):
    tokens = some_tokens()
    model = random_decoder(memory={"sinks": options}, **settings)
    model.memory.memories[0].initial = initial
    with torch.no_grad():
        for name, each in model.named_parameters():
            if name.startswith(LOGITS):
                each.fill_(initial)
    logits = windowed(model, tokens)
    torch.testing.assert_close(logits, windowed(random_decoder(**settings), tokens))
    logits.square().sum().backward()
    assert all(each.grad.isfinite().all() for each in model.parameters())


@pytest.mark.parametrize("cap", [None, nearly_the_same])
def test_a_logit_far_above_the_scores_leaves_nothing_to_attend_to(cap):
    found, _ = attended(seen(), cap, learned=False, initial=1e4)
    assert found.abs().max() < 1e-9


def test_a_frozen_logit_is_the_same_as_a_learned_one_of_its_value():
    frozen, learned = (
        random_decoder(memory={"sinks": {"initial": 1.5, "learned": each}})
        for each in (False, True)
    )
    with torch.no_grad():
        for each in (0, 1):
            learned.get_parameter(f"{LOGITS}.{each}").fill_(1.5)
    tokens = some_tokens()
    torch.testing.assert_close(windowed(frozen, tokens), windowed(learned, tokens))
    assert frozen.state_dict().keys() == random_decoder().state_dict().keys()


def test_logits_begin_as_is_said():
    memory = component("memory", "sinks", sizes(), initial=-2.0)
    assert memory.logits["1"].tolist() == [-2.0] * 4


def test_layers_without_keys_or_not_chosen_have_none():
    model = random_decoder(
        layers=6,
        mixer=["attention", "attention", "gated_conv"],
        memory={"sinks": {"layers": (True, False)}},
    )
    own = [name for name, _ in model.named_parameters() if name.startswith(LOGITS)]
    assert own == [f"{LOGITS}.0", f"{LOGITS}.4"]
    assert unreached(model) == ()


def test_a_layer_that_is_not_chosen_attends_as_without():
    tokens = some_tokens()
    model = random_decoder(memory={"sinks": {"layers": (False,)}})
    assert torch.equal(windowed(model, tokens), windowed(random_decoder(), tokens))


def test_keys_that_are_remembered_share_one_sink_with_those_of_the_window():
    tokens = some_tokens()
    cached, long = (
        random_decoder(layers=1, window=window, memory=memory)
        for window, memory in ((6, [{"xl": {"windows": 2}}, "sinks"]), (18, "sinks"))
    )
    torch.testing.assert_close(windowed(cached, tokens), windowed(long, tokens))


def test_nothing_is_handed_on_and_documents_stay_apart():
    model = random_decoder(memory="sinks")
    assert not model.carries
    assert model.separates_documents


def test_a_list_of_layers_without_a_member_is_refused():
    with pytest.raises(UserError) as refused:
        component("memory", "sinks", sizes(), layers=())
    (problem,) = refused.value.problems
    expected = ("memory/sinks: layers: the list has no member", "layers")
    assert (problem.what, problem.key) == expected
