"""A verdict about another length than the trained one, from the grid to its results."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ablations.gather import metrics
from ablations.grid import Grid, read_grid
from components.catalogue import read_catalogue
from components.errors import UserError
from pipelines.cell import Evaluation
from tests.ablations.tiny import GRID, call, manifest, workplace

JUDGED = GRID.replace("[rotary, none]", "[rotary, learned]")
JUDGED += "evaluate: {lengths: [16, 64], judge: 64}\n"


def read(folder: Path, line: str, *overrides: str) -> Grid:
    file = folder / "tiny.yaml"
    file.write_text(f"{GRID}{line}\n")
    return read_grid(str(file), overrides, read_catalogue())


def test_the_validation_judges_where_a_grid_does_not_say(tmp_path: Path) -> None:
    assert read(tmp_path, "evaluate: {lengths: [16, 64]}").judge == Evaluation()


def test_one_of_the_lengths_judges(tmp_path: Path) -> None:
    found = read(tmp_path, "evaluate: {lengths: [16, 64], judge: 64}")
    assert found.judge == Evaluation("length 64", 64)
    assert found.judge in found.evaluate


def test_the_trained_length_as_a_number_is_the_validation(tmp_path: Path) -> None:
    assert read(tmp_path, "evaluate: {lengths: [16, 64], judge: 32}").judge == Evaluation()


def test_the_trained_length_is_the_validation_although_it_is_also_a_length(tmp_path: Path) -> None:
    found = read(tmp_path, "evaluate: {lengths: [32, 64], judge: 32}")
    assert found.judge == Evaluation()
    assert Evaluation("length 32", 32) in found.evaluate


def test_the_trained_length_is_no_number_where_variants_differ_in_it(tmp_path: Path) -> None:
    line = "evaluate: {lengths: [16, 64], judge: 32}"
    with pytest.raises(UserError, match="the verdict is about a length that is evaluated"):
        read(tmp_path, line, "axes.training.context=[32,64]", "baseline.training.context=32")


@pytest.mark.parametrize("judge", ["63", "70", "1000", "33", "sixty", "[64]", "true", "64.0"])
def test_a_length_that_is_not_evaluated_cannot_judge(tmp_path: Path, judge: str) -> None:
    with pytest.raises(UserError) as refused:
        read(tmp_path, f"evaluate: {{lengths: [16, 64], judge: {judge}}}")
    assert "expected one of the lengths: 16, 64" in str(refused.value)
    near = "did you mean 64?" if judge in ("63", "70") else "did you mean"
    assert (near in str(refused.value)) == (judge in ("63", "70"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the tiny grid was run and judged at twice its length, and what was said."""
    folder = workplace(tmp_path_factory.mktemp("judged"), JUDGED)
    return folder, call(folder, "run").stdout


def rows(folder: Path, frame: str) -> Mapping[str, Mapping[str, Any]]:
    table = pl.read_parquet(folder / f"results/tiny/{frame}.parquet")
    if frame == "evaluations":
        table = table.filter(pl.col("evaluation") == "length 64")
    return {row["cell"]: row for row in table.iter_rows(named=True)}


def test_the_evaluation_that_judges_comes_first_in_the_manifest(judged: tuple[Path, str]) -> None:
    names = [each["name"] for each in manifest(judged[0])["evaluations"]]
    assert names == ["length 64", "validation", "length 16"]


def test_the_loss_of_a_cell_is_that_of_the_evaluation_that_judges(
    judged: tuple[Path, str],
) -> None:
    cells, evaluated = rows(judged[0], "cells"), rows(judged[0], "evaluations")
    for cell in ("rotary/0", "rotary/1"):
        assert cells[cell]["loss"] == evaluated[cell]["loss"]
        assert cells[cell]["reason"] is None


def test_a_cell_that_cannot_be_evaluated_so_has_no_loss_and_says_why(
    judged: tuple[Path, str],
) -> None:
    cell = rows(judged[0], "cells")["learned/1"]
    assert (cell["status"], cell["loss"]) == ("complete", None)
    assert re.search("has 32 positions", cell["reason"])
    (listed,) = [each for each in manifest(judged[0])["cells"] if each["cell"] == "learned/1"]
    assert listed["reason"] == cell["reason"]


def test_the_metrics_are_those_of_the_evaluation_that_judges(judged: tuple[Path, str]) -> None:
    found = json.loads((judged[0] / "results/tiny/metrics.json").read_text())
    cells = rows(judged[0], "cells")
    mean = (cells["rotary/0"]["loss"] + cells["rotary/1"]["loss"]) / 2
    assert found["loss"] == {"rotary": pytest.approx(mean), "learned": None}


def test_the_report_says_why_there_is_no_verdict(judged: tuple[Path, str]) -> None:
    first = judged[1].splitlines()[0]
    assert first.startswith("No verdict: no variant can be compared with the baseline at 64 tokens")


def test_a_loss_that_is_not_finite_is_in_no_mean() -> None:
    class Named:
        name = "rotary"
        baseline = "rotary"

    class Planned:
        variants = (Named,)
        grid = Named

    losses = [{"variant": "rotary", "status": "complete", "loss": each} for each in (3.0, 1e400)]
    assert metrics(Planned, losses)["loss"] == {"rotary": 3.0}  # type: ignore[arg-type]  # enough
