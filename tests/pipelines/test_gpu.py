"""Every component on a GPU: the numbers of a CPU, the same bits twice, and no waiting for it."""

from itertools import islice

import pytest
import torch

from components.catalogue import read_catalogue
from components.registry import component_class
from pipelines.device import reproducible
from pipelines.train import new_model, new_trainee, steps
from tests.training import PARTS, VOCABULARY, cell, documents
from tests.waiting import without_waiting

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]

CATALOGUE = read_catalogue()
CHOSEN = [(kind, name) for kind in PARTS for name in CATALOGUE.names(kind)]
LENGTHS = (30, 50, 40, 9)
STEPS = 4
GPU = torch.device("cuda")


def chosen(kind, name, precision="float32"):
    """A cell with this one component, in a model whose memory carries keys where it has any."""
    has_keys = kind != "mixer" or component_class(kind, name).has_keys
    parts = {"memory": "xl" if has_keys else "none", kind: name}
    return cell(**parts, training={"steps": STEPS, "precision": precision})


def measured(own, device):
    """The loss of each step, and the weights that it ended with."""
    with reproducible(device):
        built = new_trainee(own, VOCABULARY, documents(LENGTHS), device)
        losses = [float(each.loss) for each in steps(built, own)]
    return losses, {key: each.cpu() for key, each in built.model.state_dict().items()}


@pytest.mark.parametrize(("kind", "name"), CHOSEN)
def test_a_gpu_finds_the_losses_of_a_cpu(kind, name):
    own = chosen(kind, name)
    expected, _ = measured(own, torch.device("cpu"))
    found, _ = measured(own, GPU)
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("kind", "name"), CHOSEN)
def test_a_gpu_repeats_every_bit(kind, name, precision):
    own = chosen(kind, name, precision)
    (first, one), (second, other) = measured(own, GPU), measured(own, GPU)
    assert first == second
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(("kind", "name"), CHOSEN)
def test_nothing_waits_for_the_gpu(kind, name):
    if (kind, name) == ("batching", "refill"):
        pytest.skip("lets a memory forget in the middle of a sample, which asks the device")
    own = chosen(kind, name)
    walk = steps(new_trainee(own, VOCABULARY, documents(LENGTHS), GPU), own)
    next(walk)
    with without_waiting():
        assert len(list(walk)) == STEPS - 1


@pytest.mark.parametrize("name", CATALOGUE.names("mixer"))
def test_a_sample_in_bfloat16_is_near_one_in_float32(name):
    losses = {}
    for precision in ("float32", "bfloat16"):
        own = chosen("mixer", name, precision)
        built = new_trainee(own, VOCABULARY, documents(LENGTHS), GPU)
        losses[precision] = [float(each.loss) for each in islice(steps(built, own), 2)]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=2e-2)


def test_initial_values_do_not_depend_on_the_device():
    own = cell()
    here = new_model(own, VOCABULARY).state_dict()
    there = new_trainee(own, VOCABULARY, documents(LENGTHS), GPU).model.state_dict()
    assert all(torch.equal(here[key], there[key].cpu()) for key in here)
