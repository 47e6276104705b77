"""Which interval a family gets, and that what is planned is judged as it was planned."""

import math
from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from reports.contrasts import family
from reports.estimates import always_valid_critical, floored_critical, paired_critical
from reports.frames import read_frames
from reports.intervals import (
    Settled,
    Shares,
    intervals,
    planned_critical,
    shares_of,
    undeclared_looks,
)
from reports.power import POWER, seeds_needed
from reports.verdict import judge
from tests.results import results

UNRESOLVED = {
    "rotary": [3.200, 3.210, 3.190, 3.205, 3.195],
    "none": [3.206, 3.204, 3.199, 3.203, 3.200],
    "linspace": [3.201, 3.217, 3.188, 3.212, 3.190],
}


def manifest_with(tmp_path, looks, **settings):
    return read_frames(results(tmp_path, UNRESOLVED, looks=looks, **settings)).manifest


@pytest.mark.parametrize(
    "other",
    [[0, 1, 2], [0, 1, 2, 3, 4, 5, 6], [5, 6, 7, 8, 9], [3, 4, 5]],
    ids=["fewer", "more", "as many others", "overlapping"],
)
def test_any_other_set_of_seeds_is_an_undeclared_look(tmp_path, other):
    manifest = manifest_with(tmp_path, [other, [0, 1, 2, 3, 4]])
    assert undeclared_looks(manifest) == (tuple(other),)
    frames = read_frames(tmp_path / "results" / "positions")
    found = intervals(family(frames), manifest)
    assert {method for _, method in found.values()} == {"always-valid"}


def test_the_same_seeds_in_another_order_are_the_same_look(tmp_path):
    assert undeclared_looks(manifest_with(tmp_path, [[4, 3, 2, 1, 0], [0, 1, 2, 3, 4]])) == ()


def test_looks_of_others_count_although_looks_are_declared(tmp_path):
    looks = [[0, 1, 2, 3], [0, 1, 2, 3, 4]]
    assert undeclared_looks(manifest_with(tmp_path, looks, declared=[3, 5])) == ((0, 1, 2, 3),)
    assert undeclared_looks(manifest_with(tmp_path, looks[1:], declared=[3, 5])) == ()


def power_of(effect, deviation, pairs, critical):
    shift = effect * math.sqrt(pairs) / deviation
    above = stats.nct.sf(critical, pairs - 1, shift)
    return above + stats.nct.cdf(-critical, pairs - 1, shift)


@pytest.mark.parametrize("comparisons", [1, 2, 6])
@pytest.mark.parametrize("method", ["floored", "paired"])
def test_the_seeds_that_are_named_have_the_power_by_the_rule_that_judges_them(method, comparisons):
    shares = Shares(comparisons, comparisons, 0.05, 5, looks=())
    needed = seeds_needed(0.01, 0.008, lambda pairs: planned_critical(shares, method, pairs))
    judged = always_valid_critical(needed, comparisons)
    assert power_of(0.01, 0.008, needed, judged) >= POWER
    before = always_valid_critical(needed - 1, comparisons)
    assert power_of(0.01, 0.008, needed - 1, before) < POWER


def test_the_seeds_that_are_there_are_never_what_is_needed():
    shares = Shares(1, 1, 0.05, 9, looks=())
    assert seeds_needed(1.0, 0.001, lambda pairs: planned_critical(shares, "floored", pairs)) == 10


def test_declared_looks_are_planned_with_the_interval_they_will_have(tmp_path):
    manifest = manifest_with(tmp_path, [[0, 1, 2, 3, 4]], declared=[5, 10])
    frames = read_frames(tmp_path / "results" / "positions")
    shares = shares_of(manifest, family(frames))
    assert planned_critical(shares, "floored", 10) == floored_critical(2, 10, 0.05 / 2)
    assert planned_critical(shares, "floored", 10) < always_valid_critical(10, 2)


def test_between_looks_nothing_is_judged_and_after_the_last_one_whenever_one_looks():
    shares = Shares(2, 2, 0.05 / 3, 3, looks=(3, 5, 10))
    assert [planned_critical(shares, "floored", pairs) for pairs in (3, 4, 7)] == [math.inf] * 3
    assert planned_critical(shares, "paired", 5) == paired_critical(2, 5, 0.05 / 3)
    assert planned_critical(shares, "floored", 11) == always_valid_critical(11, 2)
    assert planned_critical(shares, "always-valid", 10) == always_valid_critical(10, 2)


def test_a_settled_contrast_lends_its_variance_and_sets_no_critical_value(tmp_path):
    losses = {name: row[:] for name, row in UNRESOLVED.items()}
    frames = read_frames(results(tmp_path, losses, asked={"none": 3}))
    none, linspace = family(frames)
    settled = Settled(**{each.name: getattr(none, each.name) for each in fields(none)})
    found = intervals([settled, linspace], frames.manifest)
    (joint, _), (mixed, _) = (
        intervals(each, frames.manifest)["linspace", "rotary"]
        for each in ([none, linspace], [settled, linspace])
    )
    assert (mixed.critical, joint.critical) == (floored_critical(2, 5), floored_critical(2, 3))
    assert mixed.half_width / mixed.critical == pytest.approx(joint.half_width / joint.critical)
    assert found["none", "rotary"][0].critical == floored_critical(2, 3)


def test_a_claim_names_seeds_that_settle_it_in_most_cases(tmp_path):
    found = judge(read_frames(results(tmp_path, UNRESOLVED, margin=0.005)))
    claim = next(each for each in found.claims if each.a == "none")
    assert claim.verdict == "unresolved"
    needed = claim.seeds_needed[0]
    deviation = (claim.high - claim.low) / 2 / claim.critical * math.sqrt(5)
    draws = np.random.default_rng(0).normal(0.005, deviation, (4000, needed))
    errors = draws.std(axis=1, ddof=1) / math.sqrt(needed)
    critical = always_valid_critical(needed, 2)
    assert np.mean(np.abs(draws.mean(axis=1)) > critical * errors) > POWER - 0.02
