"""The gated MLP against an oracle and Llama."""

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaMLP

from components.errors import UserError
from components.initialise import OutputLinear
from tests.builders import component, sizes, some_values
from tests.oracles import tokens


def mlp(width_of_model=16, **options):
    activation = component("activation", "silu")
    return component("mlp", "gated", sizes(width=width_of_model), activation, **options).double()


def test_it_has_the_values_of_the_formula():
    ours, x = mlp(width=5), some_values(3, 16)
    gate, up, down = (each.weight.tolist() for each in (ours.gate, ours.up, ours.down))
    expected = [tokens.gated(row, gate, up, down, tokens.silu) for row in x.tolist()]
    torch.testing.assert_close(ours(x), torch.tensor(expected, dtype=torch.float64))


def test_it_has_the_values_and_gradients_of_llama():
    ours = mlp(width=24, bias=True)
    theirs = LlamaMLP(
        LlamaConfig(hidden_size=16, num_attention_heads=4, intermediate_size=24, mlp_bias=True)
    ).double()
    theirs.load_state_dict(
        {key.replace(".", "_proj."): value for key, value in ours.state_dict().items()}
    )
    x = some_values(3, 16).requires_grad_()
    torch.testing.assert_close(ours(x), theirs(x))
    mine = torch.autograd.grad(ours(x).square().sum(), [x, ours.gate.weight, ours.up.bias])
    inputs = [x, theirs.gate_proj.weight, theirs.up_proj.bias]
    torch.testing.assert_close(mine, torch.autograd.grad(theirs(x).square().sum(), inputs))


@pytest.mark.parametrize(("model", "inner"), [(64, 168), (768, 2048), (3, 8)])
def test_where_nothing_is_said_it_has_about_the_parameters_of_plain(model, inner):
    assert mlp(model).up.out_features == inner


def test_its_last_projection_leads_back_into_the_stream():
    assert isinstance(mlp().down, OutputLinear)


def test_a_width_of_0_is_refused():
    with pytest.raises(UserError, match="mlp/gated: width: 0 is below 1"):
        mlp(width=0)
