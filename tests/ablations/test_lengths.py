"""Evaluation at several lengths, and a verdict about one of them."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from ablations.looks import pair_digests, question_digest
from pipelines.cell import Evaluation
from tests.ablations.test_looks import GRID, document
from tests.ablations.tiny import call, manifest, trained, workplace

LENGTHS = "evaluate={lengths: [32, 16, 64]}"
JUDGED = "evaluate={lengths: [32, 16, 64], judge: 64}"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = workplace(tmp_path_factory.mktemp("lengths"))
    call(folder, "sweep", LENGTHS, "name=plain", "workers=1", "seeds=1")
    return folder


def evaluations(folder: Path, name: str) -> dict[tuple[str, str], float]:
    """Cell and evaluation -> final loss."""
    frame = pl.read_parquet(folder / "results" / name / "evaluations.parquet")
    column = "evaluation" if "evaluation" in frame.columns else "name"
    return {(row["cell"], row[column]): row["loss"] for row in frame.to_dicts()}


def losses(folder: Path, name: str) -> dict[str, float]:
    frame = pl.read_parquet(folder / "results" / name / "cells.parquet")
    return dict(zip(frame["cell"], frame["loss"], strict=True))


def test_every_length_is_evaluated_of_every_cell(swept: Path) -> None:
    found = evaluations(swept, "plain")
    for cell in ("rotary/0", "none/0"):
        for name in ("validation", "length 32", "length 16", "length 64"):
            assert 0 < found[cell, name] < 20


def test_the_manifest_says_how_each_variant_reads_text(swept: Path) -> None:
    found = manifest(swept, "plain")
    for each in found["variants"]:
        assert each["carries"] is False
        assert each["data"] == {
            key: found["data"][key] for key in ("vocabulary", "tokenizer", "digest")
        }


def test_the_validation_judges_unless_the_grid_says_otherwise(swept: Path) -> None:
    found = evaluations(swept, "plain")
    assert losses(swept, "plain") == {
        cell: found[cell, "validation"] for cell in losses(swept, "plain")
    }
    assert manifest(swept, "plain")["evaluations"][0] == {"name": "validation", "length": None}


def test_the_length_that_judges_gives_the_losses_and_trains_nothing_again(swept: Path) -> None:
    done = call(swept, "sweep", JUDGED, "name=judged", "workers=1", "seeds=1")
    assert trained(done.stderr) == []
    found = evaluations(swept, "judged")
    assert losses(swept, "judged") == {
        cell: found[cell, "length 64"] for cell in losses(swept, "judged")
    }
    first, *others = manifest(swept, "judged")["evaluations"]
    assert first == {"name": "length 64", "length": 64}
    assert [each["length"] for each in others] == [None, 32, 16]


def test_a_model_that_cannot_read_so_far_is_complete_and_says_why(swept: Path) -> None:
    learned = "axes.positions=[rotary,learned]"
    call(swept, "sweep", JUDGED, learned, "name=learned", "workers=1", "seeds=1")
    assert losses(swept, "learned")["learned/0"] is None
    (cell,) = [each for each in manifest(swept, "learned")["cells"] if each["cell"] == "learned/0"]
    assert cell["status"] == "complete"
    assert "learned" in cell["reason"]


def test_a_contrast_at_another_length_is_another_question() -> None:
    documents = {"a": document(0, 0.1), "b": document(0, 0.2)}
    grid = replace(GRID, baseline="a", claim=None)
    longer = replace(grid, judge=Evaluation("length 64", 64))
    assert pair_digests(documents, grid) != pair_digests(documents, longer)
    assert question_digest(documents.values()) != question_digest(documents.values(), longer.judge)
