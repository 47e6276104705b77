"""What a reader is warned of."""

import re

import pytest

from reports.frames import read_frames
from reports.verdict import judge
from tests.reference import known, written
from tests.results import results

TABLE = known("floored_paired_interval")[0]["table"]
ROTARY = [3.20, 3.21, 3.19, 3.20, 3.205]


def caveats(tmp_path, losses, **options):
    found = judge(read_frames(results(tmp_path, losses, **options)))
    return {each.kind: each.text for each in found.caveats}


def shifted(*by):
    return [round(loss + each, 4) for loss, each in zip(ROTARY, by, strict=True)]


def test_a_clean_grid_has_no_caveat(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.05, 0.051, 0.05, 0.052, 0.049)}
    assert caveats(tmp_path, losses) == {}


def test_a_diverged_seed_says_which_way_it_bends_the_number(tmp_path):
    found = caveats(tmp_path, TABLE, status={"linspace/3": "diverged"})
    assert found["diverged"] == (
        "linspace diverged: seed 3 at step 40 (loss is NaN); its mean leaves this seed out, "
        "and so flatters it."
    )


def test_a_diverged_baseline_comes_first(tmp_path):
    status = {"rotary/1": "diverged", "rotary/2": "diverged", "alibi/0": "diverged"}
    found = caveats(tmp_path, TABLE, status=status)
    assert next(iter(found)) == "baseline_diverged"
    assert found["baseline_diverged"] == (
        "rotary diverged: seed 1 at step 40 and seed 2 at step 40 (loss is NaN); "
        "every difference leaves these seeds out, and so flatters the baseline."
    )


def test_a_variant_that_always_diverged_has_no_mean_to_flatter(tmp_path):
    status = {"none/0": "diverged", "none/1": "diverged"}
    found = caveats(tmp_path, {"rotary": ROTARY[:2], "none": [3.3, 3.3]}, status=status)
    assert found["diverged"] == (
        "No positions diverged: seed 0 at step 40 and seed 1 at step 40 (loss is NaN); "
        "there is no other seed of it."
    )


def test_a_failed_seed_is_counted(tmp_path):
    found = caveats(tmp_path, TABLE, status={"alibi/2": "failed"})
    assert found["failed"] == "alibi failed in seed 2; its difference uses 4 of 5 seeds."


def test_missing_seeds_are_counted(tmp_path):
    found = caveats(tmp_path, {"rotary": ROTARY, "none": [3.3, None, 3.3, None, 3.3]})
    assert found["missing"] == (
        "No positions is not there yet for seeds 1 and 3; its difference uses 3 of 5 seeds."
    )


def test_two_seeds_are_wide(tmp_path):
    found = caveats(tmp_path, {"rotary": ROTARY[:2], "none": [3.25, 3.27]})
    assert found["few_seeds"] == (
        "Two seeds: an interval from two pairs rests on one degree of freedom; a third seed "
        "usually changes it much."
    )


def test_two_pairs_of_one_variant_widen_all(tmp_path):
    status = {f"alibi/{seed}": "failed" for seed in (0, 1, 2)}
    assert caveats(tmp_path, TABLE, status=status)["few_seeds"] == (
        "alibi has two paired seeds: the fewest pairs set the width of all intervals, "
        "so all are wide."
    )


def test_seeds_added_after_looking_are_told(tmp_path):
    found = caveats(tmp_path, TABLE, looks=[[0, 1, 2], [0, 1, 2, 3, 4]])
    assert found["looks"] == ("Seeds were added after looking; the intervals are widened for that.")


def test_more_seeds_that_were_judged_before_are_told(tmp_path):
    losses = {name: row[:4] for name, row in TABLE.items()}
    found = caveats(tmp_path, losses, looks=[[0, 1, 2, 3, 4], [0, 1, 2, 3]])
    assert found["fewer_seeds"] == (
        "5 seeds were judged before (0 to 4); here are 4 of them, and the intervals are widened "
        "for that."
    )
    assert "other_seeds" not in found


def test_other_seeds_of_the_same_question_are_told(tmp_path):
    found = caveats(tmp_path, TABLE, looks=[[5, 6, 7, 8, 9], [0, 1, 2, 3, 4]])
    assert found["other_seeds"] == (
        "The same question was also judged on other seeds (5 to 9); the intervals are widened "
        "for that."
    )


def test_code_that_was_not_committed_is_told(tmp_path):
    tree = {"commit": "abcdef0123456789", "changes": "d1ff"}
    assert caveats(tmp_path / "a", TABLE, blocks={"source_tree": tree})["source_tree"] == (
        "The code had changes that were not committed when the results were gathered: commit "
        "abcdef0123 alone may not give these numbers again."
    )
    clean = {"source_tree": tree | {"changes": None}}
    assert "source_tree" not in caveats(tmp_path / "b", TABLE, blocks=clean)


def test_different_hardware_is_told(tmp_path):
    found = caveats(tmp_path, TABLE, hardware={"alibi/2": "Another CPU"})
    assert found["hardware"] == (
        "The cells ran on different hardware: Synthetic CPU, AVX2 and Another CPU."
    )


def test_a_seed_that_carries_the_verdict_is_named(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.016, 0.025, 0.014, 0.015, 0.0)}
    found = caveats(tmp_path, losses)
    assert found["leave_one_out"] == written(
        "Without any one of seeds 0, 1, 2 and 3, no positions - rotary would not be resolved."
    )


def test_a_second_opinion_is_named_where_it_differs(tmp_path):
    # one calm contrast beside a noisy one: the floor holds back what the paired t resolves
    calm, noisy = shifted(0.003, 0.005, 0.007, 0.0075, 0.0025), shifted(0.04, -0.04, 0.03, 0, -0.02)
    found = caveats(tmp_path, {"rotary": ROTARY, "x": calm, "none": noisy})
    assert found["holm"] == (
        "The paired t-test with Holm's correction resolves "
        + written("x - rotary; the interval here does not.")
    )


def test_a_median_of_the_other_sign_is_told(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(-0.002, -0.001, 0.05, -0.003, 0.001)}
    assert caveats(tmp_path, losses)["median"] == written(
        "The median of no positions - rotary is -0.001, of the other sign than its mean."
    )


def test_other_documents_that_do_not_agree_are_told(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.001, 0.0015, 0.001, 0.0012, 0.0014)}
    found = caveats(tmp_path, losses)["documents"]
    assert found.startswith(
        written("On other documents of this kind no positions - rotary is -0.0")
    )
    assert found.endswith(", which contains 0.")


def test_one_seed_has_a_foreign_yardstick(tmp_path):
    found = caveats(tmp_path, {"rotary": [3.2], "none": [3.25]})
    assert found["yardstick"].startswith("No finished grid at this preset says how far seeds")
    assert "0.0005 to 0.004 nats" in found["yardstick"]


def test_one_seed_is_measured_by_the_grids_beside_it(tmp_path):
    results(tmp_path, TABLE, name="other")
    found = caveats(tmp_path, {"rotary": [3.2], "none": [3.25]})
    assert found["yardstick"] == written(
        "By the spread of seeds in other (0.0122 nats, 16 degrees of freedom), two identical "
        "recipes with different seeds would differ by more than 0.050 in 1_% of cases."
    ).replace(f"{written('_')}degrees", " degrees")


def test_one_seed_of_several_names_the_largest_difference_as_such(tmp_path):
    results(tmp_path, TABLE, name="other")
    losses = {"rotary": [3.2], "none": [3.25], "linspace": [3.23]}
    text = caveats(tmp_path, losses)["yardstick"]
    assert "differ by more than 0.050, the largest of the 2 differences here, in " in text
    alone, together = (float(each) for each in re.findall(r"([\d.]+)\s?%", text))
    assert alone < together <= 2 * alone + 1
    assert "of cases, and one of 2 such pairs in up to " in text


def test_a_neighbour_that_cannot_be_read_is_no_yardstick(tmp_path):
    (results(tmp_path, TABLE, name="other") / "cells.parquet").write_text("half")
    found = caveats(tmp_path, {"rotary": [3.2], "none": [3.25]})
    assert found["yardstick"].startswith("No finished grid")


@pytest.mark.parametrize("by", [0.02, -0.02])
def test_no_variance_is_told(tmp_path, by):
    found = caveats(tmp_path, {"rotary": ROTARY, "none": shifted(by, by, by, by, by)})
    assert found["no_variance"] == (
        "No positions: zero variance between seeds: the seed does not reach the training."
    )


def test_a_rest_without_variance_makes_no_seed_the_carrier(tmp_path):
    found = caveats(tmp_path, {"rotary": ROTARY, "none": shifted(0.36, 0.36, 0.37, 0.36, 0.36)})
    assert "leave_one_out" not in found


def test_a_grid_that_failed_has_its_reason_once(tmp_path):
    status = {f"{name}/{seed}": "failed" for name in TABLE for seed in range(5)}
    found = judge(read_frames(results(tmp_path, TABLE, status=status))).caveats
    failed = [each.text for each in found if each.kind == "failed"]
    assert failed == [f"All {5 * len(TABLE)} cells failed: OSError: <disk> is full."]


def test_without_an_interval_nothing_is_said_of_its_width(tmp_path):
    losses = {"rotary": [3.20, 3.21, None, None], "none": [3.25, 3.27, None, None]}
    found = judge(read_frames(results(tmp_path, losses)))
    assert [each.low for each in found.claims] == [None]
    assert "few_seeds" not in {each.kind for each in found.caveats}
