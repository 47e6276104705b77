import json
import math

import numpy as np
import pytest
from scipy import stats

from reports.before import Asked, Noise, noise
from reports.estimates import always_valid_critical, floored_critical
from reports.numbers import THIN, amount
from reports.resolvable import (
    PUBLISHED,
    answer,
    critical_of,
    main,
    resolvable,
    seeds_for,
)
from tests.results import BATCH, CONTEXT, results

STEPS = 60
DICE = np.random.default_rng(5)


def asked(**changed):
    told = {
        "preset": "laptop", "data": "d" * 20, "tokens": CONTEXT * BATCH * STEPS, "length": None,
        "final": "last", "looks": (5,), "contrasts": 2, "margin": 0.01, "interval": "floored",
    }  # fmt: skip
    return Asked(**{**told, **changed})


def like(folder):
    """Return the plan of cells like those of a folder of results."""
    manifest = json.loads((folder / "manifest.json").read_text())
    training = manifest["training"]
    return asked(
        preset=manifest["preset"],
        data=manifest["data"]["digest"],
        tokens=training["tokens_per_step"] * training["steps"],
    )


@pytest.mark.parametrize(("seeds", "alpha"), [(3, 0.05), (5, 0.05), (10, 0.05 / 3)])
def test_the_smallest_difference_has_the_power_that_scipy_computes(seeds, alpha):
    plan = asked(looks=(3, 5, 10) if alpha < 0.05 else (seeds,), contrasts=1)
    found = resolvable(plan, seeds, 0.004)
    critical = stats.t.ppf(1 - alpha / 2, seeds - 1)
    assert critical_of(plan, seeds) == pytest.approx(critical)
    shift = found * math.sqrt(seeds) / 0.004
    power = stats.nct.sf(critical, seeds - 1, shift) + stats.nct.cdf(-critical, seeds - 1, shift)
    assert power == pytest.approx(0.8, abs=1e-6)


def test_the_family_is_floored_unless_the_grid_says_otherwise():
    assert critical_of(asked(), 5) == floored_critical(2, 5, 0.05)
    paired = stats.t.ppf(1 - 0.05 / 4, 4)
    assert critical_of(asked(interval="paired"), 5) == pytest.approx(paired)


def test_so_many_seeds_resolve_the_margin_and_one_less_does_not():
    plan = asked()
    seeds = seeds_for(plan, 0.008)
    assert resolvable(plan, seeds, 0.008) <= plan.margin < resolvable(plan, seeds - 1, 0.008)
    assert seeds_for(plan, 1.0) is None
    assert seeds_for(asked(margin=None), 0.008) is None


def test_noise_is_pooled_over_contrasts_of_earlier_grids_like_the_planned_one(tmp_path):
    base = 3.4 + 0.01 * DICE.standard_normal(6)
    one = base + 0.004 * DICE.standard_normal(6)
    two = base + 0.02 + 0.004 * DICE.standard_normal(6)
    folder = results(tmp_path, {"rotary": base, "alibi": one, "nope": two}, steps=STEPS)
    found = noise(like(folder), folder.parent)
    variances = [np.var(each - base, ddof=1) for each in (one, two)]
    assert found.difference == pytest.approx(math.sqrt(np.mean(variances)))
    assert found.degrees == 10
    assert found.grids == ("positions",)
    losses = [np.var(each, ddof=1) for each in (base, one, base, two)]
    assert found.seed == pytest.approx(math.sqrt(np.mean(losses)))
    assert found.paired_off == pytest.approx(1 - np.mean(variances) / (2 * np.mean(losses)))


def test_two_grids_that_hold_the_same_pair_count_it_once(tmp_path):
    losses = {
        "rotary": [3.41, 3.42, 3.40, 3.43, 3.45, 3.4],
        "alibi": [3.4, 3.44, 3.41, 3.43, 3.4, 3.5],
    }
    one = results(tmp_path, losses, steps=STEPS, name="one")
    before = noise(like(one), one.parent)
    results(tmp_path, losses, steps=STEPS, name="two")
    assert before is not None
    assert noise(like(one), one.parent) == before


def test_other_presets_texts_and_lengths_say_nothing(tmp_path):
    losses = {"rotary": DICE.standard_normal(8), "alibi": DICE.standard_normal(8)}
    folder = results(tmp_path, losses, steps=STEPS)
    plan = like(folder)
    assert noise(plan, folder.parent) is not None
    changes = {"preset": "pythia-14m", "data": "e", "length": 64, "final": "tail"}
    for key, value in changes.items():
        assert noise(Asked(**{**vars(plan), key: value}), folder.parent) is None


def test_of_other_numbers_of_tokens_the_nearest_speak_and_are_named(tmp_path):
    base = DICE.standard_normal(7)
    for name, sd, steps in (("short", 1.0, STEPS // 2), ("long", 0.01, 8 * STEPS)):
        other = base + sd * DICE.standard_normal(7)
        results(tmp_path, {"rotary": base, "alibi": other}, steps=steps, name=name)
    plan = like(results(tmp_path, {"rotary": base[:1], "alibi": base[:1]}, steps=STEPS))
    found = noise(plan, tmp_path / "results")
    assert (found.grids, found.tokens) == (("short",), plan.tokens // 2)
    (said,) = (each for each in answer(plan, found)["sentences"] if "The noise is" in each)
    assert f"that of short at the same preset, after {amount(found.tokens)} tokens: seeds" in said
    exact = DICE.standard_normal(7)
    results(tmp_path, {"rotary": base, "alibi": base + 0.1 * exact}, steps=STEPS, name="exact")
    assert noise(plan, tmp_path / "results").grids == ("exact",)


def test_the_own_results_of_a_grid_come_before_those_of_others(tmp_path):
    base = DICE.standard_normal(7)
    calm, wild = (base + sd * DICE.standard_normal(7) for sd in (0.001, 1.0))
    own = results(tmp_path, {"rotary": base, "alibi": calm}, steps=STEPS, name="own")
    results(tmp_path, {"rotary": base, "none": wild}, steps=STEPS, name="other")
    plan = like(own)
    assert noise(plan, own.parent).grids == ("other", "own")
    found = noise(Asked(**{**vars(plan), "name": "own"}), own.parent)
    assert found.grids == ("own",)
    assert found.difference == pytest.approx(float(np.std(calm - base, ddof=1)))


def test_the_same_function_twice_says_nothing_about_noise(tmp_path):
    base = DICE.standard_normal(8)
    folder = results(tmp_path, {"rotary": base, "alibi": base + 1e-9 * DICE.standard_normal(8)})
    assert noise(like(folder), folder.parent) is None


def test_contrasts_of_unlike_noise_give_a_range():
    found = answer(
        asked(), Noise(0.02, 0.012, 0.001, 0.02, 12, ("positions",), CONTEXT * BATCH * STEPS)
    )
    low, high = found["resolvable"][0]["difference"]
    assert low == pytest.approx(resolvable(asked(), 5, 0.001))
    assert high == pytest.approx(resolvable(asked(), 5, 0.02))
    assert "paired differences by 0.001 to 0.02" in found["sentences"][1]
    loud = answer(
        asked(), Noise(0.02, 0.03, 0.02, 0.06, 12, ("positions",), CONTEXT * BATCH * STEPS)
    )
    assert "above the margin of 0.01 even for a calm contrast" in loud["sentences"][2]


def test_seeds_that_are_added_after_looking_resolve_less():
    plan = asked(was_judged=True)
    assert critical_of(plan, 5) == always_valid_critical(5, 2)
    assert resolvable(plan, 5, 0.004) > resolvable(asked(), 5, 0.004)
    none = answer(
        asked(looks=(3,), was_judged=True),
        Noise(0.02, 0.01, 0.01, 0.01, 9, ("a",), CONTEXT * BATCH * STEPS),
    )
    assert none["sentences"][0].startswith("3 seeds resolve nothing here: these contrasts were")
    assert none["resolvable"] == [{"seeds": 3, "difference": [None]}]
    assert len(none["sentences"]) == 2


def test_few_degrees_of_freedom_are_none(tmp_path):
    folder = results(tmp_path, {"rotary": [3.4, 3.5, 3.6], "alibi": [3.41, 3.5, 3.62]}, steps=STEPS)
    assert noise(like(folder), folder.parent) is None


def test_without_earlier_runs_the_published_range_is_named_as_foreign():
    found = answer(asked(), None)
    assert found["source"] == "published"
    low, high = found["resolvable"][0]["difference"]
    assert low == pytest.approx(resolvable(asked(), 5, PUBLISHED[0] * math.sqrt(2)))
    assert high == pytest.approx(resolvable(asked(), 5, PUBLISHED[1] * math.sqrt(2)))
    assert "Too little like it was trained here" in found["sentences"][1]


def test_a_grid_that_cannot_answer_at_its_margin_is_told_so():
    found = answer(
        asked(),
        Noise(0.02, 0.012, 0.011, 0.013, 12, ("positions", "memory"), CONTEXT * BATCH * STEPS),
    )
    needed = seeds_for(asked(), 0.012)
    told = " ".join(found["sentences"]).replace(THIN, " ")
    assert told == (
        "With 5 seeds and 2 comparisons, a true difference of about 0.021 nats per token would be "
        "resolved in 80 of 100 cases. The noise is that of positions and memory at the same "
        "preset: seeds spread by 0.02, paired differences by 0.012 (12 degrees of freedom); "
        "pairing took 82 % off their variance. That is above the margin of 0.01: differences of "
        f"that size will mostly stay unresolved. It would take about {needed} seeds."
    )
    quiet = answer(
        asked(), Noise(0.002, 0.001, 0.001, 0.001, 12, ("positions",), CONTEXT * BATCH * STEPS)
    )
    assert len(quiet["sentences"]) == 2


def test_the_command_prints_json_and_refuses_what_it_does_not_know(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    words = ["preset=laptop", "data=abc", "tokens=100", "seeds=3,5", "contrasts=1"]
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [each["seeds"] for each in printed["resolvable"]] == [3, 5]
    assert main([*words[:3], "seed=3"]) == 2
    told = capsys.readouterr().err
    assert "did you mean seeds?" in told
    assert "an argument is missing" in told
    assert main([*words[:4], "contrasts=two"]) == 2
