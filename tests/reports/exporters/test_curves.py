"""Curves as CSV: what is written is what the project reads back, to the bit."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reports.exporters.curves import curves_by_cell, without_curves, write_curves
from reports.frames import STEPS, Frames, read_frames
from reports.verdict import judge
from tests.reports.importers.sources import finals, imported
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.203, 3.199, 3.212],
}
MAPPING = "baseline: rotary\npaired: true\nmargin: 0.01\nvocabulary: 257\n"
HEADING = "variant,seed,step,tokens,loss,validation_loss,gradient_norm,learning_rate"


def text(frames: Frames) -> str:
    file = io.BytesIO()
    write_curves(frames, file)
    return file.getvalue().decode()


def exported(frames: Frames, path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_bytes(text(frames).encode())
    return path


def test_the_importer_reads_every_step_back_to_the_bit(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, status={"none/1": "diverged"}))
    again = imported(exported(frames, tmp_path / "out" / "curves.csv"), MAPPING)
    order = ["cell", "step"]
    columns = [pl.col(name).cast(kind) for name, kind in STEPS.items()]
    before, after = (each.steps.select(columns).sort(order) for each in (frames, again))
    assert before["loss"].is_nan().sum() == 1
    assert_frame_equal(after, before, check_exact=True)
    assert finals(again) == finals(frames)


def test_the_importer_comes_to_the_same_verdicts(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    again = imported(exported(frames, tmp_path / "out" / "curves.csv"), MAPPING)
    before, after = (
        {(each.a, each.verdict, each.low, each.high) for each in judge(one).claims}
        for one in (frames, again)
    )
    assert {verdict for _, verdict, *_ in before} == {"worse", "equivalent"}
    assert after == before


def test_a_row_for_each_step_in_the_order_of_the_grid(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=10))
    rows = list(csv.DictReader(io.StringIO(text(frames))))
    assert ",".join(rows[0]) == HEADING
    assert [(each["variant"], int(each["seed"]), int(each["step"])) for each in rows] == [
        (variant, seed, step) for variant in LOSSES for seed in range(3) for step in range(1, 11)
    ]
    evaluated = [int(each["step"]) for each in rows[:10] if each["validation_loss"]]
    assert evaluated == [2, 4, 6, 8, 10]
    assert float(rows[9]["validation_loss"]) == 3.201


def test_other_lengths_are_no_validation_loss(tmp_path):
    evaluations = [("length 64", 64), ("validation", None)]
    beyond = {"validation": {"rotary": [9.0] * 3}}
    folder = results(tmp_path, LOSSES, steps=10, evaluations=evaluations, beyond=beyond)
    rows = list(csv.DictReader(io.StringIO(text(read_frames(folder)))))
    assert [each["validation_loss"] for each in rows[:10]][-1] == "9.0"


def edited(folder: Path, changed: pl.Expr) -> Frames:
    """Results whose evaluations are changed."""
    path = folder / "evaluations.parquet"
    pl.read_parquet(path).with_columns(changed).write_parquet(path)
    return read_frames(folder)


def test_an_evaluation_without_a_finite_loss_is_no_gap(tmp_path):
    broken = pl.when(pl.col("step") == 4).then(float("inf")).otherwise("loss").alias("loss")
    frames = edited(results(tmp_path, LOSSES, steps=10), broken)
    rows = list(csv.DictReader(io.StringIO(text(frames))))
    assert [each["validation_loss"] for each in rows[2:5]] == ["", "NaN", ""]


def test_an_evaluation_before_the_first_step_has_a_row(tmp_path):
    before = pl.when(pl.col("step") == 2).then(0).otherwise("step").cast(pl.Int32).alias("step")
    frames = edited(results(tmp_path, LOSSES, steps=10), before)
    first = next(csv.DictReader(io.StringIO(text(frames))))
    assert (first["step"], first["tokens"], first["loss"]) == ("0", "256", "")
    assert float(first["validation_loss"]) > 3


def test_cells_without_a_curve_are_named_and_have_no_rows(tmp_path):
    status = {"none/0": "diverged", "none/1": "failed", "none/2": "missing"}
    frames = read_frames(results(tmp_path, LOSSES, status=status))
    assert [each.cell for each in without_curves(frames)] == ["none/1", "none/2"]
    named = [cell.cell for cell, _ in curves_by_cell(frames, {})]
    assert len(named) == 7
    assert not {"none/1", "none/2"} & {*named}


def test_of_nothing_the_heading_is_left(tmp_path):
    status = {f"{variant}/{seed}": "missing" for variant in LOSSES for seed in range(3)}
    assert text(read_frames(results(tmp_path, LOSSES, status=status))) == f"{HEADING}\n"


@pytest.mark.parametrize("name", ["a,b", 'say "x"', "two\nlines", " =1+1", "é|"])
def test_any_name_is_one_field(tmp_path, name):
    frames = read_frames(results(tmp_path, {"rotary": [3.2], name: [3.3]}, steps=3))
    rows = list(csv.DictReader(io.StringIO(text(frames), newline="")))
    assert [each["variant"] for each in rows] == ["rotary"] * 3 + [name] * 3
