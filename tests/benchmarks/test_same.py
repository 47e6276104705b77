import ast

import numpy as np
import pytest

from benchmarks.same import Count, counts, renamed
from reports.frames import read_frames
from tests.results import results

DICE = np.random.default_rng(11)


def grid(tmp_path, difference):
    base = 3.4 + 0.01 * DICE.standard_normal(60)
    other = base + difference + 0.01 * DICE.standard_normal(60)
    return read_frames(results(tmp_path, {"gated": base, "renamed": other}, margin=None))


def test_equal_variants_are_seldom_called_better(tmp_path):
    found = list(counts("renamed", grid(tmp_path, 0.0)))
    assert [(each.seeds, each.sweeps) for each in found] == [(3, 20), (5, 12), (10, 6)]
    assert all(each.is_kept for each in found)


def test_different_variants_are_noticed(tmp_path):
    *_, ten = counts("renamed", grid(tmp_path, 0.05))
    assert ten.words == {"worse": 6}
    assert ten.false == 1
    assert not ten.is_kept


@pytest.mark.parametrize(("false", "kept"), [(1, True), (3, True), (8, False)])
def test_the_level_is_kept_within_the_error_of_the_sweeps(false, kept):
    assert Count("renamed", 3, 20, {"better": false, "unresolved": 20 - false}).is_kept is kept


def test_the_copy_differs_in_names_alone():
    names = {
        each.attr for each in ast.walk(ast.parse(renamed())) if isinstance(each, ast.Attribute)
    }
    assert {"valve", "wide", "narrow"} <= names
    assert not {"gate", "up", "down"} & names
