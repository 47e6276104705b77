"""Sinks against gpt-oss, a key without a value, and attention without them."""

import pytest
import torch
from torch import nn
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward

from components.errors import UserError
from components.memory import Seen
from components.mixer.attention import attend
from components.positions import Positions
from tests.builders import (
    component,
    decoder,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)


def test_it_has_the_values_of_gpt_oss():
    memory = component("memory", "sinks", sizes(layers=1)).double()
    memory.logits["0"].data = some_values(4, seed=9)
    queries, keys, values = (some_values(2, 4, 5, 4, seed=seed) for seed in (1, 2, 3))
    places = torch.arange(5)[None]
    visible = torch.ones(1, 5, 5, dtype=torch.bool).tril()
    seen = memory.recall(0, Seen(queries, keys, values, places, places, visible), None)
    module = nn.Module()
    module.num_key_value_groups, module.sinks, module.training = 1, memory.logits["0"], False
    mask = torch.zeros(5, 5, dtype=torch.float64).masked_fill(~visible[0], -torch.inf)[None, None]
    expected, _ = eager_attention_forward(module, queries, keys, values, mask, scaling=0.5)
    torch.testing.assert_close(attend(seen, Positions(sizes())), expected.transpose(1, 2))


def test_a_sink_far_below_every_score_is_none():
    tokens = some_tokens()
    plain = windowed(random_decoder(), tokens)
    sunk = random_decoder(memory={"sinks": {"learned": False, "initial": -1e9}})
    torch.testing.assert_close(windowed(sunk, tokens), plain)


def test_a_large_sink_leaves_nothing_to_attend_to():
    tokens = some_tokens(length=6)
    model = random_decoder(layers=1, memory={"sinks": {"learned": False, "initial": 1e4}})
    found = {}
    model.layers[0].mixer.out.register_forward_hook(lambda *each: found.update(x=each[1][0]))
    windowed(model, tokens)
    assert found["x"].abs().max() < 1e-9


def test_only_layers_with_keys_that_are_chosen_have_logits():
    model = decoder(layers=4, memory={"sinks": {"layers": [True, False]}}, mixer=["attention"])
    names = [name for name, _ in model.named_parameters() if "memory" in name]
    assert names == ["memory.members.sinks.logits.0", "memory.members.sinks.logits.2"]


@pytest.mark.parametrize("options", [{"initial": float("inf")}, {"layers": ()}])
def test_options_without_a_meaning_are_refused(options):
    with pytest.raises(UserError, match=next(iter(options))):
        component("memory", "sinks", sizes(), **options)
