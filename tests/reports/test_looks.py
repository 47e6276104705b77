"""Seeds until decided: each look is judged as it was planned, and what it decided stands."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.contrasts import final_losses
from reports.estimates import floored_critical, floored_errors, paired_critical
from reports.frames import read_frames
from reports.looks import followed, judged, looks_taken
from reports.provenance import facts
from reports.verdict import judge, main
from reports.wording import capital
from tests.reference import written
from tests.results import edit_manifest, results

# far: decided at 3 seeds; near: at 5; close: never
BASE = [3.200, 3.210, 3.190, 3.205, 3.195]
FAR = [0.300, 0.302, 0.299]
NEAR = [0.050, 0.066, 0.038, 0.056, 0.049]
CLOSE = [0.010, -0.014, 0.013, -0.011, 0.009]


def row(shifts):
    return [round(loss + shift, 4) for loss, shift in zip(BASE, shifts, strict=False)]


GRID = {"rotary": BASE, "far": row(FAR), "near": row(NEAR), "close": row(CLOSE)}
LOOKS = {"declared": [3, 5, 10], "taken": [3, 5], "asked": {"far": 3}}


def frames(tmp_path, losses=GRID, **options):
    return read_frames(results(tmp_path, losses, **(LOOKS | options)))


def claims(found):
    return {each.a: each for each in found.claims}


def differences(*shifts):
    return [np.array(row(each)) - BASE[: len(each)] for each in shifts]


def test_a_contrast_is_decided_at_a_look_and_keeps_its_interval(tmp_path):
    found = claims(judge(frames(tmp_path)))
    assert {name: each.decided_at for name, each in found.items()} == {
        "far": 3,
        "near": 5,
        "close": None,
    }
    far = found["far"]
    critical = floored_critical(3, 3, 0.05 / 3)
    errors = floored_errors(differences(FAR, NEAR[:3], CLOSE[:3]))
    assert (far.verdict, far.seeds, far.critical) == ("worse", (0, 1, 2), critical)
    assert (far.high - far.low) / 2 == pytest.approx(critical * errors[0])
    assert far.level == pytest.approx(1 - 0.05 / 3)


def test_what_is_open_has_the_critical_value_of_its_look_and_the_noise_of_all(tmp_path):
    near = claims(judge(frames(tmp_path)))["near"]
    critical = floored_critical(3, 5, 0.05 / 3)
    errors = floored_errors(differences(FAR, NEAR, CLOSE))
    assert (near.pairs, near.critical) == (5, critical)
    assert (near.high - near.low) / 2 == pytest.approx(critical * errors[1])


def test_what_is_decided_stands_at_every_later_look(tmp_path):
    base = [*BASE, 3.20, 3.204, 3.196, 3.201, 3.199]
    moves = [*CLOSE, 0.012, -0.013, 0.01, -0.012, 0.011]
    losses = GRID | {"rotary": base, "close": [b + m for b, m in zip(base, moves, strict=True)]}
    looks = {"taken": [3, 5, 10], "asked": {"far": 3, "near": 5}}
    found = claims(judge(frames(tmp_path, losses, **looks)))
    assert [found[name].decided_at for name in ("far", "near")] == [3, 5]
    assert [found[name].pairs for name in ("far", "near", "close")] == [3, 5, 10]
    assert found["close"].critical == floored_critical(3, 10, 0.05 / 3)


def test_a_failed_cell_of_an_open_contrast_widens_the_look_for_all_open_ones(tmp_path):
    found = claims(judge(frames(tmp_path, status={"close/1": "failed"})))
    assert found["close"].critical == floored_critical(3, 4, 0.05 / 3)
    assert found["far"].critical == floored_critical(3, 2, 0.05 / 3)


def test_seeds_are_taken_in_the_order_of_the_grid(tmp_path):
    found = claims(judge(frames(tmp_path, seeds=[7, 2, 9, 1, 4])))
    assert found["far"].seeds == (7, 2, 9)


def test_students_interval_has_its_share_at_each_look(tmp_path):
    found = claims(judge(frames(tmp_path, interval="paired")))
    assert found["far"].critical == pytest.approx(paired_critical(3, 3, 0.05 / 3))
    assert found["close"].critical == pytest.approx(paired_critical(3, 5, 0.05 / 3))


def test_equal_and_diverged_variants_are_decided_at_once(tmp_path):
    losses = GRID | {"same": BASE[:3], "wild": row(FAR)}
    asked = {"far": 3, "same": 3, "wild": 3}
    found = claims(judge(frames(tmp_path, losses, asked=asked, status={"wild/1": "diverged"})))
    assert (found["same"].verdict, found["same"].decided_at) == ("identical", 3)
    assert (found["wild"].verdict, found["wild"].decided_at) == ("diverged", 3)


def test_while_a_later_look_is_trained_decisions_stand_and_the_rest_waits(tmp_path):
    losses = GRID | {"near": [*row(NEAR)[:4], None]}
    found = judge(frames(tmp_path, losses, taken=[3]))
    by_name = claims(found)
    assert (by_name["far"].verdict, by_name["far"].interval) == ("worse", "floored")
    for name in ("near", "close"):
        assert (by_name[name].verdict, by_name[name].interval) == ("unresolved", "always-valid")
    assert by_name["near"].pairs == 4
    assert found.text == "Not finished. 17 of 18 cells are done. 1 of 3 contrasts are decided."
    assert found.set == ()


def test_before_the_first_look_nothing_is_judged(tmp_path):
    losses = {"rotary": BASE[:2], "far": row(FAR)[:2]}
    (claim,) = judge(frames(tmp_path, losses, taken=[], asked={})).claims
    assert (claim.verdict, claim.interval, claim.decided_at) == ("unresolved", "always-valid", None)


def test_a_manifest_without_the_looks_taken_is_read(tmp_path):
    one = frames(tmp_path)
    looks = json.loads((one.folder / "manifest.json").read_text())["looks"]
    edit_manifest(one.folder, looks={key: looks[key] for key in ("question", "seeds", "declared")})
    manifest = read_frames(one.folder).manifest
    assert (manifest.looks.taken, manifest.looks.stopped) == (None, None)
    assert looks_taken(manifest) == (3, 5)


def test_a_look_that_lacks_a_cell_was_not_taken(tmp_path):
    losses = GRID | {"near": [*row(NEAR)[:4], None]}
    assert looks_taken(frames(tmp_path, losses, taken=None).manifest) == (3,)


@pytest.mark.parametrize("other", [[0, 1, 2, 3], [5, 6, 7]])
def test_looks_that_no_grid_declared_widen_the_intervals_of_one_that_did(tmp_path, other):
    found = judge(frames(tmp_path, looks=[other, [0, 1, 2, 3, 4]]))
    assert {each.interval for each in found.claims} == {"always-valid"}
    assert {each.level for each in found.claims} == {0.95}
    assert claims(found)["far"].verdict == "unresolved"  # no such interval from three pairs
    assert claims(found)["near"].decided_at == 5


def test_a_pair_that_only_a_claim_needs_is_decided_at_a_look_of_its_own(tmp_path):
    said = {"near": {"between": ["rotary", "far"]}}
    found = judge(
        frames(tmp_path, claim=said, asked={}, losses=GRID | {"far": row([*FAR, 0.3, 0.301])})
    )
    pair = next(each for each in found.claims if (each.a, each.b) == ("near", "far"))
    assert (pair.verdict, pair.decided_at, pair.comparisons) == ("better", 3, 4)
    assert pair.critical == pytest.approx(paired_critical(4, 3, 0.05 / 3))


def test_other_losses_follow_the_looks_of_those_that_judge(tmp_path):
    one = frames(tmp_path)
    losses = final_losses(one)
    halved = {
        name: {seed: 3.2 + (loss - losses["rotary"][seed]) / 2 for seed, loss in own.items()}
        for name, own in losses.items()
    }
    judgement = followed(one.manifest, halved, {("far", "rotary"): 3, ("near", "rotary"): 5})
    found = {each.contrast.a: each for each in judgement.outcomes}
    assert [found[name].contrast.pairs for name in ("far", "near", "close")] == [3, 5, 5]
    ours = {each.contrast.a: each for each in judged(one.manifest, losses).outcomes}
    for name, each in found.items():
        assert each.interval.critical == ours[name].interval.critical
        assert each.interval.half_width == pytest.approx(ours[name].interval.half_width / 2)


def test_the_best_is_read_at_the_look_at_which_a_pair_ended(tmp_path):
    # all three are 0.3 below far, which stopped at three seeds; close and rotary cannot be told
    assert judge(frames(tmp_path)).set == ("rotary", "close")
    losses = {"rotary": BASE, "good": row([-shift for shift in NEAR]), "far": row(FAR)}
    found = judge(frames(tmp_path, losses))
    assert found.set == ("good",)
    assert found.text.startswith(f"{capital('good')} wins.")


def test_the_looks_are_told(tmp_path):
    found = judge(frames(tmp_path, stopped="budget"))
    told = {each.kind: each.text for each in found.caveats}
    assert told["budget_of_looks"] == written(
        "The budget ended the sweep after the look at 5 seeds; close - rotary would have gone on "
        "to 10."
    )
    assert told["declared_looks"] == written(
        "Seeds were added until decided: looks at 3, 5 and 10 seeds were declared, which share "
        "the 5_%; 2 of 3 were taken. Decided at 3 seeds: far - rotary; at 5 seeds: "
        "near - rotary; open: close - rotary. Of the 40 cells that 10 seeds of every variant "
        "take, 12 were not needed (about 9.4_s of training)."
    )
    assert claims(found)["far"].text == (
        f"{capital('far')} is worse than rotary by 0.300 nats/token ("
        + written("98_% simultaneous interval +0.280 to +0.320, 3 paired seeds, 3 comparisons, ")
        + "decided at 3 seeds), higher in all 3 pairs, by at least the margin of 0.01."
    )


def test_the_looks_are_told_when_everything_is_decided(tmp_path):
    losses = {name: GRID[name] for name in ("rotary", "far", "near")}
    found = judge(frames(tmp_path, losses, stopped="decided"))
    (told,) = (each.text for each in found.caveats if each.kind == "declared_looks")
    assert told.endswith(
        "Decided at 3 seeds: far − rotary; at 5 seeds: near − rotary. Of the 30 cells "
        "that 10 seeds of every variant take, 17 were not needed (about 12\u202fs of training)."
    )
    assert "budget_of_looks" not in {each.kind for each in found.caveats}


def test_a_grid_without_declared_looks_says_nothing_of_them(tmp_path):
    losses = {name: list(each)[:3] for name, each in GRID.items()}
    found = judge(read_frames(results(tmp_path, losses)))
    assert found.looks is None
    assert not {"declared_looks", "budget_of_looks"} & {each.kind for each in found.caveats}
    assert all(each.decided_at is None and "decided at" not in each.text for each in found.claims)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"stopped": "exhausted", "declared": [3, 5]},
            "looks declared at 3, 5 seeds; taken at 3, 5; ended since no further look was declared",
        ),
        ({"taken": []}, "looks declared at 3, 5, 10 seeds; none taken yet"),
        (
            {"looks": [[5, 6, 7], [0, 1, 2, 3, 4]]},
            "looks declared at 3, 5, 10 seeds; taken at 3, 5; not declared, judged elsewhere at 3",
        ),
    ],
)
def test_provenance_lists_the_looks(tmp_path, options, text):
    named = dict(facts(frames(tmp_path, **options)))
    assert named["Seeds judged"] == text
    assert written("95_% for all comparisons and looks at once") in named["Intervals"]


def test_a_process_reads_which_contrasts_are_open(tmp_path, monkeypatch, capsys):
    frames(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["grid=positions", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["a"]: each["verdict"] for each in found["claims"]} == {
        "far": "worse",
        "near": "worse",
        "close": "unresolved",
    }
    assert found["looks"]["open"] == [["close", "rotary"]]
    assert (found["looks"]["cells"], found["looks"]["saved"]) == (40, 12)


def test_a_seed_that_carries_a_verdict_is_sought_at_the_look_of_the_verdict(tmp_path):
    # with five seeds only the look at five decides near; without one of them it would not
    shifts = [0.030, 0.006, 0.024, 0.022, 0.018]
    losses = {"rotary": BASE, "far": row(FAR), "near": row(shifts)}
    carried = [each for each in judge(frames(tmp_path, losses)).caveats if "Without" in each.text]
    assert [each.kind for each in carried] == ["leave_one_out"]
    assert "near" in carried[0].text


LOSSES = st.floats(3.0, 3.1).map(lambda loss: round(loss, 4))


def grids(seeds):
    row_of = st.lists(LOSSES, min_size=seeds, max_size=seeds)
    return st.lists(row_of, min_size=2, max_size=4)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = results(tmp_path_factory.mktemp("template"), {"v0": [3.0]}, margin=0.04, steps=20)
    return read_frames(folder).manifest


def _judged(template, rows, **looks):
    """Judge in memory; None is a missing cell."""
    seeds = tuple(range(len(rows[0])))
    losses = {
        f"v{index}": {seed: each for seed, each in enumerate(row) if each is not None}
        for index, row in enumerate(rows)
    }
    cells = [
        replace(
            template.cells[0],
            variant=name,
            seed=seed,
            status="complete" if seed in own else "missing",
        )
        for name, own in losses.items()
        for seed in seeds
    ]
    manifest = replace(
        template,
        state="partial" if any(each.status == "missing" for each in cells) else "complete",
        seeds=seeds,
        cells=tuple(cells),
        variants=tuple(replace(template.variants[0], name=name) for name in losses),
        looks=replace(template.looks, seeds=(seeds,), **looks),
    )
    return judged(manifest, losses).outcomes


def _said(outcome):
    return outcome.pair, outcome.contrast.seeds, outcome.interval, outcome.method, outcome.word


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 5).flatmap(grids))
def test_one_declared_look_is_a_grid_of_so_many_seeds(template, rows):
    size = len(rows[0])
    fixed = _judged(template, rows)
    once = _judged(template, rows, declared=(size,), taken=(size,), stopped="exhausted")
    assert [_said(each) for each in once] == [_said(each) for each in fixed]


def test_one_declared_look_says_the_same_and_when(tmp_path):
    losses = {name: row[:3] for name, row in GRID.items()}
    fixed = judge(read_frames(results(tmp_path, losses)))
    once = judge(frames(tmp_path, losses, declared=[3], taken=[3], stopped="exhausted"))
    assert (once.set, once.caveats) == (fixed.set, fixed.caveats)
    assert once.text.replace(", decided at 3 seeds", "") == fixed.text
    for one, other in zip(fixed.claims, once.claims, strict=True):
        assert replace(other, decided_at=None, text=one.text) == one


@settings(max_examples=60, deadline=None)
@given(rows=grids(5), apart=st.floats(0, 0.3))
def test_cells_of_a_later_look_change_nothing_that_is_decided(template, rows, apart):
    rows = [rows[0], *([loss + apart for loss in each] for each in rows[1:])]
    first, both = (
        _judged(template, [each[:3] for each in rows], declared=(3, 5), taken=(3,)),
        _judged(template, rows, declared=(3, 5), taken=(3, 5)),
    )
    missing = [[*rows[0][:4], None], *rows[1:]]
    on_the_way = _judged(template, missing, declared=(3, 5), taken=(3,))
    for one, two, three in zip(first, both, on_the_way, strict=True):
        if one.decided_at is not None:
            assert _said(two) == _said(three) == _said(one)
            assert two.decided_at == three.decided_at == one.decided_at == 3


def test_examples_of_the_property_are_decided_early(template):
    # that the property above is about something: far apart, the first look decides
    apart = [[3.0, 3.01, 3.02, 3.0, 3.01], [3.5, 3.511, 3.519, 3.5, 3.5]]
    assert [each.decided_at for each in _judged(template, apart, declared=(3, 5))] == [3]


def test_the_second_opinion_is_of_the_look_of_its_verdict(tmp_path):
    # with five seeds near would come before mid, and mid would be paid for less
    losses = GRID | {"mid": row([0.30, 0.34, 0.27])}
    early = {name: each[:3] for name, each in losses.items()}
    first = claims(judge(read_frames(results(tmp_path, early))))["mid"]
    found = claims(judge(frames(tmp_path, losses, asked={"far": 3, "mid": 3})))["mid"]
    assert found.decided_at == 3
    assert found.holm_p == pytest.approx(first.holm_p)
