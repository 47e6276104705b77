"""Constants that are never cast, moved or saved as parameters are."""

import copy

import torch

from components.exact import Exact
from tests.builders import decoder

CPU = torch.device("cpu")


def test_a_cast_of_the_model_leaves_them_exact():
    model = decoder(positions="rotary").bfloat16()
    exact = model.layers[0].positions.exact
    assert exact.on(CPU).dtype == torch.float64
    assert exact.on(CPU).tolist() == list(model.layers[0].positions.frequencies)


def test_they_are_made_once():
    exact = Exact([0.1, 0.2])
    assert exact.on(CPU) is exact.on(CPU)
    assert copy.deepcopy(exact).on(CPU).tolist() == [0.1, 0.2]


def test_they_move_with_the_model():
    exact = Exact([0.1])
    assert exact.to("meta").on(torch.device("meta")) is exact.tensor
    assert exact.on(CPU).tolist() == [0.1]


def test_they_are_no_part_of_the_state():
    assert not Exact([0.1]).state_dict()
    assert not list(Exact([0.1]).buffers())
