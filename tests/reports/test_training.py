"""Training curves without their warm-up, and whose spikes are in them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reports.frames import read_frames
from reports.training import difference, of_variant, pairs, training_curves
from tests.results import CONTEXT, results

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25], "linspace": [3.30, 3.31]}


def spiked(tmp_path, places, losses=None, **settings):
    """Frames in which the loss jumps by 3 nats at these (cell, step)."""
    frames = read_frames(results(tmp_path, losses or LOSSES, steps=400, **settings))
    at = pl.lit(value=False)
    for cell, step in places:
        at |= (pl.col("cell") == cell) & (pl.col("step") == step)
    loss = pl.when(at).then(pl.col("loss") + 3).otherwise("loss")
    return replace(frames, steps=frames.steps.with_columns(loss=loss))


def curve(curves, variant, seed):
    return next(each for each in curves if (each.variant, each.seed) == (variant, seed))


def test_steps_before_the_largest_learning_rate_are_left_out(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=100))
    rate = pl.min_horizontal(pl.col("step") / 12, 1.0)
    curves = training_curves(replace(frames, steps=frames.steps.with_columns(learning_rate=rate)))
    assert {each.steps[0] for each in curves} == {12}
    assert {each.tokens[0] for each in curves} == {12 * CONTEXT * 4}
    assert {len(each.losses) for each in curves} == {89}


def test_a_spike_of_one_variant_is_its_own(tmp_path):
    found = training_curves(spiked(tmp_path, [("none/0", 200)]))
    assert [start for start, _ in curve(found, "none", 0).spikes] == [200]
    assert curve(found, "none", 0).batch_spikes == ()
    assert curve(found, "none", 1).spikes == ()


def test_a_step_that_spikes_in_most_variants_of_a_seed_belongs_to_the_data(tmp_path):
    places = [("rotary/0", 200), ("none/0", 200), ("none/0", 300)]
    found = training_curves(spiked(tmp_path, places))
    none = curve(found, "none", 0)
    assert [start for start, _ in none.batch_spikes] == [200]
    assert [start for start, _ in none.spikes] == [300]
    assert [start for start, _ in none.every_spike] == [300, 200]
    assert curve(found, "linspace", 0).every_spike == ()


def test_the_same_step_of_two_seeds_is_no_batch(tmp_path):
    found = training_curves(spiked(tmp_path, [("none/0", 200), ("none/1", 200)]))
    assert [len(curve(found, "none", seed).spikes) for seed in (0, 1)] == [1, 1]


def test_half_of_the_variants_are_not_most_of_them(tmp_path):
    four = LOSSES | {"alibi": [3.2, 3.21]}
    found = training_curves(spiked(tmp_path, [("rotary/0", 200), ("none/0", 200)], four))
    assert [len(curve(found, name, 0).batch_spikes) for name in ("rotary", "none")] == [0, 0]


def test_a_variant_alone_cannot_blame_the_batch(tmp_path):
    found = training_curves(spiked(tmp_path, [("rotary/0", 200)], {"rotary": [3.2]}))
    assert [len(each.spikes) for each in found] == [1]


def test_spikes_of_the_warm_up_are_not_counted(tmp_path):
    frames = spiked(tmp_path, [("none/0", 60), ("none/0", 200)])
    rate = pl.min_horizontal(pl.col("step") / 80, 1.0)
    found = training_curves(replace(frames, steps=frames.steps.with_columns(learning_rate=rate)))
    assert [start for start, _ in curve(found, "none", 0).spikes] == [200]


def test_only_finished_cells_have_curves_and_only_common_seeds_pair(tmp_path):
    status = {"none/1": "failed", "linspace/0": "diverged"}
    found = training_curves(read_frames(results(tmp_path, LOSSES, status=status)))
    assert [each.seed for each in of_variant(found, "none")] == [0]
    assert [(one.seed, other.variant) for one, other in pairs(found, "linspace", "rotary")] == [
        (1, "rotary")
    ]


def test_a_difference_is_taken_at_the_steps_that_both_have(tmp_path):
    folder = results(tmp_path, LOSSES, steps=50, steps_of={"none": 40})
    found = training_curves(read_frames(folder))
    one, other = curve(found, "none", 0), curve(found, "rotary", 0)
    tokens, gap = difference(one, other)
    assert len(gap) == 40
    assert gap == pytest.approx(one.losses - other.losses[:40])
    assert tokens == pytest.approx(CONTEXT * 4 * np.arange(1, 41))


def test_losses_that_are_not_finite_are_left_out_of_finite(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=100))
    loss = pl.when(pl.col("step") == 50).then(float("nan")).otherwise("loss")
    found = training_curves(replace(frames, steps=frames.steps.with_columns(loss=loss)))
    assert {len(each.losses) for each in found} == {100}
    assert {len(each.finite[1]) for each in found} == {99}


def test_steps_without_tokens_are_left_out_of_finite(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=100))
    tokens = pl.when(pl.col("step") > 2).then("tokens").when(pl.col("step") == 1).then(0)
    found = training_curves(replace(frames, steps=frames.steps.with_columns(tokens=tokens)))
    assert {len(each.finite[0]) for each in found} == {98}
