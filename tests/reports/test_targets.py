"""Tokens to a target, with what is known where it was not reached."""

import json
import math

import numpy as np
import pytest

from reports.frames import read_frames
from reports.targets import Reached, as_json, ratio_of, reached, tokens_to_target
from reports.verdict import judge
from tests.reference import known
from tests.results import results

NEVER = math.inf


def exactly(tokens):
    return Reached(tokens, tokens)


def test_the_tokens_to_a_target_are_the_known_answer():
    inputs, expected = known("tokens_to_target")
    curve = np.array(inputs["x"]), np.array(inputs["loss"])
    found = reached(curve, inputs["target"])
    assert found.low == found.high == pytest.approx(expected["tokens"])
    assert reached(curve, inputs["other_target"]) == Reached(8e6, NEVER)


def test_a_target_that_is_left_again_was_not_reached_the_first_time():
    curve = np.array([1.0, 2.0, 4.0, 8.0]), np.array([4.0, 3.4, 3.6, 3.2])
    found = reached(curve, 3.5)
    share = (3.6 - 3.5) / (3.6 - 3.2)
    assert found.low == pytest.approx(4 * 2**share)


def test_a_first_evaluation_below_the_target_bounds_from_above():
    curve = np.array([1.0, 2.0]), np.array([3.4, 3.3])
    assert reached(curve, 3.5) == Reached(0.0, 1.0)


def test_a_censored_variant_is_the_known_answer():
    inputs, expected = known("tokens_to_target_censored")
    budget = inputs["budget"]
    pairs = [
        (Reached(budget, NEVER) if ours is None else exactly(ours), exactly(theirs))
        for ours, theirs in zip(inputs["variant"], inputs["baseline"], strict=True)
    ]
    statement, logs = ratio_of(pairs)
    assert statement == expected["statement"]
    assert logs == pytest.approx(expected["log_ratio"])
    assert np.mean(logs) == pytest.approx(expected["log_ratio_lower_bound_mean"])
    assert math.exp(np.mean(logs)) == pytest.approx(expected["ratio_lower_bound"])


@pytest.mark.parametrize(
    ("pairs", "statement", "known_pairs"),
    [
        ([(exactly(2), exactly(4)), (exactly(3), exactly(4))], "is", 2),
        ([(exactly(2), Reached(8, NEVER)), (exactly(3), exactly(4))], "at most", 2),
        ([(Reached(8, NEVER), exactly(4)), (exactly(3), exactly(4))], "at least", 2),
        ([(Reached(8, NEVER), Reached(8, NEVER)), (exactly(3), exactly(4))], "is", 1),
        ([(Reached(8, NEVER), Reached(8, NEVER))], "silent", 0),
        ([(exactly(2), Reached(8, NEVER)), (Reached(8, NEVER), exactly(4))], "silent", 0),
        ([(Reached(0, 1), exactly(4))], "at most", 1),
        ([(exactly(2), Reached(0, 1))], "at least", 1),
    ],
)
def test_what_is_known_of_a_ratio(pairs, statement, known_pairs):
    found, logs = ratio_of(pairs)
    assert found == statement
    assert sum(each is not None for each in logs) == known_pairs


def targets(tmp_path, losses, **options):
    frames = read_frames(results(tmp_path, losses, **options))
    return tokens_to_target(frames, judge(frames).claims)


BASE = [3.201, 3.198, 3.209, 3.20]


def test_a_better_variant_takes_fewer_tokens_and_a_worse_one_at_least_the_budget(tmp_path):
    losses = {"rotary": [3.2] * 4, "alibi": [3.15, 3.16, 3.14, 3.15], "none": [3.3] * 4}
    found = targets(tmp_path, losses)
    assert found.loss == pytest.approx(3.2)
    alibi, none = found.ratios
    assert (alibi.statement, none.statement) == ("is", "at least")
    assert alibi.low < alibi.ratio < alibi.high < 1
    assert none.ratio == pytest.approx(1.0)
    assert (none.low, none.high) == (None, None)


def test_seeds_that_say_nothing_are_left_out(tmp_path):
    # two seeds of the baseline end above its mean, and never reach it
    found = targets(tmp_path, {"rotary": BASE, "none": [each + 0.1 for each in BASE]})
    (none,) = found.ratios
    assert (none.statement, none.seeds, none.pairs) == ("at least", (0, 1, 3), 4)


def test_a_ratio_with_a_silent_pair_has_no_limits(tmp_path):
    # in seed 2 neither reaches the baseline's mean
    losses = {"rotary": [3.19, 3.18, 3.25, 3.18], "none": [3.15, 3.14, 3.24, 3.15]}
    (none,) = targets(tmp_path, losses).ratios
    assert (none.statement, none.seeds) == ("is", (0, 1, 3))
    assert none.ratio < 1
    assert (none.low, none.high) == (None, None)


def test_without_a_baseline_there_is_no_target(tmp_path):
    status = {f"rotary/{seed}": "failed" for seed in range(4)}
    found = targets(tmp_path, {"rotary": BASE, "none": BASE}, status=status)
    assert found is None
    assert as_json(None) is None


def test_machines_get_every_ratio(tmp_path):
    plain = as_json(targets(tmp_path, {"rotary": BASE, "none": [each - 0.05 for each in BASE]}))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["secondary"] is True
