import shlex
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reports.frames import read_frames
from reports.material import Material
from reports.settle import heading, more_seeds, note, plans, without_plan
from reports.verdict import judge
from tests.results import edit_manifest, results

UNRESOLVED = {"rotary": [3.20, 3.21, 3.22], "none": [3.205, 3.219, 3.218]}


def material(tmp_path, losses, **settings) -> Material:
    frames = read_frames(results(tmp_path, losses, **settings))
    return Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC))


def test_an_unresolved_contrast_gets_seeds_cells_and_a_command(tmp_path):
    found = material(tmp_path, UNRESOLVED)
    (plan,) = found.plans
    claim = found.verdict.claims[0]
    assert plan.seeds == claim.seeds_needed
    total = max(seeds for seeds in plan.seeds if seeds)
    assert plan.cells == 2 * (total - 3)
    assert plan.command == f"python -m ablations.run grid=positions seeds={total}"
    assert f"about {plan.seeds[0]}" in heading(found.plans, found.verdict)
    assert plan.as_json()["gpu_hours"] > 0


def test_a_resolved_grid_has_nothing_to_settle(tmp_path):
    found = material(tmp_path, {"rotary": [3.20, 3.21, 3.22], "none": [4.20, 4.21, 4.221]})
    assert found.plans == ()
    assert heading((), found.verdict) == "Nothing is left to settle"


def test_several_that_could_be_the_best_are_not_settled_by_the_baseline(tmp_path):
    losses = {"rotary": [3.20, 3.21, 3.22], "none": [2.20, 2.21, 2.221], "x": [2.2, 2.21, 2.222]}
    found = material(tmp_path, losses)
    assert [each.verdict for each in found.verdict.claims] == ["better", "better"]
    assert found.verdict.set == ("none", "x")
    assert heading((), found.verdict) == "Every contrast with the baseline has a verdict"
    assert "make one of them the baseline, or write compare: all" in note((), found.verdict)


NOISY = {"rotary": [3.2, 3.21, 3.19], "none": [3.2, 3.21, 3.25], "x": [3.3, 3.2, 3.1]}


def test_a_contrast_that_needs_too_many_seeds_is_named(tmp_path):
    found = material(tmp_path, NOISY)
    assert [plan.claim.a for plan in found.plans] == []
    (sentence,) = without_plan(found.frames, found.verdict)
    assert sentence == (
        "No positions against rotary and x against rotary: more than 50 seeds would be needed to "
        "resolve a difference of 0.01."
    )
    assert note(found.plans, found.verdict) == ""


LARGE = {"rotary": [3.2, 3.3, 3.1], "none": [3.5, 3.4, 3.55]}


@pytest.mark.parametrize("margin", [0.001, None])
def test_where_the_margin_takes_too_many_a_difference_as_seen_is_planned(tmp_path, margin):
    found = material(tmp_path, LARGE, margin=margin)
    (claim,) = found.verdict.claims
    assert claim.verdict == "unresolved"
    assert claim.seeds_needed == (None if margin is None else (None, None))
    (plan,) = found.plans
    assert plan.seeds == claim.seeds_for_seen
    assert plan.difference == pytest.approx(0.28333, abs=1e-4)
    assert plan.title.endswith(" paired seeds, were it as large as it was seen")
    assert "in all would resolve one as large as was seen, 0.28 nats per token" in plan.sentence
    if margin:
        low, high = claim.seeds_for_seen
        said = f", and about {low} to {high} in all for one as large as the one seen, 0.28; so far"
        assert said in claim.text


def test_a_difference_below_the_margin_plans_for_the_margin(tmp_path):
    found = material(tmp_path, UNRESOLVED)
    assert found.verdict.claims[0].seeds_for_seen is None
    assert [plan.difference for plan in found.plans] == [0.01]


def test_without_a_margin_it_is_said_that_there_is_none(tmp_path):
    found = material(tmp_path, NOISY, margin=None)
    (sentence,) = without_plan(found.frames, found.verdict)
    assert sentence.endswith(
        "the grid has no margin, so there is no difference that the seeds should resolve."
    )


def test_comparisons_with_the_baseline_are_planned_before_pairs_of_a_claim(tmp_path):
    losses = {
        "rotary": [3.2, 3.21, 3.22, 3.2],
        "none": [3.203, 3.215, 3.223, 3.208],
        "x": [3.196, 3.213, 3.219, 3.208],
    }
    claim = {"none": {"between": ["rotary", "x"]}, "source": "a diary"}
    found = material(tmp_path, losses, claim=claim)
    reverse = replace(found.verdict, claims=found.verdict.claims[::-1])
    named = [(plan.claim.a, plan.claim.b) for plan in plans(found.frames, reverse, found.summaries)]
    assert named == [("x", "rotary"), ("none", "rotary"), ("x", "none")]


def test_what_could_be_the_best_is_settled_first(tmp_path):
    losses = {
        "rotary": [3.2, 3.21, 3.22, 3.2],
        "none": [3.203, 3.215, 3.223, 3.208],
        "x": [3.196, 3.213, 3.219, 3.208],
    }
    found = material(tmp_path, losses)
    for best, order in ((("x",), ["x", "none"]), (("none", "x"), ["none", "x"])):
        verdict = replace(found.verdict, set=best)
        planned = plans(found.frames, verdict, found.summaries)
        assert [plan.claim.a for plan in planned] == order


def test_one_seed_needs_a_second_one_first(tmp_path):
    found = material(tmp_path, {"rotary": [3.2], "none": [3.3]})
    assert "second seed" in note(found.plans, found.verdict)


def test_a_command_that_names_its_seeds_names_them_once(tmp_path):
    folder = results(tmp_path, UNRESOLVED)
    edit_manifest(folder, command="python -m ablations.run grid=positions seeds=3 preset=laptop")
    command = more_seeds(read_frames(folder), 7)
    assert shlex.split(command)[2:] == [
        "ablations.run",
        "grid=positions",
        "preset=laptop",
        "seeds=7",
    ]


def test_listed_seeds_are_continued(tmp_path):
    folder = results(tmp_path, UNRESOLVED, seeds=(3, 5, 9))
    edit_manifest(folder, command="python -m ablations.run grid=positions 'seeds=[3,5,9]'")
    command = more_seeds(read_frames(folder), 5)
    assert shlex.split(command)[-1] == "seeds=[3,5,9,10,11]"
    assert command.count("seeds=") == 1


OPEN = {
    "rotary": [3.200, 3.210, 3.190, 3.205, 3.195],
    "far": [3.5, 3.512, 3.489],
    "close": [3.210, 3.203, 3.203, 3.202, 3.204],
}
LOOKS = {"declared": [3, 5, 20], "taken": [3, 5], "asked": {"far": 3}}


def test_a_planned_look_is_what_settles_an_open_contrast(tmp_path):
    found = material(tmp_path, OPEN, margin=0.015, **LOOKS)
    (plan,) = found.plans
    assert plan.seeds == (20, 20)
    assert plan.cells == 2 * (20 - 5)  # of the two that are open: far is decided
    assert plan.command == "python -m ablations.run grid=positions"
    assert "The command takes what is not decided on to the look at 20 seeds: 30 cells" in (
        plan.sentence
    )


def test_after_the_last_look_more_seeds_are_added_after_looking(tmp_path):
    looks = LOOKS | {"declared": [3, 5], "stopped": "exhausted"}
    folder = results(tmp_path, OPEN, margin=0.015, **looks)
    command = "python -m ablations.run grid=positions 'seeds.looks=[3, 5]' preset=laptop"
    edit_manifest(folder, command=command)
    frames = read_frames(folder)
    (plan,) = Material(frames, judge(frames), datetime(2026, 1, 1, tzinfo=UTC)).plans
    assert 5 < plan.seeds[0] < 20
    total = max(seeds for seeds in plan.seeds if seeds)
    assert plan.cells == 2 * (total - 5) + (total - 3)
    assert shlex.split(plan.command)[3:] == ["grid=positions", "preset=laptop", f"seeds={total}"]
    assert f"brings the whole grid to {total} seeds" in plan.sentence


def test_on_the_way_to_a_look_nothing_is_planned(tmp_path):
    losses = OPEN | {"close": [*OPEN["close"][:4], None]}
    found = material(tmp_path, losses, **(LOOKS | {"taken": [3]}))
    assert found.plans == ()
    assert without_plan(found.frames, found.verdict) == ()


def test_cells_that_failed_are_tried_again_before_any_further_seed(tmp_path):
    status = {f"{name}/{seed}": "failed" for name in UNRESOLVED for seed in range(3)}
    found = material(tmp_path, UNRESOLVED, status=status)
    assert "second seed" not in note(found.plans, found.verdict)
    assert note(found.plans, found.verdict).startswith("Cells failed")
    (said,) = without_plan(found.frames, found.verdict)
    assert said == (
        "6 of 6 cells failed. One command tries all of them again: "
        "python -m ablations.run grid=positions"
    )


def test_a_verdict_says_nothing_of_cells_to_try_again(tmp_path):
    found = material(tmp_path, UNRESOLVED, status={"none/2": "failed"})
    assert "Cells failed" not in note(found.plans, found.verdict)
    assert not [each for each in without_plan(found.frames, found.verdict) if "again" in each]
