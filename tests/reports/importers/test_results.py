"""Results folders are complete or as they were, and say what they are."""

import json

import pytest

from reports.errors import UserError
from reports.importers.command import Request, bring_in
from tests.reports.importers.sources import imported, rows_of, write_csv
from tests.results import results

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}


def source(folder, losses=LOSSES, name="runs.csv"):
    return write_csv(folder / name, rows_of(losses))


def files(folder):
    return {each.name: each.read_bytes() for each in sorted(folder.iterdir())}


def bring(path, results_folder, name=None, mapping=None):
    return bring_in(Request(path, mapping, name, frozenset()), results_folder)


def test_a_folder_has_the_files_of_any_grid_and_nothing_beside_it(tmp_path):
    imported(source(tmp_path))
    names = [
        "cells.parquet",
        "documents.parquet",
        "evaluations.parquet",
        "manifest.json",
        "steps.parquet",
    ]
    assert list(files(tmp_path / "results" / "runs")) == names
    assert [each.name for each in (tmp_path / "results").iterdir()] == ["runs"]


def test_the_manifest_says_what_the_source_is(tmp_path):
    path = source(tmp_path)
    manifest = imported(path, "{paired: true, question: 'Why?', baseline: none}").manifest
    assert manifest.source["from"] == str(path)
    assert (manifest.source["format"], manifest.source["paired"]) == ("table", True)
    assert (manifest.question, manifest.baseline, manifest.margin) == ("Why?", "none", None)
    assert manifest.is_paired
    assert manifest.grid_text == "{paired: true, question: 'Why?', baseline: none}"


def test_seeds_are_paired_only_if_somebody_says_so(tmp_path):
    manifest = imported(source(tmp_path)).manifest
    assert not manifest.is_paired
    assert not manifest.source["pairing_said"]


@pytest.mark.parametrize(
    ("names", "baseline"),
    [(["b", "a"], "b"), (["big", "Baseline"], "Baseline"), (["x", "vanilla", "base"], "vanilla")],
)
def test_the_baseline_is_guessed_by_its_name_or_its_place(tmp_path, names, baseline):
    losses = {name: [3.1, 3.2] for name in names}
    manifest = imported(source(tmp_path, losses)).manifest
    assert manifest.baseline == baseline
    assert any(f"the baseline is {baseline}" in each for each in manifest.source["guesses"])


def test_a_baseline_that_is_no_variant_is_named_and_replaces_nothing(tmp_path):
    path = source(tmp_path)
    imported(path)
    before = files(tmp_path / "results" / "runs")
    with pytest.raises(UserError, match="did you mean rotary"):
        imported(path, "baseline: rotery")
    assert files(tmp_path / "results" / "runs") == before
    assert [each.name for each in (tmp_path / "results").iterdir()] == ["runs"]


def test_the_same_source_replaces_its_own_results(tmp_path):
    imported(source(tmp_path))
    frames = imported(source(tmp_path, {"rotary": [1.0, 2.0]}))
    assert frames.cells["loss"].to_list() == [1.0, 2.0]


def test_bad_rows_leave_earlier_results_as_they_were(tmp_path):
    path = source(tmp_path)
    imported(path)
    before = files(tmp_path / "results" / "runs")
    path.write_text(path.read_text() + "rotary,0,5,99\n")
    with pytest.raises(UserError):
        imported(path)
    assert files(tmp_path / "results" / "runs") == before


def test_another_source_of_the_same_name_is_refused_unless_it_is_named(tmp_path):
    place = tmp_path / "results"
    bring(source(tmp_path / "a"), place)
    before = files(place / "runs")
    with pytest.raises(UserError, match="has results of another source"):
        bring(source(tmp_path / "b"), place)
    assert files(place / "runs") == before
    assert bring(source(tmp_path / "b"), place, "other") == "other"
    assert bring(source(tmp_path / "b"), place, "runs") == "runs"
    assert json.loads((place / "runs" / "manifest.json").read_text())["source"]["from"].endswith(
        "b/runs.csv"
    )


@pytest.mark.parametrize("name", [None, "positions"])
def test_results_of_a_sweep_are_never_replaced(tmp_path, name):
    folder = results(tmp_path, LOSSES)
    before = files(folder)
    with pytest.raises(UserError) as caught:
        bring(source(tmp_path, name="positions.csv"), tmp_path / "results", name)
    assert "has results that were not imported" in str(caught.value)
    assert "name=NAME" in str(caught.value)
    assert files(folder) == before


@pytest.mark.parametrize("text", ["{half", "[]", '{"source": null}'])
def test_a_folder_of_something_else_is_never_replaced(tmp_path, text):
    folder = tmp_path / "results" / "runs"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(UserError, match="has results that were not imported"):
        imported(source(tmp_path))
    assert list(files(folder)) == ["manifest.json"]


def test_the_same_bytes_for_the_same_source(tmp_path):
    path = source(tmp_path)
    imported(path)
    before = files(tmp_path / "results" / "runs")
    imported(path)
    assert files(tmp_path / "results" / "runs") == before
