"""What became of a run: complete, diverged or not finished, and its final loss."""

import numpy as np
import pytest

from reports.importers.outcomes import tail_loss
from tests.reports.importers.sources import finals, imported, rows_of, without, write_csv

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}


def table(tmp_path, rows, mapping=""):
    return imported(write_csv(tmp_path / "runs.csv", rows), mapping)


def cell_of(frames, name):
    (found,) = (each for each in frames.manifest.cells if each.cell == name)
    return found


def test_the_last_validation_loss_judges_even_where_an_earlier_one_is_lower(tmp_path):
    rows = rows_of(LOSSES)
    rows[20]["validation_loss"] = 1.0
    frames = table(tmp_path, rows)
    assert finals(frames)["rotary/0"] == 3.20
    assert frames.evaluations.height == 5


def test_without_validation_the_last_5_percent_of_training_judge(tmp_path):
    rows = rows_of(LOSSES, steps=100)
    frames = table(tmp_path, without(rows, "validation_loss"))
    last = [row["loss"] for row in rows if row["variant"] == "none" and row["seed"] == 1][-5:]
    assert finals(frames)["none/1"] == pytest.approx(np.mean(last), rel=1e-12)
    assert "validation loss" in frames.manifest.source["lacks"]
    assert frames.manifest.evaluations[0]["name"] == "training"


@pytest.mark.parametrize(("steps", "kept"), [(1, 1), (10, 1), (20, 1), (21, 2), (40, 2), (100, 5)])
def test_the_tail_is_5_percent_and_one_step_at_least(steps, kept):
    losses = np.arange(steps, dtype=float)
    assert tail_loss(np.arange(1, steps + 1), losses) == losses[-kept:].mean()


def test_the_tail_leaves_out_what_is_not_finite():
    losses = np.array([1.0] * 96 + [2.0, np.nan, np.inf, 4.0])
    assert tail_loss(np.arange(1, 101), losses) == np.mean([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("value", "word"), [("NaN", "NaN"), ("inf", "infinite"), ("-inf", "infinite")]
)
def test_a_run_that_ends_without_a_finite_loss_diverged_where_that_began(tmp_path, value, word):
    rows = rows_of(LOSSES)
    for row in rows[30:40]:
        row["loss"] = value
    frames = table(tmp_path, rows)
    found = cell_of(frames, "rotary/0")
    assert (found.status, found.at, found.reason) == ("diverged", 31, f"loss is {word}")
    assert finals(frames)["rotary/0"] is None


def test_a_run_without_any_finite_loss_diverged_at_its_first_step(tmp_path):
    rows = [row | ({"loss": "NaN"} if row["variant"] == "none" else {}) for row in rows_of(LOSSES)]
    assert cell_of(table(tmp_path, rows), "none/1").at == 1


def test_a_validation_loss_that_is_not_finite_is_a_divergence(tmp_path):
    rows = rows_of(LOSSES)
    rows[39]["validation_loss"] = "NaN"
    found = cell_of(table(tmp_path, rows), "rotary/0")
    assert (found.status, found.reason) == ("diverged", "the validation loss is not finite")


def test_a_run_that_stopped_early_has_no_final_loss(tmp_path):
    rows = [r for r in rows_of(LOSSES) if r["variant"] != "none" or r["seed"] or r["step"] <= 30]
    rows = [row | {"validation_loss": 3.3} for row in rows]
    frames = table(tmp_path, rows)
    found = cell_of(frames, "none/0")
    assert found.status == "failed"
    assert found.reason == "the run ends at step 30, another of its variant at 40"
    assert finals(frames)["none/0"] is None


def test_a_variant_may_be_shorter_than_another(tmp_path):
    rows = rows_of({"rotary": [3.2, 3.3]}) + rows_of({"none": [3.4, 3.5]}, steps=20)
    frames = table(tmp_path, rows)
    assert {each.status for each in frames.manifest.cells} == {"complete"}
    assert any("last at steps 20 to 40" in each for each in frames.manifest.source["notes"])


def test_a_run_without_validation_among_others_has_failed(tmp_path):
    rows = rows_of(LOSSES)
    rows[39]["validation_loss"] = None
    found = cell_of(table(tmp_path, rows), "rotary/0")
    assert (found.status, found.reason) == ("failed", "the source has no validation loss of it")


def test_costs_are_those_of_the_columns(tmp_path):
    more = {"parameters": 1000, "flops_per_token": 6e3}
    rows = [
        row | more | {"tokens": row["step"] * 64, "seconds": row["step"] / 4}
        for row in rows_of(LOSSES)
    ]
    frames = table(tmp_path, rows)
    row = frames.cells.row(0, named=True)
    assert (row["tokens"], row["seconds"], row["parameters"]) == (2560, 10.0, 1000)
    assert (row["flops"], row["seconds_per_step"]) == (2560 * 6e3, 0.25)
    assert frames.manifest.variants[0].parameters == 1000
    assert frames.manifest.source["lacks"] == [
        "losses of single documents",
        "gradient norm",
        "learning rate",
        "vocabulary",
    ]
