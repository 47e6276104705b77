"""Mixtures of experts against Mixtral's and DeepSeek's, and against the MLP that each expert is."""

import pytest
import torch
from transformers import DeepseekV3Config, MixtralConfig
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3TopkRouter
from transformers.models.mixtral.modeling_mixtral import (
    MixtralSparseMoeBlock,
    load_balancing_loss_func,
)

from components.errors import UserError
from tests.builders import (
    component,
    decoder,
    random_decoder,
    sizes,
    some_tokens,
    some_values,
    windowed,
)


def moe(**options):
    made = component("mlp", "moe", sizes(), component("activation", "silu"), **options).double()
    for index, parameter in enumerate(made.parameters()):
        parameter.data = some_values(*parameter.shape, seed=index) / 4
    return made


def mixtral(ours):
    """Mixtral's block with the weights of `ours`."""
    inner = ours.experts[0].up.out_features
    config = MixtralConfig(
        hidden_size=16,
        intermediate_size=inner,
        num_local_experts=len(ours.experts),
        num_experts_per_tok=ours.active,
        hidden_act="silu",
    )
    config._experts_implementation = "eager"
    theirs = MixtralSparseMoeBlock(config).double()
    theirs.gate.weight.data = ours.router.weight.data
    gate_up = [torch.cat([each.gate.weight, each.up.weight]) for each in ours.experts]
    theirs.experts.gate_up_proj.data = torch.stack(gate_up).data
    theirs.experts.down_proj.data = torch.stack([each.down.weight for each in ours.experts]).data
    return theirs


def test_it_has_the_values_and_gradients_of_mixtral():
    ours = moe(experts=4, active=2, width=12)
    theirs = mixtral(ours)
    x = some_values(2, 7, 16).requires_grad_()
    expected = theirs(x)
    expected = expected[0] if isinstance(expected, tuple) else expected
    torch.testing.assert_close(ours(x), expected, atol=1e-6, rtol=0)
    found = torch.autograd.grad(ours(x).square().sum(), [x, ours.router.weight])
    other = torch.autograd.grad(expected.square().sum(), [x, theirs.gate.weight])
    torch.testing.assert_close(found, other, atol=1e-4, rtol=1e-4)


def test_the_loss_beside_is_that_of_mixtral():
    ours = moe(experts=4, active=2, balance_weight=1.0)
    x = some_values(2, 7, 16)
    logits = ours.router(x).flatten(0, 1)
    expected = load_balancing_loss_func((logits,), num_experts=4, top_k=2)
    torch.testing.assert_close(ours.transform(x).auxiliary, expected.double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("active", [1, 2, 3])
def test_experts_that_are_equally_likely_lose_as_many_as_are_active(active):
    ours = moe(experts=4, active=active, balance_weight=1.0)
    ours.router.weight.data.zero_()
    assert ours.transform(some_values(1, 5, 16)).auxiliary.item() == pytest.approx(active)


def test_the_choice_by_biased_scores_is_that_of_deepseek_v3():
    ours = moe(experts=8, active=3, balance="bias")
    ours.correction += some_values(8, seed=3)
    config = DeepseekV3Config(
        hidden_size=16, n_routed_experts=8, num_experts_per_tok=3, n_group=1, topk_group=1
    )
    theirs = DeepseekV3TopkRouter(config).double()
    theirs.weight.data = ours.router.weight.data
    theirs.e_score_correction_bias.data = ours.correction
    x = some_values(2, 7, 16)
    _, chosen = ours._routed(x)
    scores = (x.flatten(0, 1) @ theirs.weight.T).sigmoid() + theirs.e_score_correction_bias
    expected = torch.zeros_like(scores).scatter(1, scores.topk(3).indices, 1.0)
    assert torch.equal(chosen.flatten(0, 1), expected)


def test_weights_are_the_scores_without_the_bias():
    ours = moe(experts=2, active=1, balance="bias")
    ours.correction += torch.tensor([0.0, 100.0])
    x = some_values(1, 3, 16)
    torch.testing.assert_close(ours(x), ours.experts[1](x))


def test_the_bias_of_an_expert_with_less_than_its_share_rises():
    ours = moe(experts=2, active=1, balance="bias", bias_rate=0.25).train()
    ours.router.weight.data.zero_()
    ours.correction += torch.tensor([1.0, 0.0])
    ours(some_values(1, 3, 16))
    ours.after_step()
    assert ours.correction.tolist() == [0.75, 0.25]
    assert ours.load.tolist() == [0.0, 0.0]


def test_an_evaluation_counts_no_load():
    ours = moe(experts=2, active=1, balance="bias").eval()
    ours(some_values(1, 3, 16))
    ours.after_step()
    assert ours.correction.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("expert", ["plain", "gated"])
def test_one_expert_is_the_mlp_itself(expert):
    ours = moe(experts=1, active=1, expert=expert)
    alone = component("mlp", expert, sizes(), component("activation", "silu")).double()
    alone.load_state_dict(ours.experts[0].state_dict())
    x = some_values(2, 3, 16)
    torch.testing.assert_close(ours(x), alone(x), rtol=0, atol=0)


@pytest.mark.parametrize("expert", ["plain", "gated"])
def test_by_default_as_many_parameters_work_on_a_token_as_without_experts(expert):
    ours = moe(experts=8, active=4, expert=expert)
    alone = component("mlp", expert, sizes(), component("activation", "silu"))
    own = sum(each.numel() for each in ours.experts[0].parameters())
    assert 4 * own == sum(each.numel() for each in alone.parameters())


def test_all_experts_of_equal_weight_are_their_mean():
    ours = moe(experts=3, active=3)
    ours.router.weight.data.zero_()
    x = some_values(1, 2, 16)
    torch.testing.assert_close(ours(x), sum(each(x) for each in ours.experts) / 3)


def test_other_tokens_do_not_change_where_a_token_goes():
    ours = moe(experts=4, active=1)
    x = some_values(1, 6, 16)
    assert torch.equal(ours(x)[:, :3], ours(torch.cat([x[:, :3], -x[:, 3:]], dim=1))[:, :3])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"active": 0}, "active: 0 is not between 1 and 4 experts"),
        ({"active": 5}, "active: 5 is not between 1 and 4 experts"),
        ({"width": 0}, "width: 0 is below 1"),
        ({"balance_weight": -1.0}, "balance_weight: -1.0 is below 0"),
        ({"bias_rate": -1.0}, "bias_rate: -1.0 is below 0"),
    ],
)
def test_options_without_a_meaning_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        moe(**options)


def test_the_loss_beside_reaches_the_decoder_from_every_layer():
    model = decoder(mlp="moe", layers=3)
    assert model(some_tokens(length=6), model.start(3)).auxiliary.item() > 3 * 0.01
    assert decoder()(some_tokens(length=6), decoder().start(3)).auxiliary is None


def test_a_decoder_of_one_expert_is_one_without():
    ours = random_decoder(mlp={"moe": {"experts": 1, "active": 1}})
    plain = random_decoder(mlp="gated")
    names = {name.replace("mlp.experts.0.", "mlp."): each for name, each in ours.named_parameters()}
    plain.load_state_dict({name: each for name, each in names.items() if "router" not in name})
    tokens = some_tokens()
    torch.testing.assert_close(windowed(ours, tokens), windowed(plain, tokens))
