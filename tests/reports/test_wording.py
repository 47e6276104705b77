"""The exact sentences of a contrast."""

import pytest

from reports.frames import read_frames
from reports.numbers import percent
from reports.verdict import judge
from reports.wording import capital, listed
from tests.reference import known, written
from tests.results import results

TABLE = known("floored_paired_interval")[0]["table"]


def sentences(tmp_path, losses, **options):
    found = judge(read_frames(results(tmp_path, losses, **options)))
    return {each.a: each.text for each in found.claims}


def test_names_are_listed_with_the_last_one_joined():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"], "or") == "a or b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("label", "begin"),
    [
        ("no positions", "No positions"),
        ("linspace", "linspace"),
        ("my_idea", "my_idea"),
        ("learning_rate = 0.01", "learning_rate = 0.01"),
        ("nope", "nope"),
        ("NoPE", "NoPE"),
        ("", ""),
        ("<b>", "<b>"),
    ],
)
def test_a_sentence_leaves_the_letters_of_a_name_as_they_are(label, begin):
    assert capital(label) == begin


def test_better_equivalent_and_unresolved(tmp_path):
    found = sentences(tmp_path, TABLE)
    assert found["alibi"] == (
        "alibi is better than rotary by 0.0138 nats/token ("
        + written("95_% simultaneous interval -0.0198 to -0.0078, 5 paired seeds, 3 comparisons")
        + "), lower in all 5 pairs."
    )
    assert found["linspace"] == (
        "linspace and rotary differ by less than 0.01 nats/token ("
        + written("95_% simultaneous interval -0.0034 to +0.0042, 5 paired seeds, 3 comparisons")
        + ")."
    )
    assert found["nope"] == (
        written("Not resolved: nope - rotary is between -0.009 and +0.045 nats/token ")
        + written("(95_% simultaneous interval, 5 paired seeds, 3 comparisons). ")
        + "More than 50 seeds would be needed to resolve a difference of 0.01, and about 30 or "
        "more in all for one as large as the one seen, 0.018; so far the difference is at most "
        "0.045 nats/token."
    )


def test_how_many_more_seeds_would_resolve_the_margin(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.22, 3.2], "none": [3.198, 3.215, 3.213, 3.208]}
    assert sentences(tmp_path, losses)["none"].endswith(
        " About 12 to 28 paired seeds in all would resolve a difference of 0.01; there are 4."
    )


def test_worse_by_at_least_the_margin(tmp_path):
    losses = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.27, 3.26], "x": [3.30, 3.31, 3.28]}
    assert sentences(tmp_path, losses)["x"] == (
        "x is worse than rotary by 0.097 nats/token ("
        + written("95_% simultaneous interval +0.080 to +0.113, 3 paired seeds, 2 comparisons")
        + "), higher in all 3 pairs, by at least the margin of 0.01."
    )


def test_better_by_less_than_the_margin_on_this_validation_set(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.19], "none": [3.199, 3.2095, 3.189]}
    assert sentences(tmp_path, losses)["none"] == (
        "No positions is better than rotary on this validation set by 0.0008 nats/token ("
        + written("95_% interval -0.0016 to -0.0001, 3 paired seeds, 1 comparison")
        + "), lower in all 3 pairs, by less than the margin of 0.01."
    )


def test_a_pair_that_goes_the_other_way_is_counted(tmp_path):
    base = [3.20, 3.21, 3.19, 3.20, 3.21, 3.20, 3.19, 3.2]
    shifts = [0.05, 0.06, 0.05, 0.07, 0.05, -0.002, 0.06, 0.05]
    losses = {"rotary": base, "none": [a + b for a, b in zip(base, shifts, strict=True)]}
    assert "higher in 7 of 8 pairs" in sentences(tmp_path, losses)["none"]


def test_one_seed(tmp_path):
    found = sentences(tmp_path, {"rotary": [3.20], "none": [3.247]})["none"]
    assert found.startswith(
        written("One seed: the difference seen is +0.047 (no positions - rotary). ")
        + "No interval for it can be computed from one seed. "
        "These two runs on other documents of this kind: "
    )
    assert found.endswith("which says nothing about other seeds.")


def test_no_common_seed(tmp_path):
    losses = {"rotary": [3.20, 3.21], "none": [3.2, 3.3]}
    status = {"none/0": "failed", "none/1": "failed"}
    assert sentences(tmp_path, losses, status=status)["none"] == (
        "No positions and rotary have no seed that both finished: there is no difference."
    )


def test_identical(tmp_path):
    losses = {"rotary": [3.20, 3.21], "none": [3.20, 3.21]}
    assert sentences(tmp_path, losses)["none"] == (
        "No positions and rotary are identical: the losses of both pairs are equal to the bit, "
        "so the option does not reach the model."
    )


def test_zero_variance(tmp_path):
    losses = {"rotary": [3.20, 3.21, 3.25], "none": [3.22, 3.23, 3.27]}
    assert sentences(tmp_path, losses)["none"] == (
        "No verdict on no positions against rotary: zero variance between seeds: the seed does "
        "not reach the training. The difference is +0.020 in every pair."
    )


def test_diverged(tmp_path):
    found = sentences(tmp_path, TABLE, status={"linspace/3": "diverged", "nope/0": "diverged"})
    assert found["linspace"].startswith(
        "linspace diverged in 1 of 5 seeds (seed 3 at step 40). Where it did not, it ended "
        "0.0007 nats/token above rotary (given that it did not diverge: "
    )
    assert "4 paired seeds" in found["linspace"]


def test_diverged_everywhere_and_but_for_one_seed(tmp_path):
    losses = {"rotary": [3.20, 3.21], "none": [3.2, 3.3], "x": [3.2, 3.3]}
    status = {"none/0": "diverged", "none/1": "diverged", "x/0": "diverged"}
    found = sentences(tmp_path, losses, status=status)
    assert found["none"] == (
        "No positions diverged in 2 of 2 seeds (seed 0 at step 40 and seed 1 at step 40)."
    )
    assert found["x"] == (
        "x diverged in 1 of 2 seeds (seed 0 at step 40). "
        "Where it did not, it ended 0.090 nats/token above rotary (one pair)."
    )


def test_pairs_without_an_interval_are_not_called_one_pair(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.19], "x": [3.2, 3.3, 3.28]}
    looks = [[0, 1], [0, 1, 2]]
    found = sentences(tmp_path, losses, status={"x/0": "diverged"}, looks=looks)
    assert found["x"].endswith("it ended 0.090 nats/token above rotary (2 pairs, no interval).")


def test_a_difference_too_noisy_to_settle(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.19], "none": [3.2, 3.21, 3.25], "x": [3.3, 3.2, 3.1]}
    assert sentences(tmp_path, losses)["x"].endswith(
        " More than 50 seeds would be needed to resolve a difference of 0.01; so far the "
        "difference is at most 0.27 nats/token."
    )


def test_unfinished_with_few_pairs_and_with_enough(tmp_path):
    few = {"rotary": TABLE["rotary"], "none": [None, 3.4, 3.41, None, 3.4]}
    assert sentences(tmp_path, few)["none"] == written(
        "Not finished: no positions - rotary is -0.008 in 3 pairs so far; "
        "intervals that allow for looking early begin at 4 pairs."
    )
    enough = {"rotary": TABLE["rotary"], "none": [*TABLE["alibi"][:4], None]}
    found = sentences(tmp_path, enough, name="other")["none"]
    assert found.startswith(
        written("Not finished: no positions - rotary is between -0.0230 and -0.0040 ")
    )
    assert found.endswith(
        written("(95_% ") + "always-valid interval, 4 paired seeds, 1 comparison)."
    )


def test_seeds_added_after_looking(tmp_path):
    found = sentences(tmp_path, TABLE, looks=[[0, 1, 2], [0, 1, 2, 3, 4]])
    assert f"{percent(0.95)} always-valid interval " in found["alibi"]
    losses = {name: row[:3] for name, row in TABLE.items()}
    found = sentences(tmp_path, losses, looks=[[0, 1], [0, 1, 2]], name="other")
    assert found["nope"] == (
        written("Not resolved: nope - rotary is +0.015 in 3 pairs so far; ")
        + "intervals that allow for looking early begin at 4 pairs."
    )


def test_a_hostile_name_stands_as_it_is(tmp_path):
    name = "</script><img src=x onerror=alert(1)>"
    found = sentences(tmp_path, {"rotary": TABLE["rotary"], name: TABLE["alibi"]})
    assert found[name].startswith(f"{name} is better than rotary by ")
