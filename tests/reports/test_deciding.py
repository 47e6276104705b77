"""The order in which the words of a verdict apply."""

from dataclasses import replace

import numpy as np
import pytest

from reports.contrasts import Contrast
from reports.deciding import word_of
from reports.estimates import Interval
from reports.frames import read_frames
from tests.results import results

PAIR = Contrast("a", "b", (0, 1), np.array([3.1, 3.2]), np.array([3.2, 3.25]), (), 2, (), ())


@pytest.fixture
def manifest(tmp_path):
    return read_frames(results(tmp_path, {"b": [3.2, 3.25], "a": [3.1, 3.2]})).manifest


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.03, -0.001, "better"),
        (-0.009, -0.001, "better"),
        (0.001, 0.03, "worse"),
        (-0.009, 0.009, "equivalent"),
        (-0.01, 0.009, "unresolved"),
        (-0.009, 0.01, "unresolved"),
        (-0.001, 0.0, "equivalent"),
        (0.0, 0.02, "unresolved"),
    ],
)
def test_the_interval_decides(manifest, low, high, word):
    assert word_of(PAIR, Interval((low + high) / 2, low, high, 4.3), manifest) == word


def test_without_a_margin_nothing_is_equivalent(manifest):
    narrow = Interval(0.0, -0.001, 0.001, 4.3)
    assert word_of(PAIR, narrow, replace(manifest, margin=None)) == "unresolved"


def test_divergence_comes_before_equality_before_few_pairs_before_the_interval(manifest):
    clear = Interval(-0.1, -0.2, -0.05, 4.3)
    equal = replace(PAIR, a_losses=PAIR.b_losses)
    one = replace(PAIR, seeds=(0,), a_losses=np.array([3.1]), b_losses=np.array([3.2]))
    assert word_of(replace(equal, diverged=manifest.cells[:1]), clear, manifest) == "diverged"
    assert word_of(equal, clear, manifest) == "identical"
    assert word_of(one, clear, manifest) == "one_seed"
    assert word_of(PAIR, None, manifest) == "unresolved"
    assert word_of(PAIR, clear, replace(manifest, state="partial")) == "unresolved"
