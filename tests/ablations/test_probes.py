"""A grid on a synthetic task, from YAML to page: accuracy beside loss, answers as tokens."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.ablations.tiny import call, manifest, workplace

GRID = """\
question: Is a row better refilled than padded?
preset: laptop
baseline: {batching: padded}
set:
  data.corpus: selective_copy
  data.probe_length: 12
  data.probe_items: 2
  data.probe_symbols: 4
  data.probe_documents: 200
  data.validation_tokens: 240
  model.width: 16
  model.layers: 1
  model.heads: 2
  model.window: 16
  training.context: 32
  training.batch: 2
  training.steps: 8
  training.validations: 2
variants:
  refill: {batching: refill}
  packed: {batching: {packed: {document_mask: true}}}
seeds: 2
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = workplace(tmp_path_factory.mktemp("probe"), GRID)
    return folder, call(folder, "run", "workers=1").stdout


def frame(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "results" / "tiny" / f"{name}.parquet")


def test_accuracy_is_the_share_of_right_answers_of_all_documents(swept: tuple[Path, str]):
    folder = swept[0]
    last = frame(folder, "evaluations").filter(pl.col("step") == 8).sort("cell")
    sums = pl.col("predicted", "correct", "loss").sum()
    summed = frame(folder, "documents").group_by("cell").agg(sums).sort("cell")
    assert last["predicted"].to_list() == [40] * 6  # 20 documents of two answers
    assert summed["predicted"].to_list() == [40] * 6
    assert (summed["correct"] / 40).to_list() == pytest.approx(last["accuracy"].to_list())
    assert (summed["loss"] / 40).to_list() == pytest.approx(last["loss"].to_list())
    assert last["bits_per_byte"].is_null().all()


def test_tokens_are_the_answers_that_were_trained_on(swept: tuple[Path, str]):
    cells = frame(swept[0], "cells").filter(pl.col("seed") == 0)
    tokens = dict(cells.select("variant", "tokens").iter_rows())
    assert tokens["padded"] == 8 * 2 * 2  # a document in each of two rows
    assert tokens["refill"] == 8 * 2 * 2 * 2  # one in each window
    assert tokens["packed"] > tokens["refill"]


def test_flops_are_those_of_every_place_of_a_row(swept: tuple[Path, str]):
    cells = frame(swept[0], "cells")
    assert (cells["flops"] / cells["flops_per_token"]).to_list() == [8 * 2 * 32] * 6


def test_the_terminal_and_the_page_show_it(swept: tuple[Path, str]):
    folder, told = swept
    assert "accuracy" in told
    assert "accuracy" in (folder / "results" / "tiny.html").read_text()
    report = json.loads((folder / "results" / "tiny.json").read_text())
    found = frame(folder, "evaluations").filter(
        (pl.col("step") == 8) & pl.col("cell").str.starts_with("refill")
    )
    shown = next(each for each in report["variants"] if each["id"] == "refill")["accuracy"]
    assert shown["mean"] == pytest.approx(found["accuracy"].mean())


def test_the_task_is_described(swept: tuple[Path, str]):
    data = manifest(swept[0])["data"]
    assert data["source"].startswith("Synthetic selective copying (Gu & Dao 2023")
    assert data["probe"]["probe_items"] == 2


def test_an_impossible_task_is_refused_before_anything_trains(swept: tuple[Path, str]):
    error = call(swept[0], "plan", "set.data.probe_length=5", code=2).stderr
    assert "data.probe_length" in error
    assert "expected at least 6" in error


def test_a_model_that_cannot_keep_documents_apart_is_refused_by_the_plan(swept: tuple[Path, str]):
    error = call(swept[0], "plan", "set.memory=rmt", code=2).stderr
    assert "batching/packed keeps the documents of a row apart, and memory/rmt cannot" in error
