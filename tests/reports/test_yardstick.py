"""How far seeds spread, as the neighbours have seen it: every run counts once."""

import numpy as np
import pytest

from reports.frames import read_frames
from reports.yardstick import seed_spread
from tests.results import edit_manifest, results

ONE = {"rotary": [3.2], "none": [3.25]}
TABLE = {
    "rotary": [3.20, 3.21, 3.19, 3.205, 3.195],
    "none": [3.26, 3.25, 3.27, 3.262, 3.251],
}


def first(seeds):
    return {name: losses[:seeds] for name, losses in TABLE.items()}


def spread(tmp_path):
    return seed_spread(read_frames(results(tmp_path, ONE, name="ours")))


def expected(samples):
    squares = sum(((np.array(each) - np.mean(each)) ** 2).sum() for each in samples)
    degrees = sum(len(each) - 1 for each in samples)
    return np.sqrt(squares / degrees), degrees


def test_nested_seeds_of_the_same_recipes_count_once(tmp_path):
    for name, seeds in (("tiny", 3), ("tiny+1", 5), ("tiny+2", 4)):
        results(tmp_path, first(seeds), name=name)
    deviation, degrees, names = spread(tmp_path)
    assert (deviation, degrees) == pytest.approx(expected(TABLE.values()))
    assert names == ("tiny", "tiny+1")


def test_seeds_that_are_spread_over_grids_are_one_group(tmp_path):
    results(tmp_path, first(4), name="one")
    rest = {name: losses[4:] for name, losses in TABLE.items()}
    results(tmp_path, rest, name="two", seeds=(4,))
    deviation, degrees, names = spread(tmp_path)
    assert (deviation, degrees) == pytest.approx(expected(TABLE.values()))
    assert names == ("one", "two")


def test_a_seed_that_other_code_trained_again_is_no_further_one(tmp_path):
    results(tmp_path, TABLE, name="one")
    again = {name: [each + 0.5 for each in losses] for name, losses in TABLE.items()}
    edit_manifest(results(tmp_path, again, name="two"), code="another")
    assert spread(tmp_path)[1:] == (8, ("one",))


def test_other_recipes_of_a_neighbour_are_groups_of_their_own(tmp_path):
    results(tmp_path, TABLE, name="one")
    results(tmp_path, TABLE, name="two", steps=500)
    assert spread(tmp_path)[1:] == (16, ("one", "two"))


def test_fewer_than_five_degrees_are_no_yardstick(tmp_path):
    results(tmp_path, first(3), name="one")
    results(tmp_path, first(3), name="two")
    assert spread(tmp_path) is None


def test_means_of_last_validations_are_no_yardstick_for_single_ones(tmp_path):
    edit_manifest(results(tmp_path, TABLE, name="one"), final="tail")
    assert spread(tmp_path) is None
