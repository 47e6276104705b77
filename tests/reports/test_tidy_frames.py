"""Results in a notebook: found by name, tidy, and said in a few lines."""

from pathlib import Path

import polars as pl
import pytest

from reports import figures
from reports.errors import UserError
from reports.frames import read_frames, read_grid_frames
from tests.results import edit_manifest, results

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25], "alibi": [3.30, None]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return results(tmp_path, LOSSES)


@pytest.mark.parametrize(
    "place", ["positions", Path("positions"), "results/positions", Path("results") / "positions"]
)
def test_a_folder_or_the_name_of_a_grid_is_enough(folder, place):
    frames = read_frames(place)
    assert frames.folder.resolve() == folder
    assert frames.cells.equals(read_grid_frames("positions", "results").cells)


def test_a_folder_of_results_goes_before_a_grid_of_its_name(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert read_frames("positions").folder == Path("positions")


@pytest.mark.usefixtures("folder")
def test_a_name_without_results_is_named_with_the_nearest():
    with pytest.raises(UserError, match="did you mean positions"):
        read_frames("postions")


@pytest.mark.parametrize("name", ["cells", "steps", "evaluations", "documents"])
def test_every_row_names_its_cell_variant_and_seed(folder, name):
    frame = getattr(read_frames(folder), name)
    assert frame.columns[:3] == ["cell", "variant", "seed"]
    assert frame.schema["variant"] == pl.Enum(["rotary", "none", "alibi"])
    both = frame.select(pl.format("{}/{}", pl.col("variant").cast(pl.String), "seed"))
    assert both.to_series().to_list() == frame["cell"].to_list()


@pytest.mark.parametrize("name", ["steps", "evaluations", "documents"])
def test_rows_stay_as_they_were_written(folder, name):
    written = pl.read_parquet(folder / f"{name}.parquet")
    read = getattr(read_frames(folder), name).select(written.columns)
    assert read.equals(written)


def test_variants_sort_in_the_order_of_the_grid(folder):
    means = read_frames(folder).cells.group_by("variant").agg(pl.col("loss").mean())
    assert means.sort("variant")["variant"].to_list() == ["rotary", "none", "alibi"]


def test_it_says_what_it_is_in_a_few_lines(folder):
    edit_manifest(folder, question="Does it?")
    assert repr(read_frames("positions")).splitlines() == [
        "positions: Does it?",
        "variants  rotary (baseline), none, alibi",
        "seeds     0, 1",
        "cells     5 of 6 done",
        "rows      cells 6, steps 300, evaluations 25, documents 40",
        "folder    results/positions",
    ]


def test_a_variant_called_baseline_is_not_called_so_twice(tmp_path):
    named = results(tmp_path, {"baseline": [3.2], "none": [3.3]}, name="named")
    assert "variants  baseline, none" in repr(read_frames(named)).splitlines()
    drawn = figures.difference(read_frames(named), 0)
    zero = [each.text for each in drawn.layout.annotations if "baseline" in each.text]
    assert zero == ["baseline"]
