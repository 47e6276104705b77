"""Equal budgets against known answers, and which verdicts are secondary."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.efficiency import as_json, bits, bits_per_byte, curves_by, equal_budgets, loss_at
from reports.frames import read_frames
from reports.verdict import judge
from tests.reference import known
from tests.results import BATCH, CONTEXT, results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.20],
    "none": [3.255, 3.247, 3.260, 3.25],
    "alibi": [3.190, 3.189, 3.199, 3.191],
}


def budgets(folder):
    frames = read_frames(folder)
    return {each.by: each for each in equal_budgets(frames, judge(frames).claims)}


def test_the_loss_at_a_budget_is_the_known_answer():
    inputs, expected = known("loss_at_budget")
    curve = np.array(inputs["x"]), np.array(inputs["loss"])
    assert [loss_at(curve, at) for at in inputs["at"]] == pytest.approx(expected["loss"], rel=1e-6)


@given(st.floats(0.1, 20))
def test_nothing_is_extrapolated(budget):
    curve = np.array([1.0, 3.0, 9.0]), np.array([4.0, 3.5, 3.6])
    loss = loss_at(curve, budget)
    assert (loss is None) == (not 1 <= budget <= 9)
    # a rise between two evaluations is real
    assert loss is None or 3.5 <= loss <= 4.0
    assert loss_at((np.array([]), np.array([])), budget) is None


def test_bits_per_byte_are_the_known_answer():
    inputs, expected = known("bits_per_byte")
    found = bits_per_byte(inputs["loss"], inputs["tokens"], inputs["bytes"])
    assert found == pytest.approx(expected["bits_per_byte"])
    assert bits_per_byte(inputs["loss"], 1, 1) == pytest.approx(expected["bits_per_token"])


def test_bits_per_byte_of_results_have_the_bytes_of_their_documents(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    one = frames.documents.filter(pl.col("cell") == "none/0")
    ratio = one["predicted"].sum() / one["bytes"].sum()
    expected = np.mean(LOSSES["none"]) / np.log(2) * ratio
    assert bits(frames)["none"] == pytest.approx(expected)
    assert list(bits(frames)) == list(LOSSES)


def test_at_equal_tokens_the_verdict_is_that_of_the_grid(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    tokens = budgets(tmp_path / "results" / "positions")["tokens"]
    assert (tokens.at, tokens.is_secondary) == (60 * CONTEXT * BATCH, False)
    for claim, outcome in zip(judge(frames).claims, tokens.outcomes, strict=True):
        assert (outcome.word, outcome.interval.low) == (claim.verdict, pytest.approx(claim.low))


def test_the_smallest_budget_of_all_is_common(tmp_path):
    found = budgets(results(tmp_path, LOSSES, steps_of={"alibi": 40}))
    assert found["tokens"].at == 40 * CONTEXT * BATCH
    frames = read_frames(tmp_path / "results" / "positions")
    curves = curves_by(frames, "tokens")
    used, losses = curves["rotary/0"]
    between = np.interp(np.log(40 * CONTEXT * BATCH), np.log(used), losses)
    none = next(each for each in found["tokens"].outcomes if each.contrast.a == "none")
    assert none.contrast.b_losses[0] == pytest.approx(between)


def test_equal_seconds_are_those_of_each_cell_and_secondary(tmp_path):
    found = budgets(results(tmp_path, LOSSES))
    # rotary takes 11 ms a step, the others more: it is the first to be done
    assert found["seconds"].at == pytest.approx(60 * 0.011)
    assert (found["seconds"].is_secondary, found["flops"].is_secondary) == (True, True)
    alibi = next(each for each in found["seconds"].outcomes if each.contrast.a == "alibi")
    assert (alibi.contrast.a_losses > LOSSES["alibi"]).all()


def test_what_the_grid_holds_equal_is_not_secondary(tmp_path):
    found = budgets(results(tmp_path, LOSSES, hold="flops"))
    assert {name for name, each in found.items() if not each.is_secondary} == {"flops"}


def test_two_machines_have_no_equal_seconds(tmp_path):
    found = budgets(results(tmp_path, LOSSES, hardware={"none/1": "Another CPU"}))
    assert found["seconds"].problem == (
        "Seconds are not compared: the cells ran on Synthetic CPU, AVX2 and Another CPU."
    )
    assert found["seconds"].outcomes == ()
    assert found["tokens"].outcomes


def test_without_a_finished_cell_there_is_no_budget(tmp_path):
    status = {f"{name}/{seed}": "failed" for name in LOSSES for seed in range(4)}
    found = budgets(results(tmp_path, LOSSES, status=status))
    assert found["flops"].problem == "No finished cell was evaluated over its FLOPs."


def test_a_budget_before_the_first_evaluation_compares_nothing(tmp_path):
    losses = {name: LOSSES[name] for name in ("rotary", "none")}
    found = budgets(results(tmp_path, losses, steps=60, steps_of={"none": 5}))
    assert found["tokens"].problem == "No two variants were evaluated around the same tokens."


def test_machines_get_every_budget(tmp_path):
    plain = as_json(tuple(budgets(results(tmp_path, LOSSES)).values()))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [(each["by"], each["secondary"]) for each in plain] == [
        ("tokens", False),
        ("seconds", True),
        ("flops", True),
    ]
    assert plain[0]["claims"][0]["verdict"] == "worse"
