"""What is seen along runs, from frames with something planted in them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reports.course import along, courses, middle
from reports.coursejson import course_json
from reports.frames import read_frames
from reports.powerlaw import DECAYS, PowerLaw
from reports.spread import TOO_FEW_SEEDS
from reports.training import training_curves
from tests.results import results

LOSSES = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.25, 3.26], "linspace": [3.3, 3.31, 3.28]}
PER_STEP = 128


def seen(frames):
    return courses(frames, training_curves(frames))


def with_losses(frames, losses):
    """Frames whose training losses are `losses(variant, seed, steps)`."""
    columns = [
        losses(*cell.split("/"), part["step"].to_numpy())
        for (cell,), part in frames.steps.group_by("cell", maintain_order=True)
    ]
    return replace(frames, steps=frames.steps.with_columns(loss=np.concatenate(columns)))


def crossing(variant, seed, steps):
    """The variant none leads until a step that depends on the seed, then the baseline does."""
    at = {"0": 300, "1": 500, "2": 950}[seed]
    batch = np.random.default_rng([int(seed), 1]).normal(0, 0.05, len(steps))
    own = np.random.default_rng([int(seed), len(variant)]).normal(0, 0.01, len(steps))
    ahead = np.where(steps <= at, -0.05, 0.05) if variant == "none" else 0
    return 3 + batch + own + ahead


def test_planted_crossings_are_found_in_each_seed(tmp_path):
    frames = with_losses(read_frames(results(tmp_path, LOSSES, steps=1000)), crossing)
    leads = seen(frames)["none"].leads
    assert list(leads) == [0, 1, 2]
    since = [each.settled_since for each in leads.values()]
    assert since[:2] == pytest.approx([300 * PER_STEP, 500 * PER_STEP], abs=40 * PER_STEP)
    assert since[2] is None  # in the last 10 %
    said = course_json(seen(frames)["none"])
    assert said["settled_tokens"] == since
    assert [each["leader"] for each in said["leads"]] == ["baseline"] * 3
    assert [each["time_in_lead"] for each in said["leads"]] == pytest.approx(
        [0.3, 0.5, 0.95], abs=0.03
    )


def test_the_baseline_has_no_lead_and_no_ratio_of_spreads(tmp_path):
    found = seen(read_frames(results(tmp_path, LOSSES, steps=100)))["rotary"]
    assert (found.leads, found.spread_ratio) == ({}, None)
    assert course_json(found)["settled_tokens"] == []


def test_seeds_that_only_one_of_two_finished_have_no_lead(tmp_path):
    status = {"rotary/0": "failed", "none/2": "missing"}
    frames = read_frames(results(tmp_path, LOSSES, steps=100, status=status))
    found = seen(frames)["none"]
    assert list(found.leads) == [1]
    assert [each.seed for each in found.runs] == [0, 1]


def test_wander_and_memory_of_a_drifting_variant_are_what_was_planted(tmp_path):
    def drifting(variant, seed, steps):
        noise = np.random.default_rng([int(seed), len(variant)]).normal(0, 0.02, len(steps))
        if variant != "none":
            return 3 + noise
        drift = np.zeros(len(steps))
        for step in range(1, len(steps)):
            drift[step] = 0.9 * drift[step - 1] + noise[step]
        return 3 + drift

    frames = read_frames(results(tmp_path, LOSSES, steps=3000))
    found = {name: course_json(each) for name, each in seen(with_losses(frames, drifting)).items()}
    assert found["rotary"]["wander"] == pytest.approx(0.02, rel=0.1)
    assert found["rotary"]["share_of_jumping"] > 0.85
    assert found["rotary"]["autocorrelation_steps"] == pytest.approx(1, abs=0.3)
    assert found["none"]["wander"] == pytest.approx(0.02 / np.sqrt(1 - 0.81), rel=0.2)
    assert found["none"]["share_of_jumping"] < 0.3
    assert found["none"]["autocorrelation_steps"] == pytest.approx(19, rel=0.35)
    run = found["none"]["runs"][0]
    tokens = PER_STEP * run["autocorrelation_steps"]
    assert run["autocorrelation_tokens"] == pytest.approx(tokens)
    assert [each["seed"] for each in found["none"]["runs"]] == [0, 1, 2]


def test_stretches_are_medians_over_the_seeds(tmp_path):
    found = seen(read_frames(results(tmp_path, LOSSES, steps=600)))["none"]
    stretches = along(found.runs)
    assert len(stretches) == 10
    assert stretches[0].jitter is None
    own = [each.along[-1].jitter for each in found.runs]
    assert stretches[-1].jitter == np.median(own)
    assert along(()) == ()


def test_short_runs_have_nothing_but_their_seed(tmp_path):
    found = seen(read_frames(results(tmp_path, LOSSES, steps=20)))["none"]
    assert [(each.late, each.memory, each.along) for each in found.runs] == [(None, None, ())] * 3
    assert found.leads == {0: None, 1: None, 2: None}
    said = course_json(found)
    assert (said["wander"], said["settled_tokens"]) == (None, [None] * 3)


def test_runs_of_unequal_length_are_measured_each_by_itself(tmp_path):
    found = seen(read_frames(results(tmp_path, LOSSES, steps=400, steps_of={"none": 300})))
    assert found["none"].runs[0].late.end == 300 * PER_STEP
    assert found["linspace"].runs[0].late.end == 400 * PER_STEP
    assert found["none"].leads[0].end == 300 * PER_STEP


def test_a_tail_that_is_not_finite_is_left_out(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=400))
    late = (pl.col("cell") == "none/0") & (pl.col("step") > 380)
    loss = pl.when(late).then(float("nan")).otherwise("loss")
    found = seen(replace(frames, steps=frames.steps.with_columns(loss=loss)))["none"]
    assert found.runs[0].late.end == 380 * PER_STEP
    assert found.runs[0].late.jitter == pytest.approx(0.05, rel=0.3)
    assert found.leads[0].end == 380 * PER_STEP


def test_the_spread_at_each_evaluation_is_that_of_the_seeds(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, status={"none/2": "failed"}))
    found = seen(frames)
    assert [each.seeds for each in found["rotary"].spreads] == [3] * 5
    assert [each.seeds for each in found["none"].spreads] == [2] * 5
    assert found["rotary"].spreads[-1].deviation == pytest.approx(0.01)
    assert found["none"].spread_ratio == TOO_FEW_SEEDS


def test_twelve_seeds_compare_spreads(tmp_path):
    wave = np.sin(7 * np.arange(12))
    losses = {"rotary": (3 + 0.01 * wave).tolist(), "none": (3 + 0.05 * wave).tolist()}
    found = seen(read_frames(results(tmp_path, losses)))["none"].spread_ratio
    assert found.estimate == pytest.approx(5)
    assert found.low > 1


def test_one_seed_has_neither_spread_nor_ratio(tmp_path):
    one = {name: losses[:1] for name, losses in LOSSES.items()}
    found = seen(read_frames(results(tmp_path, one, steps=100)))["none"]
    assert {each.deviation for each in found.spreads} == {None}
    assert found.spread_ratio == TOO_FEW_SEEDS
    assert len(found.runs) == 1


def test_a_decaying_rate_has_no_power_law_and_a_constant_one_may(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=2000))
    assert seen(frames)["none"].power_law == DECAYS

    def falling(variant, seed, steps):
        noise = np.random.default_rng([int(seed), len(variant)]).normal(0, 0.02, len(steps))
        return 2 + 3 * (PER_STEP * steps) ** -0.25 + noise

    constant = frames.steps.with_columns(learning_rate=pl.lit(1e-3))
    found = seen(with_losses(replace(frames, steps=constant), falling))["none"].power_law
    assert isinstance(found, PowerLaw)
    assert found.exponents[0] < 0.25 < found.exponents[1]


def test_spike_scores_have_a_value_for_each_seed_or_none(tmp_path):
    found = seen(read_frames(results(tmp_path, LOSSES, steps=200)))["none"].scores
    assert list(found) == ["loss", "gradient_norm"]
    assert [paper for paper, _ in found["loss"]] == [None] * 3
    assert all(0 <= monitor < 0.05 for _, monitor in found["loss"])


def test_the_middle_leaves_out_what_is_missing():
    assert middle([None, 1.0, 3.0, 9.0]) == 3.0
    assert middle([None]) is None


def test_five_evaluations_have_no_tail_and_forty_have_one_for_each_seed(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, status={"none/1": "failed"}))
    assert seen(frames)["none"].tails == (None, None)
    many = pl.concat(
        frames.evaluations.with_columns(
            tokens=pl.col("tokens") + 10 * place, step=pl.col("step") * 100 + place
        )
        for place in range(8)
    )
    found = seen(replace(frames, evaluations=many))["none"].tails
    assert [each is None for each in found] == [False, False]
    assert course_json(seen(frames)["none"])["tails"] == [None, None]


def test_the_last_half_is_measured_around_the_trend_of_a_falling_curve(tmp_path):
    found = seen(read_frames(results(tmp_path, LOSSES, steps=600)))["none"].runs[0]
    assert found.late.start == 301 * PER_STEP
    assert found.late.wander == pytest.approx(np.hypot(0.05, 0.01), rel=0.15)
    assert found.memory.tau < 2


def test_evaluations_of_a_diverged_cell_are_in_no_spread(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    cells = tuple(
        replace(each, status="diverged") if each.cell == "none/1" else each
        for each in frames.manifest.cells
    )
    found = seen(replace(frames, manifest=replace(frames.manifest, cells=cells)))["none"]
    assert [each.seeds for each in found.spreads] == [2] * 5
