"""The exact headlines: the first row that applies."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.best import standings
from reports.frames import read_frames
from reports.verdict import judge
from tests.reference import known, written
from tests.results import results

TABLE = known("floored_paired_interval")[0]["table"]
ROTARY = [3.20, 3.21, 3.19, 3.20, 3.205]


def judged(tmp_path, losses, **options):
    return judge(read_frames(results(tmp_path, losses, **options)))


def shifted(by, *own):
    """Return the baseline's losses shifted, with a little noise of their own."""
    noise = own or (0.001, -0.001, 0.002, 0.0, -0.002)
    return [round(loss + by + each, 4) for loss, each in zip(ROTARY, noise, strict=True)]


def every(status, *variants, seeds=5):
    return {f"{variant}/{seed}": status for variant in variants for seed in range(seeds)}


def test_not_run(tmp_path):
    found = judged(tmp_path, {"rotary": [None, None], "none": [None, None]})
    assert (found.kind, found.text) == ("not_run", "Not run yet.")


def test_not_finished(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": [3.2, None, None, 3.2, None]})
    assert found.kind == "not_finished"
    assert found.text == "Not finished. 7 of 10 cells are done."


def test_no_cells(tmp_path):
    status = every("failed", "rotary", "none")
    found = judged(tmp_path, {"rotary": ROTARY, "none": ROTARY}, status=status)
    assert (found.kind, found.text) == ("no_cells", "No verdict: no cell finished.")
    assert found.scope == ""


def test_no_cells_because_all_diverged(tmp_path):
    status = every("diverged", "rotary", "none")
    found = judged(tmp_path, {"rotary": ROTARY, "none": ROTARY}, status=status)
    assert found.text == (
        "No verdict: no cell finished. rotary diverged in 5 of 5 seeds. "
        "No positions diverged in 5 of 5 seeds."
    )


def test_no_baseline(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": ROTARY}, status=every("failed", "rotary"))
    assert found.kind == "no_baseline"
    assert found.text == "No verdict: the baseline has no finished cell."


def test_one_seed(tmp_path):
    found = judged(tmp_path, {"rotary": [3.20], "none": [3.247]})
    assert found.kind == "one_seed"
    assert found.text == (
        written("No verdict: one seed. The difference seen is +0.047 (no positions - rotary). ")
        + "One run cannot tell a better variant from a lucky seed."
    )
    assert found.lead == ("No verdict: one seed.",)


def test_one_seed_of_several_variants(tmp_path):
    losses = {"rotary": [3.20], "none": [3.247], "x": [3.1], "y": [3.3], "z": [3.4], "w": [3.5]}
    assert judged(tmp_path, losses).text == (
        written("No verdict: one seed. The differences seen are +0.047 (no positions - rotary), ")
        + written("-0.100 (x - rotary), +0.100 (y - rotary) and 2 more. ")
        + "One run cannot tell a better variant from a lucky seed."
    )


def test_one_seed_that_diverged_is_no_difference(tmp_path):
    losses = {"rotary": [3.20], "none": [3.247]}
    found = judged(tmp_path, losses, status={"none/0": "diverged"})
    assert found.text == (
        "No verdict: no variant shares a finished seed with the baseline. "
        "No positions diverged in 1 of 1 seed."
    )


def test_one_common_seed_although_there_are_more(tmp_path):
    losses = {"rotary": [3.2, 3.21], "none": [3.3, 3.31]}
    status = {"rotary/0": "failed"}
    assert judged(tmp_path, losses, status=status).kind == "one_seed"


def test_identical(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": ROTARY, "x": ROTARY})
    assert found.kind == "identical"
    assert found.text == (
        "Identical. The options do not reach the model: all losses are equal to the bit."
    )


def test_equivalent(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": shifted(0.001), "x": shifted(-0.001)})
    assert found.kind == "equivalent"
    assert found.text == (
        "No difference that matters. All variants lie within 0.01 nats of rotary."
    )


def test_the_baseline_wins(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.047), "linspace": shifted(0.066)}
    found = judged(tmp_path, losses)
    assert (found.kind, found.set) == ("wins", ("rotary",))
    assert found.lead == ("rotary wins.",)
    assert found.text == ("rotary wins. No positions ends 0.0470 nats above it, linspace 0.0660.")


def test_a_variant_wins(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(-0.047), "linspace": shifted(0.066)}
    found = judged(tmp_path, losses)
    assert (found.kind, found.set) == ("wins", ("none",))
    assert found.text == ("No positions wins. rotary ends 0.0470 nats above it, linspace 0.1130.")


def test_a_win_by_less_than_the_margin_says_so(tmp_path):
    found = judged(tmp_path, {"rotary": ROTARY, "none": shifted(0.005)})
    assert found.kind == "wins"
    assert found.text == (
        "rotary wins by less than the margin of 0.01. No positions ends 0.0050 nats above it."
    )


def test_of_many_losers_three_are_named(tmp_path):
    losses = {"rotary": ROTARY} | {f"v{index}": shifted(0.05 + index / 100) for index in range(6)}
    assert judged(tmp_path, losses).text == (
        "rotary wins. v0 ends 0.0500 nats above it, v1 0.0600, v2 0.0700, 3 more in the table."
    )


def test_a_winner_beside_a_diverged_variant(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.047), "linspace": shifted(-0.066)}
    found = judged(tmp_path, losses, status={"linspace/3": "diverged"})
    assert found.kind == "wins"
    assert found.text == (
        "rotary wins. No positions ends 0.0470 nats above it. linspace diverged in 1 of 5 seeds."
    )


def test_nobody_is_left_but_the_baseline(tmp_path):
    losses = {"rotary": ROTARY, "none": ROTARY}
    found = judged(tmp_path, losses, status=every("diverged", "none"))
    assert found.text == "rotary wins. No positions diverged in 5 of 5 seeds."


def test_a_baseline_that_diverged_somewhere_does_not_win(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.047)}
    found = judged(tmp_path, losses, status={"rotary/3": "diverged"})
    assert found.kind == "partly"
    assert found.text.startswith("Which is best is not resolved. No positions is worse than rotary")
    assert found.text.endswith("rotary diverged in 1 of 5 seeds.")
    assert found.caveats[0].kind == "baseline_diverged"


def test_a_set_of_two(tmp_path):
    losses = {
        "rotary": ROTARY,
        "fire": shifted(0.0, 0.02, -0.02, 0.01, 0.0, -0.012),
        "none": shifted(0.2),
        "linspace": shifted(0.3),
    }
    found = judged(tmp_path, losses)
    assert (found.kind, found.set) == ("set", ("rotary", "fire"))
    assert found.text == (
        "rotary or fire. Either could be the best of the 4 variants; no positions and linspace "
        + written("are not (95_%).")
    )
    assert found.lead == ("rotary or fire.",)


def test_a_variant_without_pairs_is_not_called_beaten(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(-0.2), "linspace": shifted(0.3)}
    found = judged(tmp_path, losses, status=every("failed", "linspace"))
    assert (found.kind, found.set) == ("partly", ("none",))
    assert found.text == (
        f"Which is best is not resolved. {found.claims[0].text} "
        "linspace and rotary have no seed that both finished: there is no difference."
    )
    assert found.claims[0].text.startswith("No positions is better than rotary by 0.2000 nats")


def test_partly(tmp_path):
    noisy = shifted(-0.01, 0.03, -0.03, 0.02, -0.01, 0.01)
    losses = {"rotary": ROTARY, "none": shifted(0.001), "linspace": noisy}
    found = judged(tmp_path, losses)
    assert found.kind == "partly"
    assert found.text == f"Which is best is not resolved. {found.claims[0].text}"
    assert found.claims[0].verdict == "equivalent"


def test_unresolved(tmp_path):
    noisy = shifted(0.012, 0.03, -0.03, 0.02, -0.01, -0.01)
    found = judged(tmp_path, {"rotary": ROTARY, "none": noisy})
    assert found.kind == "unresolved"
    assert found.text == (
        "Not resolved. No difference from rotary is larger than its uncertainty; the largest is "
        + written("no positions - rotary, +0.012 (-0.018 to +0.042).")
    )


def test_unequal_budgets_stand_before_everything(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.047)}
    found = judged(tmp_path, losses, steps=100, steps_of={"none": 88})
    assert found.text == (
        written("Not a fair comparison: No positions saw 12_% fewer tokens. ")
        + "rotary wins. No positions ends 0.0470 nats above it."
    )
    assert found.lead == ("Not a fair comparison:", "rotary wins.")


def test_unequal_tokens_are_fair_where_flops_are_held(tmp_path):
    losses = {"rotary": ROTARY, "none": shifted(0.047)}
    found = judged(tmp_path, losses, hold="flops")
    assert not found.text.startswith("Not a fair comparison")
    found = judged(tmp_path, losses, hold="flops", steps=100, steps_of={"none": 110}, name="b")
    assert written("No positions used 10_% more FLOPs. ") in found.text


@pytest.mark.parametrize("by", [0.0, 0.004, 0.05])
def test_the_headline_contains_its_decisive_words(tmp_path, by):
    found = judged(tmp_path, {"rotary": ROTARY, "none": shifted(by)})
    assert all(lead in found.text for lead in found.lead)


def test_the_scope_says_what_was_not_tuned(tmp_path):
    assert judged(tmp_path, TABLE).scope == written(
        "At 7,680 tokens, 120.0_k parameters, this data and these hyperparameters, "
        "which were tuned for no variant."
    )


def test_a_variant_called_worse_is_not_among_those_that_could_be_best(tmp_path):
    # opposite noise: with one of the two as the reference the floor is higher than in the verdict
    noise = (0.01, -0.01, 0.02, -0.02, 0.0)
    losses = {
        "rotary": ROTARY,
        "none": shifted(0.0235, *noise),
        "linspace": shifted(0.0235, *(-each for each in noise)),
    }
    rows = {name: dict(enumerate(row)) for name, row in losses.items()}
    assert all(each.could_be_best for each in standings(rows, 2, "floored", 0.05))
    found = judged(tmp_path, losses)
    assert {each.verdict for each in found.claims} == {"worse"}
    assert (found.kind, found.set) == ("wins", ("rotary",))


def test_a_set_of_one_does_not_win_what_is_not_resolved(tmp_path):
    # t = 2.5: beyond the one-sided limit of the set, within the two-sided one of the verdict
    losses = {"rotary": ROTARY, "none": shifted(0.0177, 0.01, -0.01, 0.02, -0.02, 0.0)}
    found = judged(tmp_path, losses)
    assert found.claims[0].verdict == "unresolved"
    assert (found.kind, found.set) == ("unresolved", ("rotary",))
    assert found.lead == ("Not resolved.",)
    assert found.text == written(
        "Not resolved. No difference from rotary is larger than its uncertainty; the largest is "
        "no positions - rotary, +0.018 (-0.002 to +0.037)."
    )


def test_a_set_of_one_follows_what_is_resolved(tmp_path):
    losses = {
        "rotary": ROTARY,
        "fire": shifted(0.0177, 0.01, -0.01, 0.02, -0.02, 0.0),
        "none": shifted(0.3),
    }
    found = judged(tmp_path, losses)
    assert [each.verdict for each in found.claims] == ["unresolved", "worse"]
    assert (found.kind, found.set) == ("partly", ("rotary",))
    assert found.text == f"Which is best is not resolved. {found.claims[1].text} " + written(
        "Only rotary could be the best of the 3 variants (95_%, "
    ) + ('one-sided, over all pairs); "could not be the best" says less than "is worse".')


def test_a_set_of_one_that_contrasts_bear_out_keeps_its_form(tmp_path):
    # nobody says how fire stands, so it is no win over all of the grid
    losses = {"rotary": ROTARY, "none": shifted(0.2), "linspace": shifted(0.3), "fire": ROTARY}
    found = judged(tmp_path, losses, status=every("failed", "fire"))
    assert (found.kind, found.set) == ("set", ("rotary",))
    assert found.text == written(
        "rotary. It alone could be the best of the 3 variants that can be compared; no positions "
        "and linspace are not (95_%)."
    )


@given(st.lists(st.floats(-0.06, 0.06), min_size=5, max_size=5), st.floats(-0.05, 0.05))
@settings(max_examples=20, deadline=None)
def test_two_variants_never_have_the_form_of_a_set(noise, by):
    with TemporaryDirectory() as folder:
        found = judged(Path(folder), {"rotary": ROTARY, "fire": shifted(by, *noise)})
    assert found.kind in {"wins", "equivalent", "unresolved", "partly", "identical"}
    assert "It alone" not in found.text
    if "Only" in found.text:
        assert {each.verdict for each in found.claims} == {"unresolved"}


def test_names_with_commas_are_quoted_and_names_keep_their_letters(tmp_path):
    losses = {
        "my_idea": ROTARY,
        "fire": shifted(0.0, 0.02, -0.02, 0.01, 0.0, -0.012),
        "gated": shifted(0.2),
        "rate": shifted(0.3),
    }
    labels = {"my_idea": "my_idea", "fire": "rotary, gated", "gated": "a and b", "rate": "rate = 1"}
    found = judged(tmp_path, losses, labels=labels)
    assert found.text == (
        "my_idea or “rotary, gated”. Either could be the best of the 4 variants; “a and b” and "
        + written("rate = 1 are not (95_%).")
    )
    pair = f"“rotary, gated” {written('-')} my_idea"
    assert found.claims[0].text.startswith(f"Not resolved: {pair} is between ")
