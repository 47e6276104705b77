"""Rows in any order, twice, with gaps and without numbers become runs, or are refused."""

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.errors import UserError
from tests.reports.importers.sources import finals, imported, rows_of, without, write_csv

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}


def table(tmp_path, rows, mapping=""):
    return imported(write_csv(tmp_path / "runs.csv", rows), mapping)


def error(tmp_path, rows, mapping=""):
    with pytest.raises(UserError) as caught:
        table(tmp_path, rows, mapping)
    assert not (tmp_path / "results").exists()
    return str(caught.value)


def curve_of(frames, cell):
    own = frames.steps.filter(frames.steps["cell"] == cell).sort("step")
    return own["step"].to_list(), own["loss"].to_list()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_order_and_repetition_change_nothing(tmp_path_factory, dice: random.Random, twice):
    rows = rows_of(LOSSES)
    shuffled = [*rows, *dice.sample(rows, twice)]
    dice.shuffle(shuffled)
    folder = tmp_path_factory.mktemp("order")
    expected = table(folder / "a", rows, "baseline: rotary")
    frames = table(folder / "b", shuffled, "{baseline: rotary, variants: [rotary, none]}")
    assert frames.steps.equals(expected.steps)
    assert finals(frames) == finals(expected)


def test_two_losses_at_one_step_are_refused_with_their_rows(tmp_path):
    rows = rows_of(LOSSES)
    message = error(tmp_path, [*rows, rows[4] | {"loss": 9.0}])
    assert "rotary, seed 0, has two losses at step 5" in message
    assert "runs.csv:6, runs.csv:162" in message


def test_rows_that_complete_each_other_are_one_step(tmp_path):
    rows = rows_of(LOSSES)
    curves = without(rows, "validation_loss")
    points = [without([row], "loss")[0] for row in rows if row["validation_loss"] is not None]
    frames = table(tmp_path, [*points, *curves])
    assert frames.steps.height == 160
    assert finals(frames)["none/0"] == 3.26


def test_nan_stays_nan_and_nothing_stays_nothing(tmp_path):
    rows = rows_of(LOSSES)
    rows[9]["loss"], rows[11]["loss"], rows[13]["loss"] = "NaN", "", "inf"
    frames = table(tmp_path, rows)
    steps, losses = curve_of(frames, "rotary/0")
    assert 12 not in steps
    assert math.isnan(losses[steps.index(10)])
    assert losses[steps.index(14)] == math.inf
    assert frames.manifest.cells[0].status == "complete"
    assert finals(frames)["rotary/0"] == 3.20


@pytest.mark.parametrize("text", ["", "null", "None", "NA", "n/a", "-", " "])
def test_words_for_nothing_are_nothing(tmp_path, text):
    rows = rows_of(LOSSES)
    rows[5]["loss"] = text
    assert 6 not in curve_of(table(tmp_path, rows), "rotary/0")[0]


def test_a_text_among_numbers_is_refused_with_its_row(tmp_path):
    rows = rows_of(LOSSES)
    rows[6]["loss"] = "3,14"
    message = error(tmp_path, rows)
    assert "not a number" in message
    assert "loss = 3,14" in message
    assert "runs.csv:8" in message


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("", "a row has no step"),
        ("1.5", "a step is no whole number"),
        ("NaN", "a step is no whole"),
    ],
)
def test_a_step_is_a_whole_number(tmp_path, step, message):
    rows = rows_of(LOSSES)
    rows[2]["step"] = step
    found = error(tmp_path, rows)
    assert message in found
    assert "runs.csv:4" in found


def test_a_column_of_nothing_is_refused(tmp_path):
    message = error(tmp_path, [row | {"loss": ""} for row in rows_of(LOSSES)])
    assert "no row has a loss" in message


@pytest.mark.parametrize("first", [0, 1, 7])
@pytest.mark.parametrize("every", [1, 10, 50])
def test_steps_that_were_logged_are_counted_from_1(tmp_path, first, every):
    rows = rows_of(LOSSES)
    for row in rows:
        row["step"] = first + (row["step"] - 1) * every
    frames = table(tmp_path, rows)
    assert curve_of(frames, "none/1")[0] == list(range(1, 41))
    source = frames.manifest.source
    assert (source["first_step"], source["every"]) == (first, every)
    assert bool(source["notes"]) == ((first, every) != (1, 1))
    assert finals(frames)["none/1"] == 3.25


def test_a_last_step_off_the_rhythm_does_not_stretch_the_others(tmp_path):
    rows = rows_of(LOSSES)
    for row in rows:
        row["step"] = 1999 if row["step"] == 40 else (row["step"] - 1) * 50
    frames = table(tmp_path, rows)
    assert frames.manifest.source["every"] == 50
    steps, losses = curve_of(frames, "rotary/1")
    assert steps == [*range(1, 40), 41]
    assert len(losses) == 40
    assert finals(frames)["rotary/1"] == 3.21


def test_tokens_of_a_step_give_tokens_where_no_column_does(tmp_path):
    frames = table(tmp_path, rows_of(LOSSES), "tokens_per_step: 128")
    assert frames.steps["tokens"].to_list()[:3] == [128, 256, 384]
    assert frames.cells["tokens"].to_list() == [5120] * 4
    assert "tokens" not in frames.manifest.source["lacks"]


def test_tokens_count_the_steps_of_the_source(tmp_path):
    rows = [row | {"step": (row["step"] - 1) * 10} for row in rows_of(LOSSES)]
    frames = table(tmp_path, rows, "tokens_per_step: 128")
    assert frames.steps["tokens"].to_list()[:3] == [128, 11 * 128, 21 * 128]


@pytest.mark.parametrize("tokens", ["", "5", "NaN", "falling"])
def test_tokens_that_do_not_grow_are_no_tokens(tmp_path, tokens):
    fall = tokens == "falling"
    rows = [row | {"tokens": 100 - row["step"] if fall else tokens} for row in rows_of(LOSSES)]
    frames = table(tmp_path, rows)
    assert "tokens" in frames.manifest.source["lacks"]
    assert frames.cells["tokens"].is_null().all()
    assert frames.steps["tokens"].to_list()[:3] == [1, 2, 3]


def test_other_seeds_of_unpaired_variants_are_numbered(tmp_path):
    rows = rows_of({"rotary": [3.2, 3.3]}, seeds=[10, 20]) + rows_of(
        {"none": [3.4, 3.5]}, seeds=[7, 3]
    )
    frames = table(tmp_path, rows)
    assert finals(frames) == {"rotary/0": 3.2, "rotary/1": 3.3, "none/0": 3.5, "none/1": 3.4}
    assert "are numbered from 0 here" in frames.manifest.source["notes"][0]


def test_paired_seeds_stay_as_they_are_and_absent_ones_are_missing(tmp_path):
    rows = rows_of({"rotary": [3.2, 3.3, 3.4]}, seeds=[1, 5, 9]) + rows_of(
        {"none": [3.4, 3.5]}, seeds=[1, 9]
    )
    frames = table(tmp_path, rows, "paired: true")
    assert frames.manifest.seeds == (1, 5, 9)
    statuses = {each.cell: each.status for each in frames.manifest.cells}
    assert statuses["none/5"] == "missing"
    assert frames.manifest.state == "complete"
    assert finals(frames)["none/9"] == 3.5
