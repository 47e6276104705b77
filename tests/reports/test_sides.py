from pathlib import Path

import pytest

from reports.sides import facts, looks_of, namesakes, shared_variants
from tests.results import edit_manifest, results
from tests.scales import LARGE, SMALL, at_preset, compared, other, read, refingerprint

MEMORY = {"rotary": SMALL["rotary"], "xl": SMALL["none"]}


def two(tmp_path: Path, **given):
    first = results(tmp_path, SMALL)
    return first, results(tmp_path, MEMORY, name="memory", **given)


def test_variants_of_equal_fingerprints_are_one_and_names_join_nothing(tmp_path):
    first, second = two(tmp_path)
    joined = shared_variants(compared(first, second).sides)
    assert [dict(each.members) for each in joined] == [
        {0: "rotary", 1: "rotary"},
        {0: "none"},
        {0: "linspace"},
        {1: "xl"},
    ]
    refingerprint(second, "rotary")
    sides = compared(first, second).sides
    joined = shared_variants(sides)
    assert next(dict(each.members) for each in joined) == {0: "rotary"}
    assert list(namesakes(sides, joined)) == [("rotary", 0, 1)]


def test_one_cell_that_differs_is_enough_to_keep_variants_apart(tmp_path):
    first, second = two(tmp_path)
    cells = read(second)["cells"]
    cells[3]["fingerprint"] = other(cells[3]["fingerprint"], "code")
    edit_manifest(second, cells=cells)
    assert len(shared_variants(compared(first, second).sides)) == 5


def test_variants_without_a_common_seed_are_not_shown_to_be_the_same(tmp_path):
    first, second = two(tmp_path, seeds=[5, 6, 7, 8, 9])
    assert len(shared_variants(compared(first, second).sides)) == 5


def test_a_variant_is_joined_whatever_it_is_called(tmp_path):
    first = results(tmp_path, SMALL)
    second = results(tmp_path, {"plain": SMALL["rotary"], "xl": SMALL["none"]}, name="memory")
    cells = read(second)["cells"]
    for theirs, ours in zip(cells[:5], read(first)["cells"], strict=False):
        theirs["fingerprint"] = ours["fingerprint"]
    edit_manifest(second, cells=cells)
    assert dict(shared_variants(compared(first, second).sides)[0].members) == {
        0: "rotary",
        1: "plain",
    }


DIFFERENCES = {
    "the presets differ": {"preset": "pythia-14m"},
    "the data differ": {"data": {"digest": "f" * 20}},
    "the tokenizers differ": {"data": {"vocabulary": 512}},
    "the losses that judge differ": {"evaluations": [{"name": "longer", "length": 64}]},
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_fact_alone_keeps_grids_off_one_scale(tmp_path, name):
    first, second = two(tmp_path)
    assert compared(first, second).is_pooled
    changed = DIFFERENCES[name]
    if "data" in changed:
        changed = {"data": read(second)["data"] | changed["data"]}
    edit_manifest(second, **changed)
    found = facts(compared(first, second).sides)
    assert [each.name for each in found if not each.agrees] == [name]


def test_tokens_of_finished_cells_decide_and_not_those_that_were_planned(tmp_path):
    first = results(tmp_path, SMALL)
    second = results(tmp_path, MEMORY, name="memory", steps=30)
    found = facts(compared(first, second).sides)
    assert [each.shown for each in found if not each.agrees] == [("7,680", "3,840")]


def test_a_grid_whose_own_variants_differ_in_tokens_has_no_scale(tmp_path):
    first, second = two(tmp_path, steps_of={"xl": 30})
    found = [each for each in facts(compared(first, second).sides) if not each.agrees]
    assert [each.name for each in found] == ["the tokens of a cell differ"]
    assert found[0].shown[1] == "3,840 and 7,680"


def test_what_nobody_noted_does_not_agree(tmp_path):
    first, second = two(tmp_path)
    for each in (first, second):
        edit_manifest(each, data=read(each)["data"] | {"digest": None})
    found = [each for each in facts(compared(first, second).sides) if not each.agrees]
    assert [(each.name, each.shown) for each in found] == [
        ("the data differ", ("not noted", "not noted"))
    ]


def test_colours_follow_the_first_appearance_and_the_first_baseline_is_ink(tmp_path):
    first = results(tmp_path, SMALL, baseline="none")
    second = results(tmp_path, {"xl": SMALL["none"], "rotary": SMALL["rotary"]}, name="memory")
    marks = looks_of(compared(first, second).sides)
    assert {name: each.slot for name, each in marks.items()} == {
        "none": 0,
        "rotary": 1,
        "linspace": 2,
        "xl": 3,
    }


def test_the_seventh_name_has_no_colour(tmp_path):
    first = results(tmp_path, {str(place): [3.2, 3.3] for place in range(6)})
    second = at_preset(tmp_path, {"0": [3.2, 3.3], "last": [3.2, 3.4]}, grid="other")
    marks = looks_of(compared(first, second).sides)
    assert marks["5"].slot == 5
    assert marks["last"].slot is None


def test_two_folders_whose_manifests_have_one_name_stay_two(tmp_path):
    first, second = two(tmp_path)
    edit_manifest(second, name="positions")
    assert compared(first, second).names == ("positions", "memory")


def test_presets_name_the_scales_of_one_grid(tmp_path):
    first, second = results(tmp_path, SMALL), at_preset(tmp_path, LARGE)
    assert compared(first, second).names == ("laptop", "pythia-14m")
