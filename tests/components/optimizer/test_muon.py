"""Muon against the formula in bfloat16, the singular values it should have, and AdamW of torch."""

import math

import pytest
import torch
from torch import nn

from components.errors import UserError
from tests.builders import component, decoder, some_tokens, some_values, windowed

SHAPES = [(4, 4), (3, 7), (7, 3), (1, 5)]


def orthogonal(matrix):
    """Five steps of Newton and Schulz, as the formula is written, in bfloat16."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(5):
        a = x @ x.T
        x = torch.addmm(x, torch.addmm(a, a, a, beta=-4.775, alpha=2.0315), x, beta=3.4445)
    return x.T if tall else x


def oracle(weight, gradients, *, rate, momentum, decay, factor):
    mean = torch.zeros_like(weight)
    for gradient in gradients:
        mean = momentum * mean + (1 - momentum) * gradient
        update = orthogonal(momentum * mean + (1 - momentum) * gradient)
        weight = weight - rate * decay * weight - rate * factor * update.to(weight.dtype)
    return weight


def trained(start, gradients, name="layers.0.up.weight", **options):
    weight = nn.Parameter(start.clone())
    optimizer = component("optimizer", "muon", [(name, weight)], **options).make()
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


def values(*shape):
    return some_values(*shape).float(), some_values(4, *shape, seed=1).float()


@pytest.mark.parametrize("adjust", ["original", "match_rms_adamw"])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_has_the_values_of_the_formula(shape, adjust):
    start, gradients = values(*shape)
    rows, columns = shape
    factor = {
        "original": math.sqrt(max(1, rows / columns)),
        "match_rms_adamw": 0.2 * math.sqrt(max(rows, columns)),
    }
    options = {"learning_rate": 0.03, "momentum": 0.9, "weight_decay": 0.2}
    ours = trained(start, gradients, adjust=adjust, **options)
    expected = oracle(start, gradients, rate=0.03, momentum=0.9, decay=0.2, factor=factor[adjust])
    # A mean that is rounded otherwise in float32 may be another number of bfloat16.
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_update_has_the_vectors_of_the_gradient_and_singular_values_near_1(shape):
    start, gradients = values(*shape)
    options = {"learning_rate": 1.0, "weight_decay": 0.0, "adjust": "original"}
    factor = math.sqrt(max(1, shape[0] / shape[1]))
    update = (start - trained(start, gradients[:1], **options)) / factor
    left, sizes, right = torch.linalg.svd(gradients[0].double(), full_matrices=False)
    sizes = sizes / sizes.norm()
    for _ in range(5):
        sizes = 3.4445 * sizes - 4.775 * sizes**3 + 2.0315 * sizes**5
    expected = left @ sizes.diag() @ right
    torch.testing.assert_close(update.double(), expected, rtol=0, atol=0.03)
    assert ((sizes > 0.6) & (sizes < 1.25)).all()


def test_with_one_rate_an_update_is_as_large_as_one_of_adamw():
    start, gradients = values(64, 16)
    options = {"learning_rate": 1.0, "weight_decay": 0.0}
    spread = (trained(start, gradients[:1], **options) - start).square().mean().sqrt()
    assert 0.15 < spread < 0.25


@pytest.mark.parametrize(
    "name", ["head.weight", "embedding.weight", "layers.0.positions.net.weight", "memory.tokens"]
)
def test_embeddings_head_and_position_encoders_follow_adamw(name):
    start, gradients = values(3, 4)
    options = {"learning_rate": 0.5, "adam_learning_rate": 0.03, "beta1": 0.8, "beta2": 0.99}
    ours = trained(start, gradients, name, weight_decay=0.2, epsilon=1e-5, **options)
    weight = nn.Parameter(start.clone())
    decay = 0.2 if name == "head.weight" else 0.0
    theirs = torch.optim.AdamW([weight], lr=0.03, betas=(0.8, 0.99), eps=1e-5, weight_decay=decay)
    for gradient in gradients:
        weight.grad = gradient.clone()
        theirs.step()
    torch.testing.assert_close(ours, weight.detach())


def test_matrices_of_the_layers_and_nothing_else_follow_muon():
    model = decoder(positions="learned", mlp={"plain": {"bias": True}})
    named = dict(model.named_parameters())
    optimizer = component("optimizer", "muon", list(named.items())).make()
    for parameter in named.values():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    orthogonalised = {
        name for name, each in named.items() if "momentum_buffer" in optimizer.state[each]
    }
    assert orthogonalised == {
        f"layers.{n}.{part}.weight"
        for n in (0, 1)
        for part in (
            *(f"mixer.{each}" for each in ("query", "key", "value", "out")),
            *(f"mlp.{each}" for each in ("up", "down")),
        )
    }


def test_kernels_of_convolutions_and_stacks_of_matrices_follow_adamw():
    shapes = {"layers.0.mixer.convolution.weight": (4, 1, 3), "layers.0.mlp.up_weight": (2, 3, 4)}
    named = [(name, nn.Parameter(torch.ones(shape))) for name, shape in shapes.items()]
    groups = component("optimizer", "muon", named, weight_decay=0.2).make().param_groups
    assert [(len(each["params"]), each["weight_decay"]) for each in groups] == [(2, 0.2)]
    assert "momentum" not in groups[0]


def test_a_schedule_scales_the_two_rates_each_from_its_own_peak():
    model = decoder()
    made = component(
        "optimizer",
        "muon",
        list(model.named_parameters()),
        learning_rate=0.02,
        adam_learning_rate=0.003,
    ).make()
    assert [group["lr"] for group in made.param_groups] == [0.02, 0.003, 0.003]
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    made.param_groups[0]["lr"] = 0.0
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    made.step()
    moved = {name for name, each in model.named_parameters() if not torch.equal(each, before[name])}
    assert not any(".mixer." in name or ".mlp." in name for name in moved)
    assert {"head.weight", "embedding.weight", "norm.weight"} <= moved


def test_where_nothing_is_said_both_rates_are_one():
    model = decoder()
    made = component("optimizer", "muon", list(model.named_parameters()), learning_rate=0.02).make()
    assert {group["lr"] for group in made.param_groups} == {0.02}


def test_a_state_that_was_read_from_a_file_goes_on_to_the_same_bits(tmp_path):
    def step(model, optimizer):
        optimizer.zero_grad()
        windowed(model, some_tokens()).square().sum().backward()
        optimizer.step()

    def optimizer_of(model):
        named = list(model.named_parameters())
        return component("optimizer", "muon", named, adam_learning_rate=0.002).make()

    model, other = decoder(), decoder(seed=1)
    straight, resumed = optimizer_of(model), optimizer_of(other)
    for _ in range(3):
        step(model, straight)
    torch.save(straight.state_dict(), tmp_path / "state.pt")
    other.load_state_dict(model.state_dict())
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for group in (*straight.param_groups, *resumed.param_groups):
        group["lr"] *= 0.5
    for _ in range(2):
        step(model, straight), step(other, resumed)
    for one, same in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, same)


def test_a_gradient_of_zeros_moves_a_matrix_by_its_decay_alone():
    start = torch.ones(2, 2)
    ours = trained(start, [torch.zeros(2, 2)], learning_rate=0.5, weight_decay=0.1)
    torch.testing.assert_close(ours, 0.95 * start)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate: 0.0 is not above 0"),
        ({"adam_learning_rate": -1.0}, "adam_learning_rate: -1.0 is not above 0"),
        ({"momentum": 1.0}, "momentum: 1.0 is not in [0, 1)"),
        ({"weight_decay": -0.1}, "weight_decay: -0.1 is below 0"),
        ({"beta1": 1.0}, "beta1: 1.0 is not in [0, 1)"),
        ({"beta2": -0.1}, "beta2: -0.1 is not in [0, 1)"),
        ({"epsilon": 0.0}, "epsilon: 0.0 is not above 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("optimizer", "muon", [], **options)
    assert refused.value.problems[0].what == f"optimizer/muon: {message}"
