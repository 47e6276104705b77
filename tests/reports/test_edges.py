"""Few seeds, ties, no variance, divergence and missing pairs: every word of the verdict."""

import json

import polars as pl
import pytest

from reports.frames import read_frames
from reports.verdict import judge
from tests.reference import known, written
from tests.results import edit_manifest, results

TABLE = known("floored_paired_interval")[0]["table"]
ROTARY = [3.20, 3.21, 3.19, 3.20, 3.205]
LOWER = (-0.05, -0.051, -0.05, -0.052, -0.049)
HIGHER = tuple(-each for each in LOWER)


def judged(tmp_path, losses, **options):
    return judge(read_frames(results(tmp_path, losses, **options)))


def texts(found):
    return {each.a: each.text for each in found.claims}


def caveats(found):
    return {each.kind: each.text for each in found.caveats}


def shifted(*by):
    return [round(loss + each, 4) for loss, each in zip(ROTARY, by, strict=True)]


def pruned(folder, *cells):
    """Let cells be pruned by a search, with the losses that they had by then."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for cell in manifest["cells"]:
        if cell["cell"] in cells:
            cell["status"] = "pruned"
    edit_manifest(folder, cells=manifest["cells"])
    path = folder / "cells.parquet"
    table = pl.read_parquet(path)
    status = pl.when(pl.col("cell").is_in(cells)).then(pl.lit("pruned")).otherwise("status")
    table.with_columns(status.alias("status")).write_parquet(path)
    return judge(read_frames(folder))


# one, two and three seeds


def test_one_seed_names_the_differences_and_nothing_else(tmp_path):
    found = judged(tmp_path, {"rotary": [3.2], "none": [3.25], "x": [3.15]})
    assert found.text == written(
        "No verdict: one seed. The differences seen are +0.050 (no positions - rotary) and -0.050 "
        "(x - rotary). One run cannot tell a better variant from a lucky seed."
    )
    assert (found.set, found.robust, found.effects) == ((), (), ())
    assert list(caveats(found)) == ["yardstick"]


def test_two_seeds_have_a_wide_interval_and_say_so(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY[:2], "none": [3.26, 3.271]})
    assert found.text == "rotary wins. No positions ends 0.0605 nats above it."
    assert texts(found)["none"] == written(
        "No positions is worse than rotary by 0.0605 nats/token (95_% interval +0.0541 to +0.0669, "
        "2 paired seeds, 1 comparison), higher in both pairs, by at least the margin of 0.01."
    )
    assert caveats(found)["few_seeds"].startswith("Two seeds: ")


def test_with_two_seeds_nearly_all_variants_stay_in_the_set(tmp_path):
    losses = {"rotary": ROTARY[:2], "none": [3.26, 3.271], "a": [3.19, 3.21], "b": [3.18, 3.2]}
    found = judged(tmp_path, losses)
    assert found.set == ("rotary", "a", "b")
    assert found.text == written(
        "rotary, a or b. Any of them could be the best of the 4 variants; no positions is not "
        "(95_%)."
    )


def test_three_seeds_have_no_caveat(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY[:3], "none": [3.26, 3.271, 3.249]})
    assert texts(found)["none"] == written(
        "No positions is worse than rotary by 0.0600 nats/token (95_% interval +0.0575 to +0.0625, "
        "3 paired seeds, 1 comparison), higher in all 3 pairs, by at least the margin of 0.01."
    )
    assert caveats(found) == {}


# ties


@pytest.mark.parametrize("order", [("b", "a"), ("a", "b")])
def test_variants_that_tie_are_both_in_the_set_whatever_they_are_called(tmp_path, order):
    tied = {name: shifted(*LOWER) for name in order}
    found = judged(tmp_path, {"rotary": ROTARY, **tied, "none": shifted(*HIGHER)})
    assert found.set == order
    assert found.text == written(
        f"{order[0]} or {order[1]}. Either could be the best of the 4 variants; rotary and "
        "no positions are not (95_%)."
    )


def test_means_that_tie_are_not_resolved(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": shifted(0.01, -0.01, 0.02, -0.02, 0)})
    assert found.text == written(
        "Not resolved. No difference from rotary is larger than its uncertainty; the largest is no "
        "positions - rotary, 0.000 (-0.020 to +0.020)."
    )
    assert found.set == ("rotary", "none")


# identical, and no variance


def test_identical_is_not_equivalent_and_the_others_are_judged(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": ROTARY, "x": shifted(*HIGHER)})
    assert [each.verdict for each in found.claims] == ["identical", "worse"]
    assert texts(found)["none"] == (
        "No positions and rotary are identical: the losses of all 5 pairs are equal to the bit, "
        "so the option does not reach the model."
    )


def test_a_grid_without_variance_has_no_verdict(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": shifted(0.25, 0.25, 0.25, 0.25, 0.25)})
    assert found.text == "Not resolved. No difference from rotary has an interval."
    assert texts(found)["none"] == (
        "No verdict on no positions against rotary: zero variance between seeds: the seed does not "
        "reach the training. The difference is +0.250 in every pair."
    )


# diverged


def test_a_diverged_variant_has_an_interval_given_that_it_did_not(tmp_path):
    found = judged(tmp_path, TABLE, status={"alibi/1": "diverged"})
    assert texts(found)["alibi"] == written(
        "alibi diverged in 1 of 5 seeds (seed 1 at step 40). Where it did not, it ended 0.0145 "
        "nats/token below rotary (given that it did not diverge: 95_% simultaneous interval "
        "-0.0217 to -0.0073, 4 paired seeds, 3 comparisons)."
    )
    assert found.text.endswith(" alibi diverged in 1 of 5 seeds.")
    assert "alibi" not in found.set


def test_the_best_variant_does_not_win_where_it_diverged(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(*HIGHER), "x": shifted(*LOWER)}
    found = judged(tmp_path, losses, status={"x/2": "diverged"})
    assert found.text == (
        "rotary wins. No positions ends 0.0504 nats above it. x diverged in 1 of 5 seeds."
    )
    assert found.set == ("rotary",)


def test_a_diverged_baseline_is_said_first_and_its_seeds_are_left_out(tmp_path):
    found = judged(tmp_path, TABLE, status={"rotary/1": "diverged"})
    assert [each.pairs for each in found.claims] == [4, 4, 4]
    assert found.caveats[0].kind == "baseline_diverged"
    assert found.text.endswith(" rotary diverged in 1 of 5 seeds.")
    assert texts(found)["alibi"] == written(
        "alibi is better than rotary by 0.0145 nats/token (95_% simultaneous interval -0.0215 to "
        "-0.0075, 4 paired seeds, 3 comparisons), lower in all 4 pairs."
    )


def test_a_baseline_that_diverged_but_once_leaves_one_seed(tmp_path):
    losses = {name: each[:3] for name, each in TABLE.items()}
    found = judged(tmp_path, losses, status={"rotary/1": "diverged", "rotary/2": "diverged"})
    assert {each.verdict for each in found.claims} == {"one_seed"}
    assert found.text.startswith("No verdict: one seed. The differences seen are ")
    assert found.text.endswith(" rotary diverged in 2 of 3 seeds.")


def test_a_baseline_that_always_diverged_leaves_no_verdict(tmp_path):
    losses = {name: each[:3] for name, each in TABLE.items()}
    found = judged(tmp_path, losses, status={f"rotary/{seed}": "diverged" for seed in range(3)})
    assert found.text == (
        "No verdict: the baseline has no finished cell. rotary diverged in 3 of 3 seeds."
    )
    assert texts(found)["nope"] == (
        "nope and rotary have no seed that both finished: there is no difference."
    )


# missing pairs


def test_a_failed_seed_is_left_out_of_its_own_contrast_alone(tmp_path):
    found = judged(tmp_path, TABLE, status={"alibi/2": "failed"})
    assert {each.a: each.pairs for each in found.claims} == {"alibi": 4, "nope": 5, "linspace": 5}
    assert "4 paired seeds, 3 comparisons" in texts(found)["alibi"]


def test_a_failed_seed_of_the_baseline_is_left_out_of_all(tmp_path):
    found = judged(tmp_path, TABLE, status={"rotary/2": "failed"})
    assert {each.pairs for each in found.claims} == {4}
    assert caveats(found)["failed"] == (
        "rotary failed in seed 2; every difference uses at most 4 of 5 seeds."
    )


def test_seeds_that_never_meet_are_no_pairs(tmp_path):
    losses = {"rotary": [3.2, 3.21], "none": [3.25, 3.26]}
    found = judged(tmp_path, losses, status={"rotary/0": "failed", "none/1": "failed"})
    assert found.text == "No verdict: no variant shares a finished seed with the baseline."


def test_a_pruned_cell_never_enters_a_verdict(tmp_path):
    found = pruned(results(tmp_path, TABLE), "alibi/0", "alibi/3")
    assert {each.a: each.pairs for each in found.claims}["alibi"] == 3
    assert caveats(found)["pruned"] == (
        "alibi was pruned in seeds 0 and 3; its difference uses 3 of 5 seeds."
    )
