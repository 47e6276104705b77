"""Results are read whole, or an error says what is missing where."""

import json
import math

import numpy as np
import polars as pl
import pytest

from reports.errors import UserError
from reports.frames import curves, read_frames, read_grid_frames
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}


def _error(folder):
    with pytest.raises(UserError) as caught:
        read_frames(folder)
    return str(caught.value)


def _rewrite(folder, name, change):
    path = folder / f"{name}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)


def _set_loss(cell, loss):
    chosen = pl.col("cell") == cell
    return lambda frame: frame.with_columns(
        pl.when(chosen).then(pl.lit(loss)).otherwise("loss").alias("loss")
    )


def _status(frames, cell):
    (found,) = (each for each in frames.manifest.cells if each.cell == cell)
    (row,) = frames.cells.filter(pl.col("cell") == cell).iter_rows(named=True)
    assert (row["status"], row["reason"]) == (found.status, found.reason)
    return found.status, found.reason, row["loss"]


def test_a_results_folder_is_read(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, margin=None))
    assert [each.name for each in frames.manifest.variants] == ["rotary", "none"]
    assert frames.manifest.label("none") == "no positions"
    assert frames.manifest.seeds == (0, 1)
    assert frames.manifest.looks.seeds == ((0, 1),)
    assert frames.manifest.margin is None
    assert frames.cells["loss"].to_list() == [3.20, 3.21, 3.26, 3.25]
    assert set(curves(frames)) == {"rotary/0", "rotary/1", "none/0", "none/1"}
    assert len(curves(frames)["none/1"]) == 60


def test_results_of_earlier_versions_have_no_accuracy_and_are_read(tmp_path):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, "evaluations", lambda frame: frame.drop("accuracy"))
    _rewrite(folder, "documents", lambda frame: frame.drop("correct"))
    frames = read_frames(folder)
    assert frames.evaluations["accuracy"].is_null().all()
    assert frames.documents["correct"].is_null().all()
    assert frames.evaluations["loss"].is_not_null().all()


def test_a_grid_without_results_is_named_with_those_that_have_some(tmp_path):
    results(tmp_path, LOSSES)
    with pytest.raises(UserError) as caught:
        read_grid_frames("position", tmp_path / "results")
    assert "there are no results of position" in str(caught.value)
    assert "there are: positions" in str(caught.value)
    assert "did you mean positions?" in str(caught.value)


@pytest.mark.parametrize("name", ["cells", "steps", "evaluations", "documents"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = results(tmp_path, LOSSES)
    (folder / f"{name}.parquet").unlink()
    message = _error(folder)
    assert "a file is missing" in message
    assert f"{name}.parquet" in message
    assert "python -m ablations.run grid=positions writes it again" in message


def test_what_writes_it_again_is_the_command_that_wrote_it(tmp_path):
    folder = results(tmp_path, LOSSES, name="mine")
    command = "python -m ablations.run grid=positions seeds=3 name=mine"
    edit_manifest(folder, command=command)
    (folder / "steps.parquet").unlink()
    assert f"{command} writes it again" in _error(folder)
    (folder / "manifest.json").unlink()
    folder.rename(folder.with_name("my grid"))
    message = _error(folder.with_name("my grid"))
    assert "python -m ablations.run 'grid=my grid' writes it again" in message


@pytest.mark.parametrize("name", ["cells", "steps", "evaluations", "documents"])
def test_a_missing_column_is_named(tmp_path, name):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, name, lambda frame: frame.drop("loss"))
    message = _error(folder)
    assert "a column is missing" in message
    assert f"{name}.parquet   loss" in message
    assert "columns: cell" in message


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    folder = results(tmp_path, LOSSES)
    (folder / "steps.parquet").write_text("half a file")
    assert "the file cannot be read" in _error(folder)


def test_a_column_of_another_type_is_named(tmp_path):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, "steps", lambda frame: frame.with_columns(loss=pl.lit("low")))
    assert "a column has another type" in _error(folder)


def test_a_missing_manifest_is_named(tmp_path):
    folder = results(tmp_path, LOSSES)
    (folder / "manifest.json").unlink()
    assert "there is no manifest" in _error(folder)


@pytest.mark.parametrize("text", ["{half", "[]"])
def test_a_manifest_that_is_no_object_is_refused(tmp_path, text):
    folder = results(tmp_path, LOSSES)
    (folder / "manifest.json").write_text(text)
    assert "the manifest is no JSON" in _error(folder)


def test_an_unknown_schema_is_refused(tmp_path):
    folder = results(tmp_path, LOSSES)
    edit_manifest(folder, schema="ablations.results/2")
    message = _error(folder)
    assert "unknown schema" in message
    assert "schema = ablations.results/2" in message
    assert "this program reads ablations.results/1" in message


@pytest.mark.parametrize("field", ["baseline", "variants", "cells", "looks", "margin", "seeds"])
def test_a_missing_field_is_named(tmp_path, field):
    folder = results(tmp_path, LOSSES)
    edit_manifest(folder, **{field: ...})
    assert f"manifest.json   {field}" in _error(folder)


def test_a_missing_field_of_a_cell_is_named(tmp_path):
    folder = results(tmp_path, LOSSES)
    cells = json.loads((folder / "manifest.json").read_text())["cells"]
    del cells[1]["status"]
    edit_manifest(folder, cells=cells)
    assert "cells[1].status" in _error(folder)


def test_an_unknown_status_is_refused(tmp_path):
    folder = results(tmp_path, LOSSES)
    cells = json.loads((folder / "manifest.json").read_text())["cells"]
    cells[2]["status"] = "completed"
    edit_manifest(folder, cells=cells)
    message = _error(folder)
    assert "cells[2].status = completed" in message
    assert "did you mean complete?" in message


def test_a_baseline_that_is_no_variant_is_refused(tmp_path):
    folder = results(tmp_path, LOSSES)
    edit_manifest(folder, baseline="rotery")
    assert "did you mean rotary?" in _error(folder)


def test_cells_that_are_not_those_of_the_manifest_are_refused(tmp_path):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, "cells", lambda frame: frame.head(3))
    message = _error(folder)
    assert "not the cells of the manifest" in message
    assert "differs: none/1" in message


def test_a_final_loss_that_is_not_finite_is_a_divergence(tmp_path):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, "cells", _set_loss("none/1", math.nan))
    found = _status(read_frames(folder), "none/1")
    assert found == ("diverged", "the validation loss is not finite", None)


def test_a_complete_cell_without_a_loss_has_failed(tmp_path):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, "cells", _set_loss("none/1", None))
    assert _status(read_frames(folder), "none/1") == ("failed", "it has no validation loss", None)


def test_a_curve_that_ends_far_above_its_best_is_a_divergence(tmp_path):
    folder = results(tmp_path, LOSSES, steps=200)
    late = (pl.col("cell") == "none/1") & (pl.col("step") > 150)
    raised = pl.when(late).then(pl.col("loss") + 3).otherwise("loss").alias("loss")
    _rewrite(folder, "steps", lambda frame: frame.with_columns(raised))
    status, reason, loss = _status(read_frames(folder), "none/1")
    assert (status, loss) == ("diverged", None)
    assert reason == "the training loss ended 3.00 nats above its best"


def test_an_evaluation_that_is_not_finite_says_so(tmp_path):
    folder = results(tmp_path, LOSSES)
    _rewrite(folder, "evaluations", _set_loss("none/1", math.inf))
    rows = read_frames(folder).evaluations.filter(pl.col("cell") == "none/1")
    assert rows["loss"].to_list() == [None] * 5
    assert set(rows["reason"]) == {"the loss is not finite"}


def test_raw_steps_stay_as_they_are(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, status={"none/1": "diverged"}))
    assert np.isnan(curves(frames)["none/1"][-1])


def test_each_variant_is_read_by_its_own_vocabulary(tmp_path):
    # both end at 6.4 nats a token: above ln(257) of the bytes, below ln(2048) of the words
    folder = results(tmp_path, {"byte": [6.4, 6.41], "bpe": [6.4, 6.42]})
    known = {"byte": {"vocabulary": 257}, "bpe": {"vocabulary": 2048}}
    variants = json.loads((folder / "manifest.json").read_text())["variants"]
    edit_manifest(folder, variants=[each | {"data": known[each["name"]]} for each in variants])
    found = {each.cell: each for each in read_frames(folder).manifest.cells}
    assert [found[f"bpe/{seed}"].status for seed in (0, 1)] == ["complete", "complete"]
    assert [found[f"byte/{seed}"].status for seed in (0, 1)] == ["diverged", "diverged"]
    assert "above ln(vocabulary)" in found["byte/0"].reason


def test_an_older_manifest_has_one_vocabulary_for_all(tmp_path):
    folder = results(tmp_path, {"byte": [6.4, 6.41], "bpe": [3.4, 3.42]})
    manifest = read_frames(folder).manifest
    assert [each.data for each in manifest.variants] == [{}, {}]
    assert [each.carries for each in manifest.variants] == [None, None]
    assert manifest.fact("bpe", "vocabulary") == 257
    assert [each.status for each in manifest.cells] == [
        "diverged",
        "diverged",
        "complete",
        "complete",
    ]
