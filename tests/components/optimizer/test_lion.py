"""Lion against the formula, one number at a time."""

import pytest
import torch
from torch import nn

from components.errors import UserError
from tests.builders import component

START = [1.0, -2.0, 3.0]
GRADIENTS = [[0.5, -0.2, 0.1], [-0.4, 0.0, 1e-6], [-3.0, 3.0, 1e-6], [0.2, -3.0, 0.0]]


def oracle(weight, gradients, *, rate, beta1, beta2, decay):
    """Return one weight after a step for each gradient."""
    mean = 0.0
    for gradient in gradients:
        blend = beta1 * mean + (1 - beta1) * gradient
        side = (blend > 0) - (blend < 0)
        weight = weight - rate * decay * weight - rate * side
        mean = beta2 * mean + (1 - beta2) * gradient
    return weight


def trained(gradients, name="layers.0.up.weight", **options):
    """The values of a 1 x 3 parameter after a step for each gradient, and the optimizer."""
    weight = nn.Parameter(torch.tensor([START], dtype=torch.float64))
    optimizer = component("optimizer", "lion", [(name, weight)], **options).make()
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
    return weight.detach()[0].tolist(), optimizer.state[weight]


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.99), (0.3, 0.8), (0.0, 0.0)])
def test_it_has_the_values_of_the_formula(beta1, beta2):
    options = {"learning_rate": 0.03, "beta1": beta1, "beta2": beta2, "weight_decay": 0.2}
    ours, _ = trained(GRADIENTS, **options)
    for place, start in enumerate(START):
        own = [each[place] for each in GRADIENTS]
        expected = oracle(start, own, rate=0.03, beta1=beta1, beta2=beta2, decay=0.2)
        assert ours[place] == pytest.approx(expected, abs=1e-12)


def test_the_first_step_is_the_rate_to_every_side():
    ours, _ = trained([[1e-9, -1e9, 0.0]], learning_rate=0.5, weight_decay=0.0)
    assert ours == [0.5, -1.5, 3.0]


def test_it_keeps_one_number_for_each_weight():
    _, state = trained(GRADIENTS)
    assert [each.numel() for each in state.values()] == [3]


def test_a_parameter_without_a_gradient_stays_as_it_is():
    weight = nn.Parameter(torch.ones(2, 3))
    component("optimizer", "lion", [("layers.0.up.weight", weight)]).make().step()
    assert torch.equal(weight, torch.ones(2, 3))


@pytest.mark.parametrize(
    ("name", "decay", "moved"),
    [
        ("layers.0.up.weight", "matrices", True),
        ("embedding.weight", "matrices", False),
        ("embedding.weight", "all", True),
    ],
)
def test_without_a_gradient_only_what_decays_moves(name, decay, moved):
    ours, _ = trained([[0.0, 0.0, 0.0]], name, decay=decay)
    assert (ours != START) is moved


def test_a_state_that_was_read_from_a_file_goes_on_to_the_same_bits(tmp_path):
    def optimizer_of(weight):
        return component("optimizer", "lion", [("layers.0.up.weight", weight)]).make()

    weight = nn.Parameter(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))
    gradients = torch.randn(6, 3, 4, generator=torch.Generator().manual_seed(1))
    straight = optimizer_of(weight)
    for gradient in gradients[:3]:
        weight.grad = gradient
        straight.step()
    torch.save(straight.state_dict(), tmp_path / "state.pt")
    other = nn.Parameter(weight.detach().clone())
    resumed = optimizer_of(other)
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for gradient in gradients[3:]:
        weight.grad = other.grad = gradient
        straight.step(), resumed.step()
    assert torch.equal(weight, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate: 0.0 is not above 0"),
        ({"beta1": 1.0}, "beta1: 1.0 is not in [0, 1)"),
        ({"beta2": -0.1}, "beta2: -0.1 is not in [0, 1)"),
        ({"weight_decay": -0.1}, "weight_decay: -0.1 is below 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UserError) as refused:
        component("optimizer", "lion", [], **options)
    assert refused.value.problems[0].what == f"optimizer/lion: {message}"
