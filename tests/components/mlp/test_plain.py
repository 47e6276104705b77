"""The plain MLP against an oracle and GPT-NeoX."""

import pytest
import torch
from transformers import GPTNeoXConfig
from transformers.models.gpt_neox.modeling_gpt_neox import GPTNeoXMLP

from components.errors import UserError
from components.initialise import OutputLinear
from tests.builders import component, sizes, some_values
from tests.oracles import tokens


def mlp(**options):
    return component("mlp", "plain", sizes(), component("activation", "gelu"), **options).double()


def test_it_has_the_values_of_the_formula():
    ours, x = mlp(width=5), some_values(3, 16)
    up, down = ours.up.weight.tolist(), ours.down.weight.tolist()
    expected = [tokens.plain(row, up, down, tokens.gelu) for row in x.tolist()]
    torch.testing.assert_close(ours(x), torch.tensor(expected, dtype=torch.float64))


def test_it_has_the_values_and_gradients_of_gpt_neox():
    ours = mlp(width=24, bias=True)
    theirs = GPTNeoXMLP(
        GPTNeoXConfig(
            hidden_size=16, num_attention_heads=4, intermediate_size=24, hidden_act="gelu"
        )
    ).double()
    theirs.dense_h_to_4h.load_state_dict(ours.up.state_dict())
    theirs.dense_4h_to_h.load_state_dict(ours.down.state_dict())
    x = some_values(3, 16).requires_grad_()
    torch.testing.assert_close(ours(x), theirs(x))
    mine = torch.autograd.grad(ours(x).square().sum(), [x, ours.up.weight, ours.down.bias])
    inputs = [x, theirs.dense_h_to_4h.weight, theirs.dense_4h_to_h.bias]
    torch.testing.assert_close(mine, torch.autograd.grad(theirs(x).square().sum(), inputs))


def test_it_is_four_times_as_wide_as_the_model_where_nothing_is_said():
    assert mlp().up.out_features == 64


def test_its_last_projection_leads_back_into_the_stream():
    assert isinstance(mlp().down, OutputLinear)


def test_a_width_of_0_is_refused():
    with pytest.raises(UserError, match="mlp/plain: width: 0 is below 1"):
        mlp(width=0)
