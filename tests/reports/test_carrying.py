from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from reports.carrying import carries, size_of
from tests.results import edit_manifest, results
from tests.scales import LARGE, SMALL, at_preset, compared, read


def carry(tmp_path, small, large, **given_large):
    first = results(tmp_path, small)
    second = at_preset(tmp_path, large, **given_large)
    (found,) = carries(compared(first, second).sides)
    return found


def states(found):
    return {each.variant: each.state for each in found.contrasts}


def shifted(by, *, seeds=5, noise=0.002, seed=0):
    return [by + each for each in np.random.default_rng(seed).normal(0, noise, seeds)]


BASE = shifted(3.2, seed=9)
STATES = {
    "holds": (3.3, 3.3),
    "flips": (3.3, 3.1),
    "differs": (3.3, 3.2),
    "small_only": (3.3, None),
    "large_only": (None, 3.3),
    "open": (None, None),
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_of_a_contrast(tmp_path, state):
    small, large = (
        shifted(3.21, noise=0.05, seed=2) if at is None else shifted(at, noise=0.001, seed=3)
        for at in STATES[state]
    )
    found = carry(tmp_path, {"a": BASE, "b": small}, {"a": BASE, "b": large})
    assert states(found) == {"b": state}


def test_a_direction_and_an_equivalence_whose_intervals_overlap_show_no_change(tmp_path):
    base = [3.2, 3.21, 3.19, 3.2, 3.22]
    inside = [
        each + 0.004 + tiny for each, tiny in zip(base, [0, 1e-3, -1e-3, 0, 5e-4], strict=True)
    ]
    equal = [
        each + 0.002 + tiny for each, tiny in zip(base, [0, 4e-3, -4e-3, 0, 1e-3], strict=True)
    ]
    found = carry(tmp_path, {"a": base, "b": inside}, {"a": base, "b": equal})
    (each,) = found.contrasts
    assert (each.small.verdict, each.large.verdict) == ("worse", "equivalent")
    assert each.state == "open"


def test_units_of_two_tokenizers_show_no_change_of_size(tmp_path):
    first = results(tmp_path, {"a": BASE, "b": shifted(3.3, noise=0.001)})
    second = at_preset(tmp_path, {"a": BASE, "b": shifted(3.2, noise=0.001)})
    assert states(carries(compared(first, second).sides)[0]) == {"b": "differs"}
    edit_manifest(second, data=read(second)["data"] | {"tokenizer": "bpe"})
    assert states(carries(compared(first, second).sides)[0]) == {"b": "open"}


def test_a_variant_that_diverged_at_one_scale_is_no_verdict_there(tmp_path):
    found = carry(tmp_path, SMALL, LARGE, status={"none/2": "diverged"})
    assert states(found)["none"] == "small_only"
    assert {*((each.a, each.b) for each in found.pairs)} == {("linspace", "rotary")}
    assert found.left_out == 2


losses = st.lists(
    st.lists(st.integers(-30, 30), min_size=3, max_size=3), min_size=8, max_size=8
).map(lambda rows: [[3 + each / 200 for each in row] for row in rows])


@given(losses)
@example([[3.0] * 3] * 3 + [[3.015, 3.115, 2.87]] + [[3.0] * 3] * 3 + [[3.0, 3.0, 3.005]])
@settings(max_examples=15)
def test_counts_are_those_of_paired_t_intervals_with_bonferroni(tmp_path_factory, rows):
    names = list("abcd")
    small, large = dict(zip(names, rows[:4], strict=True)), dict(zip(names, rows[4:], strict=True))
    found = carry(tmp_path_factory.mktemp("pairs"), small, large)
    kept, resolved = 0, []
    for b, a in combinations(names, 2):
        gaps = [np.subtract(each[a], each[b]) for each in (small, large)]
        signs = [round(float(each.mean()), 9) for each in gaps]
        kept += signs[0] * signs[1] > 0
        resolved.append(sum(_resolved(each) for each in gaps))
    assert found.kept == kept
    assert [len(found.resolved_at(scales)) for scales in (0, 1, 2)] == [
        resolved.count(scales) for scales in (0, 1, 2)
    ]


def _resolved(gaps) -> bool:
    if np.ptp(gaps) < 1e-11:
        return False
    half = stats.t.ppf(1 - 0.05 / 6 / 2, len(gaps) - 1) * stats.sem(gaps)
    low, high = gaps.mean() - half, gaps.mean() + half
    return low > 0 or high < 0 or (low > -0.01 and high < 0.01)


def test_a_scale_agrees_with_itself_and_disagrees_with_its_mirror(tmp_path):
    mirror = {name: [6 - each for each in own] for name, own in SMALL.items()}
    same = carry(tmp_path / "same", SMALL, SMALL)
    other = carry(tmp_path / "mirror", SMALL, mirror)
    assert (same.accuracy, other.accuracy) == (1.0, 0.0)
    assert {each.state for each in other.contrasts} == {"flips", "open"}
    assert [each.flips for each in other.pairs].count(True) == len(other.resolved_at(2))


@pytest.mark.parametrize("order", list(permutations(["rotary", "none", "linspace"]))[1:])
def test_the_order_of_the_variants_in_the_larger_grid_changes_nothing(tmp_path, order):
    first = carry(tmp_path / "first", SMALL, LARGE)
    turned = {name: LARGE[name] for name in order}
    other = carry(tmp_path / "other", SMALL, turned, baseline="rotary")
    assert [(e.a, e.b, e.words) for e in other.pairs] == [(e.a, e.b, e.words) for e in first.pairs]
    assert [e.large for e in other.pairs] == pytest.approx([e.large for e in first.pairs])
    assert states(other) == states(first)


def test_a_tie_is_no_order(tmp_path):
    found = carry(tmp_path, {"a": [3.2, 3.3], "b": [3.3, 3.2]}, {"a": [3, 3.1], "b": [3, 3.2]})
    assert [each.keeps_order for each in found.pairs] == [False]


def test_scales_are_compared_with_the_largest_whatever_the_order_of_the_names(tmp_path):
    first = results(tmp_path, SMALL)
    third = at_preset(tmp_path, LARGE, "pythia-160m", factor=500)
    second = at_preset(tmp_path, LARGE, "pythia-14m")
    found = carries(compared(third, first, second).sides)
    assert [(each.small, each.large) for each in found] == [(1, 0), (2, 0)]


def test_more_tokens_are_a_larger_scale_and_equal_sizes_are_none(tmp_path):
    first = results(tmp_path, SMALL)
    longer = at_preset(tmp_path, LARGE, "longer", factor=1, steps=120)
    same = at_preset(tmp_path, LARGE, "same", factor=1)
    sides = compared(first, longer).sides
    assert [size_of(each)[1] for each in sides] == [7680, 15360]
    assert [(each.small, each.large) for each in carries(sides)] == [(0, 1)]
    assert carries(compared(first, same).sides) == ()


def test_another_grid_at_another_preset_is_no_scale_of_the_first(tmp_path):
    first = results(tmp_path, SMALL)
    assert carries(compared(first, at_preset(tmp_path, LARGE, grid="memory")).sides) == ()


def test_variants_of_one_scale_alone_are_not_counted(tmp_path):
    found = carry(tmp_path, SMALL, {"rotary": LARGE["rotary"], "none": LARGE["none"]})
    assert states(found) == {"none": "holds"}
    assert len(found.pairs) == 1


def test_other_baselines_share_no_contrast_but_their_pairs(tmp_path):
    found = carry(tmp_path, SMALL, LARGE, baseline="none")
    assert found.contrasts == ()
    assert len(found.pairs) == 3
