"""Gates that start shut, against the formula."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from components.optimizer import decayed
from tests.builders import component, decoder, some_tokens, some_values, windowed


def gates(model):
    return {name: each for name, each in model.named_parameters() if "openness" in name}


def test_each_is_added_times_its_gate():
    x = some_values(2, 3, 4)
    layer = component("topology", "rezero", lambda: nn.LayerNorm(4)).double()
    layer.behind_mixer.openness.data.fill_(0.3)
    layer.behind_mlp.openness.data.fill_(-1.7)
    out = layer(x, lambda stream: stream.cumsum(1), torch.tanh)
    middle = x + 0.3 * x.cumsum(1)
    torch.testing.assert_close(out, middle - 1.7 * torch.tanh(middle))


def test_a_gate_has_the_gradient_of_what_it_lets_through():
    x, weights = some_values(2, 3, 4), some_values(2, 3, 4, seed=1)
    layer = component("topology", "rezero", lambda: nn.LayerNorm(4)).double()
    (layer(x, lambda stream: stream.cumsum(1), torch.tanh) * weights).sum().backward()
    expected = [(x.cumsum(1) * weights).sum(), (torch.tanh(x) * weights).sum()]
    ours = [layer.behind_mixer.openness.grad[0], layer.behind_mlp.openness.grad[0]]
    torch.testing.assert_close(ours, expected)


def test_at_the_start_the_stream_goes_through_as_it_is():
    model, tokens = decoder(layers=3, topology="rezero"), some_tokens()
    expected = model.head(model.norm(model.embedding(tokens)))
    assert torch.equal(windowed(model, tokens), expected)


def test_the_first_step_opens_every_gate():
    model, tokens = decoder(topology="rezero"), some_tokens()
    logits = windowed(model, tokens)
    cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).backward()
    component("optimizer", "adamw", list(model.named_parameters())).make().step()
    assert len(gates(model)) == 4
    assert all(bool(each.detach()) for each in gates(model).values())


def test_there_are_no_norms_but_the_one_before_the_head():
    model = decoder(topology="rezero")
    assert {name for name, _ in model.named_parameters() if "topology" in name} == set(gates(model))
    assert list(model.norm.parameters())


def test_gates_do_not_decay():
    assert not any(decayed(name, each) for name, each in gates(decoder(topology="rezero")).items())
