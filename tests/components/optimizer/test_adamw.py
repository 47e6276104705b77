"""AdamW against the formula, known values and torch without fusing."""

import pytest
import torch
from torch import nn

from components.errors import UserError
from components.optimizer import decayed
from tests.builders import component, decoder
from tests.known import COMPONENTS
from tests.oracles.training import adamw as oracle

KNOWN = COMPONENTS["adamw_3_steps"]


def trained(gradients, **options):
    """The values of a 1 x 3 matrix of a layer after a step for each gradient."""
    weight = nn.Parameter(torch.tensor([KNOWN["w0"]], dtype=torch.float64))
    optimizer = component("optimizer", "adamw", [("layers.0.up.weight", weight)], **options).make()
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
    return weight.detach()[0].tolist()


def test_it_has_the_known_values():
    gradients = [[0.3 * step, -0.1 * step, 0.2 * step] for step in (1, 2, 3)]
    ours = trained(
        gradients,
        learning_rate=KNOWN["lr"],
        beta1=KNOWN["betas"][0],
        beta2=KNOWN["betas"][1],
        epsilon=KNOWN["eps"],
        weight_decay=KNOWN["weight_decay"],
    )
    assert ours == pytest.approx(KNOWN["w3"], rel=1e-8)


def test_it_has_the_values_of_the_formula():
    gradients = [[0.5, -0.2, 0.1], [-0.4, 0.0, 1e-6], [0.1, 3.0, 1e-6], [0.2, -3.0, 0.0]]
    ours = trained(gradients, learning_rate=0.03, beta1=0.8, beta2=0.99, epsilon=1e-5)
    for place, start in enumerate(KNOWN["w0"]):
        expected = oracle(
            start,
            [each[place] for each in gradients],
            rate=0.03,
            beta1=0.8,
            beta2=0.99,
            epsilon=1e-5,
            decay=0.1,
        )
        assert ours[place] == pytest.approx(expected, abs=1e-12)


def test_matrices_of_layers_and_head_decay_and_nothing_else():
    model = decoder(positions="learned", mlp={"plain": {"bias": True}})
    decaying = {name for name, each in model.named_parameters() if decayed(name, each)}
    spared = {name for name, _ in model.named_parameters()} - decaying
    assert decaying == {
        "head.weight",
        *(
            f"layers.{n}.mixer.{part}.weight"
            for n in (0, 1)
            for part in ("query", "key", "value", "out")
        ),
        *(f"layers.{n}.mlp.{part}.weight" for n in (0, 1) for part in ("up", "down")),
    }
    assert {"embedding.weight", "embedded.table.weight", "norm.weight"} < spared


@pytest.mark.parametrize("per_head", [False, True])
def test_a_position_encoder_never_decays_whatever_its_shape(per_head):
    model = decoder(positions={"linspace": {"per_head": per_head}})
    scales = {name: each for name, each in model.named_parameters() if ".positions." in name}
    assert scales
    assert not any(decayed(name, each) for name, each in scales.items())


@pytest.mark.parametrize(
    ("name", "shape", "decays"),
    [
        ("layers.0.mixer.convolution.weight", (4, 1, 3), True),
        ("layers.0.mlp.up_weight", (2, 4, 4), True),
        ("layers.0.mixer.log_decay", (4, 3), False),
        ("layers.0.mixer.scale", (2, 4), False),
        ("memory.rmt.tokens", (3, 4), False),
        ("layers.0.topology.behind_mlp.openness", (1,), False),
        ("layers.0.topology.before_mlp.gain", (4,), False),
        ("norm.slope", (1,), False),
    ],
)
def test_of_what_components_hold_themselves_weights_decay(name, shape, decays):
    assert decayed(name, nn.Parameter(torch.ones(shape))) is decays


@pytest.mark.parametrize(("decay", "moved"), [("matrices", False), ("all", True)])
def test_without_a_gradient_vectors_move_only_if_everything_decays(decay, moved):
    gain = nn.Parameter(torch.ones(3))
    optimizer = component("optimizer", "adamw", [("norm.weight", gain)], decay=decay).make()
    gain.grad = torch.zeros(3)
    optimizer.step()
    assert bool((gain != 1).any()) is moved


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate: 0.0 is not above 0"),
        ({"epsilon": -1.0}, "epsilon: -1.0 is not above 0"),
        ({"beta1": 1.0}, "beta1: 1.0 is not in [0, 1)"),
        ({"beta2": -0.1}, "beta2: -0.1 is not in [0, 1)"),
        ({"weight_decay": -0.1}, "weight_decay: -0.1 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("optimizer", "adamw", [], **options)
    assert refused.value.problems[0].what == f"optimizer/adamw: {message}"
