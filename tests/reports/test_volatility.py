"""Measures of volatility, against numbers computed elsewhere and against what was simulated."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reports.estimates import paired_p
from reports.frames import read_frames
from reports.marks import marks
from reports.measures import finding, measure
from reports.noise import (
    end_of_divergence,
    jitter,
    jitter_of,
    noise_ratio,
    own_variances,
    pseudo_residuals,
    spike_events,
    spike_window,
)
from reports.training import training_curves
from reports.volatility import (
    BASELINE_BELOW,
    BELOW,
    BELOW_OR_SHARED,
    IF_INDEPENDENT,
    SHARED,
    _residuals_by_seed,
    common_share,
    volatility,
)
from reports.wording import volatility_sentence
from tests.reference import known
from tests.results import results

LOSSES = {
    "rotary": [3.20, 3.21, 3.19],
    "none": [3.26, 3.25, 3.26],
    "linspace": [3.30, 3.31, 3.28],
}


def test_equally_spaced_jitter_is_the_known_answer():
    inputs, expected = known("difference_variance")
    y = np.array(inputs["y"])
    residuals = pseudo_residuals(np.arange(len(y), dtype=float), y)
    assert np.mean(residuals**2) == pytest.approx(expected["gasser_sroka_jennen"], rel=1e-6)
    assert jitter_of(residuals) == pytest.approx(expected["jitter"], rel=1e-6)


def test_unequally_spaced_pseudo_residuals_are_the_known_answer():
    inputs, expected = known("pseudo_residual_unequal")
    found = pseudo_residuals(np.array(inputs["x"], float), np.array(inputs["y"]))
    assert found == pytest.approx(expected["pseudo_residuals"], rel=1e-6)
    assert jitter_of(found) == pytest.approx(expected["jitter"], rel=1e-6)


def test_a_straight_line_has_no_jitter():
    x = np.array([0.0, 1, 3, 4, 8] * 8).cumsum()
    assert jitter(x + np.arange(40), 2 - 0.5 * (x + np.arange(40))) == pytest.approx(0, abs=1e-12)


def test_jitter_needs_thirty_points():
    assert jitter(np.arange(29.0), np.ones(29)) is None


def test_own_noise_is_the_known_answer():
    inputs, expected = known("own_noise_grubbs")
    residuals = np.array(inputs["residuals"])
    assert own_variances(residuals) == pytest.approx(expected["three"], rel=1e-6)
    two = own_variances(residuals[[0, 2]])
    assert two == pytest.approx(expected["two_only_rows_0_and_2"], rel=1e-6)
    share = common_share(residuals[0], residuals[1])
    assert share == pytest.approx(expected["common_share_rows_0_1"], rel=1e-6)


def test_the_ratio_of_own_noises_is_the_known_answer():
    inputs, expected = known("volatility_ratio")
    variant, baseline = inputs["own_noise_variant"], inputs["own_noise_baseline"]
    found = noise_ratio(np.array(variant), np.array(baseline), 1)
    assert found.estimate == pytest.approx(expected["ratio"], rel=1e-6)
    assert (found.low, found.high) == pytest.approx((expected["low"], expected["high"]), rel=1e-6)
    assert paired_p(np.log(np.divide(variant, baseline))) == pytest.approx(expected["p"], rel=1e-6)


def test_spike_events_are_the_known_answer():
    inputs, expected = known("spike_events")
    (found,) = spike_events(np.array(inputs["y"]), inputs["window"])
    (reference,) = expected["events"]
    assert (found.start, found.end) == (reference["start"], reference["end"])
    assert found.end - found.start == reference["duration"]
    assert found.height == pytest.approx(reference["height"])
    assert found.height_in_noise == pytest.approx(reference["height_in_noise"], rel=1e-6)
    assert found.recovered == reference["recovered"]


def test_a_spike_that_lasts_to_the_end_did_not_recover():
    y = np.concatenate([np.tile([3.0, 3.1, 2.9], 20), np.full(5, 6.0)])
    (found,) = spike_events(y, 32)
    assert (found.start, found.end, found.recovered) == (60, 65, False)


@pytest.mark.parametrize(("steps", "window"), [(100, 32), (2000, 100), (100_000, 1000)])
def test_the_window_of_a_spike_grows_with_the_run(steps, window):
    assert spike_window(steps) == window


def _falling(steps):
    noise = np.random.default_rng(0).normal(0, 0.02, steps)
    return 2 + 3 * np.exp(-np.arange(steps) / 40) + noise


def test_a_falling_curve_did_not_diverge():
    assert end_of_divergence(_falling(300), 257) is None


def test_a_curve_that_ends_above_what_knowing_nothing_costs_diverged():
    y = np.full(100, math.log(257) + 0.3)
    y += np.random.default_rng(0).normal(0, 0.01, 100)
    assert "above ln(vocabulary)" in end_of_divergence(y, 257)


def test_one_spike_at_the_end_is_no_divergence():
    y = _falling(300)
    y[-1] += 5
    assert end_of_divergence(y, 257) is None


def test_a_variant_with_noise_of_its_own_is_found(tmp_path):
    folder = results(tmp_path, LOSSES, steps=1500, noise={"none": 0.03})
    found = volatility(read_frames(folder))
    ratio = found["none"].own_ratio
    assert ratio.low < 3 < ratio.high
    assert ratio.low > 1
    other = found["linspace"].own_ratio
    assert other.low < 1 < other.high
    assert found["rotary"].own_ratio is None


def test_the_sentence_calls_volatile_what_the_interval_resolves(tmp_path):
    folder = results(tmp_path, LOSSES, steps=1500, noise={"none": 0.03})
    found = volatility(read_frames(folder))
    text = volatility_sentence("no positions", found["none"])
    assert text.startswith("No positions' own step-to-step noise is ")
    assert "times the baseline's" in text
    text = volatility_sentence("linspace", found["linspace"])
    assert text == "linspace is not shown to be noisier than the baseline."


def near_clones(tmp_path, spread, shared, seeds=5):
    """A grid whose variants have 0.01 of own noise each; the last two share a part of it."""
    steps = 1500
    losses = {name: each[:1] * seeds for name, each in LOSSES.items()}
    folder = results(tmp_path, losses, steps=steps)
    frames = read_frames(folder)
    generator = np.random.default_rng(3)
    columns = []
    for name in LOSSES:
        for seed in range(seeds):
            batch = np.random.default_rng([seed, 1]).normal(0, spread, steps)
            common = np.random.default_rng([seed, 2]).normal(0, shared, steps)
            rest = math.sqrt(0.01**2 - shared**2)
            own = generator.normal(0, rest if name != "rotary" else 0.01, steps)
            columns.append(3 + batch + own + (common if name != "rotary" else 0))
    changed = frames.steps.with_columns(loss=np.concatenate(columns))
    return replace(frames, steps=changed)


@pytest.mark.parametrize("shared", [0.006, 0.009])
def test_variants_that_share_more_than_the_batches_have_no_ratios(tmp_path, shared):
    found = volatility(near_clones(tmp_path, 0.02, shared))
    for name in ("none", "linspace"):
        assert found[name].own_ratio is None
        assert found[name].own_note == SHARED


def test_a_ratio_that_only_the_third_variant_shows_names_what_it_rests_on(tmp_path):
    frames = near_clones(tmp_path, 0.3, 0.007)
    residuals = list(_residuals_by_seed(training_curves(frames), 3).values())
    own = np.sqrt([own_variances(np.array(list(each.values()))) for each in residuals])
    assert noise_ratio(own[:, 1], own[:, 0], 2).high < 1
    measured = volatility(frames)["none"]
    assert measured.own_note == IF_INDEPENDENT
    text = volatility_sentence("no positions", measured)
    assert f" {IF_INDEPENDENT}; " in text
    every = marks(frames)
    assert finding(every, list(measure(frames).values())) == "Volatility"


def independent(tmp_path, steps, own, seeds=3):
    """A grid of three variants, each with its own noise, behind batches of 0.08."""
    losses = {name: each[:1] * seeds for name, each in LOSSES.items()}
    frames = read_frames(results(tmp_path, losses, steps=steps))

    def drawn(number):
        generator = np.random.default_rng(number)
        batches = generator.normal(0, 0.08, (seeds, steps))
        columns = [3 + batches + generator.normal(0, each, (seeds, steps)) for each in own]
        losses = np.concatenate(columns).ravel()
        return replace(frames, steps=frames.steps.with_columns(loss=losses))

    return drawn


def test_twice_the_own_noise_behind_batches_is_found_with_three_seeds(tmp_path):
    grid = independent(tmp_path, 500, (0.01, 0.02, 0.01))
    found = [volatility(grid(number))["none"].own_ratio for number in range(20)]
    told = [each for each in found if each is not None]
    assert sum(each.low > 1 for each in told) >= 18
    assert np.median([each.estimate for each in told]) == pytest.approx(2, rel=0.15)


def test_equal_own_noises_behind_batches_are_seldom_told_apart(tmp_path):
    grid = independent(tmp_path, 500, (0.01, 0.01, 0.01))
    found = [volatility(grid(number))["none"].own_ratio for number in range(20)]
    assert sum(each is not None and not each.low <= 1 <= each.high for each in found) <= 2


def test_an_own_variance_below_zero_leaves_the_grid_without_ratios(tmp_path):
    folder = results(tmp_path, LOSSES, steps=300, noise={"none": 0.0005, "linspace": 0.0})
    found = volatility(read_frames(folder))
    notes = {found[name].own_note for name in ("none", "linspace")}
    assert BELOW_OR_SHARED in notes
    assert notes <= {BELOW_OR_SHARED, SHARED}
    assert all(found[name].own_ratio is None for name in LOSSES)


def test_seeds_with_two_of_three_variants_do_not_mix_two_estimates(tmp_path):
    folder = results(tmp_path, LOSSES, steps=300, status={"linspace/1": "failed"})
    curves = training_curves(read_frames(folder))
    assert list(_residuals_by_seed(curves, 3)) == [0, 2]


def test_two_variants_make_no_claim_below_two_thousand_steps(tmp_path):
    two = {name: LOSSES[name] for name in ("rotary", "none")}
    found = volatility(read_frames(results(tmp_path, two, steps=300)))
    assert found["none"].own_ratio is None
    assert found["none"].own_note == "two variants: own noise uncertain"


def test_one_seed_makes_no_claim(tmp_path):
    one = {name: losses[:1] for name, losses in LOSSES.items()}
    found = volatility(read_frames(results(tmp_path, one, steps=300)))
    assert found["none"].own_note == "one seed"
    assert found["none"].seed_sd is None


def test_a_short_run_has_too_few_points(tmp_path):
    found = volatility(read_frames(results(tmp_path, LOSSES, steps=20)))
    assert found["none"].own_note == "too few points"
    assert found["none"].jitter is None


def test_a_variant_without_a_finished_cell_has_no_measures(tmp_path):
    status = {f"none/{seed}": "failed" for seed in range(3)}
    found = volatility(read_frames(results(tmp_path, LOSSES, status=status)))["none"]
    assert (found.jitter, found.spikes_per_run, found.seed_sd) == (None, None, None)


def test_a_negative_estimate_among_three_may_be_what_variants_share_and_is_no_zero(tmp_path):
    folder = results(tmp_path, LOSSES, steps=300, noise={"none": 0.0, "linspace": 0.02})
    found = volatility(read_frames(folder))
    assert found["none"].own_note == BELOW_OR_SHARED
    assert (found["none"].own_noise, found["none"].own_ratio) == (None, None)
    assert found["linspace"].own_note == SHARED


def test_own_noise_is_given_in_nats(tmp_path):
    found = volatility(read_frames(results(tmp_path, LOSSES, steps=1500, noise={"none": 0.03})))
    assert found["none"].own_noise == pytest.approx(0.03, rel=0.15)
    assert found["rotary"].own_noise == pytest.approx(0.01, rel=0.4)


def two(tmp_path, noise):
    """Two variants long enough for a claim, almost without noise of the batches."""
    losses = {name: LOSSES[name] for name in ("rotary", "none")}
    frames = read_frames(results(tmp_path, losses, steps=2400, noise=noise))
    generator = np.random.default_rng(0)
    columns = []
    for name in losses:
        for seed in range(3):
            batch = np.random.default_rng([seed, 1]).normal(0, 0.05, 2400)
            columns.append(3 + batch + generator.normal(0, noise[name], 2400))
    return replace(frames, steps=frames.steps.with_columns(loss=np.concatenate(columns)))


def test_two_variants_of_enough_steps_have_a_ratio_that_is_called_uncertain(tmp_path):
    found = volatility(two(tmp_path, {"rotary": 0.05, "none": 0.1}))["none"]
    assert found.own_ratio.low < 2 < found.own_ratio.high
    assert found.own_note == "two variants: own noise uncertain"


@pytest.mark.parametrize(
    ("noise", "note"),
    [({"rotary": 0.03, "none": 1e-4}, BELOW), ({"rotary": 1e-4, "none": 0.03}, BASELINE_BELOW)],
)
def test_two_variants_say_whose_noise_is_below_that_of_the_estimate(tmp_path, noise, note):
    found = volatility(two(tmp_path, noise))["none"]
    assert found.own_ratio is None
    assert found.own_note == note
    assert (found.own_noise is None) == (note == BASELINE_BELOW)


def test_constant_curves_have_no_common_share_and_no_ratio(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=100))
    flat = replace(frames, steps=frames.steps.with_columns(loss=pl.lit(3.0, pl.Float32)))
    found = volatility(flat)["none"]
    assert (found.common_share, found.own_ratio, found.spikes_per_run) == (None, None, 0.0)
    assert found.jitter == 0


def test_runs_too_short_for_a_window_have_no_count_of_spikes(tmp_path):
    found = volatility(read_frames(results(tmp_path, LOSSES, steps=32)))["none"]
    assert (found.spikes_per_run, found.batch_spikes_per_run) == (None, None)


def test_a_spike_to_the_end_is_taken_out_of_own_noise_to_its_last_step(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=400))
    after = (pl.col("cell") == "none/0") & (pl.col("step") > 390)
    loss = pl.when(after).then(pl.col("loss") + 3).otherwise("loss")
    curves = training_curves(replace(frames, steps=frames.steps.with_columns(loss=loss)))
    assert len(next(c for c in curves if c.variant == "none").spikes) == 1
    residuals = _residuals_by_seed(curves, 3)
    assert residuals[0]["rotary"].size == residuals[1]["rotary"].size - 10
    assert np.abs(residuals[0]["none"]).max() < 1
