"""Runs that are not paired are judged by Welch's interval, and no word says anything of pairs."""

import pytest
from scipy import stats

from reports.contrasts import family
from reports.frames import read_frames
from reports.intervals import intervals, method_of
from reports.verdict import judge
from tests.results import edit_manifest, results

LOSSES = {
    "rotary": [3.200, 3.210, 3.190, 3.205, 3.195],
    "none": [3.256, 3.244, 3.249, 3.263, 3.240],
    "linspace": [3.201, 3.217, 3.188, 3.212, 3.190],
}
SOURCE = {
    "from": "runs.csv",
    "format": "table",
    "paired": False,
    "pairing_said": True,
    "looks_said": True,
    "every": 1,
    "first_step": 1,
    "lacks": [],
    "guesses": [],
    "notes": [],
}


def unpaired(tmp_path, losses=LOSSES, source=SOURCE, **settings):
    folder = results(tmp_path, losses, **settings)
    edit_manifest(folder, source=source)
    return read_frames(folder)


def test_every_contrast_has_the_interval_of_scipy_with_bonferroni(tmp_path):
    frames = unpaired(tmp_path)
    found = intervals(family(frames), frames.manifest)
    for name in ("none", "linspace"):
        interval, method = found[name, "rotary"]
        tested = stats.ttest_ind(LOSSES[name], LOSSES["rotary"], equal_var=False)
        expected = tested.confidence_interval(1 - 0.05 / 2)
        assert method == "welch"
        assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_the_same_runs_with_pairs_are_judged_as_any_grid(tmp_path):
    frames = unpaired(tmp_path, source=SOURCE | {"paired": True})
    found = intervals(family(frames), frames.manifest)
    assert {method for _, method in found.values()} == {"floored"}


def test_declared_looks_share_the_5_percent(tmp_path):
    frames = unpaired(tmp_path, declared=[5, 10])
    claim = judge(frames).claims[0]
    tested = stats.ttest_ind(LOSSES["none"], LOSSES["rotary"], equal_var=False)
    expected = tested.confidence_interval(1 - 0.025 / 2)
    assert (claim.low, claim.high) == pytest.approx((expected.low, expected.high))
    assert claim.level == 0.975


def test_before_the_first_declared_look_there_is_no_interval(tmp_path):
    frames = unpaired(tmp_path, declared=[8])
    verdict = judge(frames)
    assert {each.low for each in verdict.claims} == {None}
    assert "without an interval" in verdict.claims[0].text


def test_no_claim_says_anything_of_pairs(tmp_path):
    for claim in judge(unpaired(tmp_path)).claims:
        assert (claim.rho, claim.flip_probability, claim.holm_p, claim.median) == (None,) * 4
        assert (claim.wins, claim.differences) == (0, ())
        assert claim.details.paired_t is None
        assert claim.details.e_value is None
        assert "pairs" not in claim.text
        assert "5 unpaired runs of each, 2 comparisons" in claim.text


def test_the_headline_and_the_set_follow_the_same_interval(tmp_path):
    verdict = judge(unpaired(tmp_path))
    assert [each.verdict for each in verdict.claims] == ["worse", "unresolved"]
    assert verdict.set == ("rotary", "linspace")
    assert verdict.kind == "set"
    assert verdict.robust == ()


def test_sentences_are_fixed(tmp_path):
    worse, open_ = judge(unpaired(tmp_path)).claims
    assert worse.text.startswith("No positions is worse than rotary by 0.050 nats/token (95")
    assert worse.text.endswith(", by at least the margin of 0.01.")
    assert "Not resolved: linspace − rotary is between −0.0" in open_.text
    assert "runs of each would" in open_.text


def test_equivalence_needs_the_whole_interval_inside_the_margin(tmp_path):
    frames = unpaired(tmp_path, margin=0.2)
    assert (
        judge(frames)
        .claims[1]
        .text.startswith("linspace and rotary differ by less than 0.2 nats/token (")
    )


def test_a_variant_that_diverged_is_said_so(tmp_path):
    frames = unpaired(tmp_path, status={"none/3": "diverged"})
    text = judge(frames).claims[0].text
    assert text.startswith(
        "No positions diverged in 1 of 5 runs (seed 3 at step 40). Where it did not"
    )
    assert "given that it did not diverge" in text
    assert "4 unpaired runs of each" in text


def test_losses_that_are_equal_to_the_bit_are_identical(tmp_path):
    frames = unpaired(tmp_path, {"rotary": LOSSES["rotary"], "none": LOSSES["rotary"]})
    assert judge(frames).claims[0].verdict == "identical"


def test_runs_that_do_not_vary_have_no_interval_and_no_verdict(tmp_path):
    claim = judge(unpaired(tmp_path, {"rotary": [3.2] * 3, "none": [3.3] * 3})).claims[0]
    assert (claim.verdict, claim.low) == ("unresolved", None)
    assert "do not vary" in claim.text


def test_one_run_of_each_gives_no_verdict(tmp_path):
    assert judge(unpaired(tmp_path, {"rotary": [3.2], "none": [3.3]})).kind == "one_seed"


def test_no_seed_is_left_out_of_what_is_not_paired(tmp_path):
    losses = {"rotary": [3.200, 3.210, 3.190, 3.200], "none": [3.210, 3.215, 3.220, 3.212]}
    assert judge(unpaired(tmp_path, losses)).claims[0].verdict == "worse"
    assert not [c for c in judge(unpaired(tmp_path, losses)).caveats if c.kind == "leave_one_out"]


def test_a_sweep_of_this_project_never_takes_it(tmp_path):
    manifest = read_frames(results(tmp_path, LOSSES)).manifest
    assert manifest.source is None
    assert manifest.is_paired
    assert method_of(manifest, 2, 0.05) == "floored"
