"""Spellings of one model against what is built of them."""

import pytest
import torch

from pipelines.canonical import canonical, shortest
from pipelines.fingerprint import describe, fingerprint
from pipelines.train import new_model
from tests.training import VOCABULARY, cell


def identity(own):
    return fingerprint(describe(own, "d", "cpu"))


def xl(layers):
    """A cache in the layers that have a 1."""
    return {"memory": {"xl": {"layers": [each == "1" for each in layers]}}}


SAME = [
    ({}, {"model": {"mlp_sharing": "ab"}}),
    ({}, {"model": {"mlp_sharing": "ba"}}),
    ({"model": {"mlp_sharing": "aa"}}, {"model": {"mlp_sharing": "zz"}}),
    (
        {"model": {"layers": 4, "mlp_sharing": "abba"}},
        {"model": {"layers": 4, "mlp_sharing": "xYYx"}},
    ),
    ({}, {"model": {"mlp_widths": [1]}}),
    ({}, {"model": {"mlp_widths": [1, 1, 3]}}),
    ({"model": {"mlp_widths": [2]}}, {"model": {"mlp_widths": [2, 2]}}),
    ({"memory": "xl"}, xl("11")),
    (xl("10"), xl("101")),
    ({"memory": ["pause", "xl"]}, {"memory": ["pause", *xl("11").values()]}),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_two_spellings_are_one_cell_and_one_model(one, other):
    cells = cell(**one), cell(**other)
    assert cells[0] != cells[1]
    assert identity(cells[0]) == identity(cells[1])
    models = [new_model(each, VOCABULARY).state_dict() for each in cells]
    assert list(models[0]) == list(models[1])
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])


OTHERS = [
    ({}, {"model": {"mlp_sharing": "aa"}}),
    (
        {"model": {"layers": 4, "mlp_sharing": "aabb"}},
        {"model": {"layers": 4, "mlp_sharing": "abab"}},
    ),
    ({"model": {"mlp_widths": [2, 1]}}, {"model": {"mlp_widths": [1, 2]}}),
    ({}, {"model": {"mlp_widths": [1, 2]}}),
    ({"memory": "xl"}, xl("10")),
    (xl("01"), xl("10")),
]


@pytest.mark.parametrize(("one", "other"), OTHERS, ids=str)
def test_other_models_are_other_cells(one, other):
    assert identity(cell(**one)) != identity(cell(**other))


def test_the_form_of_a_cell_is_its_own_form():
    own = cell(model={"layers": 4, "mlp_sharing": "bbaa", "mlp_widths": [2, 2]}, positions=["none"])
    assert canonical(canonical(own)) == canonical(own)
    assert canonical(own).model.options["mlp_sharing"] == "aabb"


def test_what_no_model_can_be_built_of_stays_as_it_is():
    options = canonical(cell(model={"mlp_sharing": "abc", "mlp_widths": []})).model.options
    assert (options["mlp_sharing"], options["mlp_widths"]) == ("abc", ())
    assert canonical(cell(model={"layers": 0})).model.options["layers"] == 0


@pytest.mark.parametrize(
    ("members", "layers", "expected"),
    [("a", 3, "a"), ("aa", 2, "a"), ("ab", 1, "a"), ("aba", 3, "ab"), ("aba", 5, "aba")],
)
def test_a_pattern_is_as_short_as_it_can_be(members, layers, expected):
    assert "".join(shortest(members, layers)) == expected
