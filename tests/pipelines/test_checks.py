import copy
import math

import pytest
import torch

from components.causality import refuse_if_it_sees_the_future
from components.errors import UserError
from components.registry import load_files
from pipelines import checks
from pipelines.samples import sample
from pipelines.train import new_batching, new_model
from tests.training import VOCABULARY, cell, documents


def model_and_sample(own, vocabulary=VOCABULARY):
    batching = new_batching(own, 8, documents([30, 50, 40]))
    return new_model(own, vocabulary), sample(batching, own.seed, torch.device("cpu"), 0)


@pytest.mark.parametrize("memory", ["none", "xl"])
@pytest.mark.parametrize("positions", ["rotary", "none", "linspace", "learned", "alibi"])
def test_a_sound_model_passes(positions, memory):
    own = cell(positions=positions, memory=memory)
    model, first = model_and_sample(own)
    checks.refuse_a_broken_model(own, model)
    checks.refuse_an_odd_start(model, checks.initial_loss(model, first, "float32"))


def test_checking_changes_neither_the_model_nor_the_random_numbers():
    own = cell(memory="xl", positions="alibi", seed=4)
    model, first = model_and_sample(own)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    checks.refuse_a_broken_model(own, model)
    checks.initial_loss(model, first, "float32")
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(each.grad is None for each in model.parameters())


def test_a_parameter_that_nothing_uses_is_named():
    model = new_model(cell(), VOCABULARY)
    model.layers[1].mixer.spare = torch.nn.Parameter(torch.ones(3))
    assert checks.unreached(model) == ("layers.1.mixer.spare",)


def test_parameters_that_are_used_without_effect_are_named():
    model = new_model(cell(), VOCABULARY)
    model.layers[0].mixer.query.register_forward_hook(lambda _module, _inputs, output: 0 * output)
    keys = "layers.0.mixer.key.weight"  # no query, no use of the keys
    assert checks.unreached(model) == ("layers.0.mixer.query.weight", keys)


def test_parameters_behind_a_gate_that_is_shut_at_first_are_reached():
    model = new_model(cell(), VOCABULARY)
    with torch.no_grad():
        for layer in model.layers:
            layer.mixer.out.weight.zero_()
    assert checks.unreached(model) == ()


def test_a_variant_is_checked_once_for_all_seeds(monkeypatch):
    seen = []
    monkeypatch.setattr(checks, "_known", {})
    monkeypatch.setattr(
        checks,
        "refuse_if_it_sees_the_future",
        lambda model: (seen.append(model), refuse_if_it_sees_the_future(model)),
    )
    for seed in range(3):
        own = cell(seed=seed)
        checks.refuse_a_broken_model(own, new_model(own, VOCABULARY))
    checks.refuse_a_broken_model(cell(positions="none"), new_model(cell(positions="none"), 16))
    assert len(seen) == 2


def test_the_initial_loss_is_near_the_log_of_the_vocabulary():
    model, first = model_and_sample(cell(), 50)
    assert checks.initial_loss(model, first, "float32") == pytest.approx(math.log(50), abs=0.1)


@pytest.mark.parametrize("loss", [1.0, 5.0, math.nan])
def test_an_initial_loss_far_from_it_is_refused(loss):
    with pytest.raises(UserError, match=r"the initial loss is .*\n  expected 2.773"):
        checks.refuse_an_odd_start(new_model(cell(), VOCABULARY), loss)


def test_other_initial_values_promise_nothing():
    checks.refuse_an_odd_start(new_model(cell(model={"init": "torch"}), VOCABULARY), 5.0)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("width", [16, 256])
def test_the_band_holds_for_narrow_and_wide_tied_and_free(tied, width):
    own = cell(model={"tied": tied, "width": width})
    model, first = model_and_sample(own)
    checks.refuse_an_odd_start(model, checks.initial_loss(model, first, "float32"))


DRAWS = '''
import torch
from torch import nn
from components.positions import Positions
from components.registry import component


@component("positions", "{name}")
class Drawn(Positions):
    """Add random numbers.

    Options:
    """

    def __init__(self, sizes) -> None:
        super().__init__(sizes)
        self.shift = nn.Parameter(torch.randn(sizes.head_width))
        self.register_buffer("signs", torch.randn(sizes.head_width))

    def on_queries_and_keys(self, seen):
        return seen.queries + self.shift * self.signs, seen.keys
'''

DRAW = """
    def draw(self, name, tensor, generator):
        tensor.normal_(generator=generator)
"""


def with_drawn(folder, name, more=""):
    file = folder / f"{name}.py"
    file.write_text(DRAWS.format(name=name) + more, encoding="utf-8")
    load_files([file])
    return cell(positions=name, components=[file])


def test_a_constructor_that_draws_is_refused_with_the_names(tmp_path):
    own = with_drawn(tmp_path, "drawn_when_built")
    with pytest.raises(UserError) as refused:
        checks.refuse_a_broken_model(own, new_model(own, VOCABULARY))
    (problem,) = refused.value.problems
    assert problem.what.startswith("the constructor draws layers.0.positions.shift, ")
    assert "layers.1.positions.signs" in problem.what
    assert "draw(self, name, tensor, generator)" in problem.hints[1]


def test_a_module_that_draws_by_name_and_seed_passes(tmp_path):
    own = with_drawn(tmp_path, "drawn_by_name", DRAW)
    state = torch.get_rng_state()
    assert checks.drawn_by_constructors(own, VOCABULARY) == ()
    assert torch.equal(torch.get_rng_state(), state)
    checks.refuse_a_broken_model(own, new_model(own, VOCABULARY))


@pytest.mark.parametrize("init", ["normal", "torch"])
def test_no_component_of_the_project_draws_in_its_constructor(init):
    own = cell(positions="alibi", memory="xl", mlp="gated", norm="rms", model={"init": init})
    assert checks.drawn_by_constructors(own, VOCABULARY) == ()
