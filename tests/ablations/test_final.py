"""`final: tail`: a verdict about the mean of the last validations, from the grid to its report."""

from pathlib import Path

import polars as pl
import pytest

from ablations.final import ENOUGH
from ablations.grid import Grid, read_grid
from ablations.looks import question_digest
from ablations.tail import FEWEST, GONE, tail_mean
from components.catalogue import read_catalogue
from components.errors import UserError
from tests.ablations.tiny import GRID, call, manifest, workplace

MANY = f"training.validations: {ENOUGH}"
TAIL = GRID.replace("training.validations: 2", f"{MANY}\n  schedule: constant")
TAIL = TAIL.replace("training.steps: 8", "training.steps: 30") + "final: tail\n"


def read(folder: Path, text: str, *overrides: str) -> Grid:
    file = folder / "tiny.yaml"
    file.write_text(text)
    return read_grid(str(file), overrides, read_catalogue())


def test_the_last_validation_judges_where_a_grid_does_not_say(tmp_path: Path) -> None:
    assert read(tmp_path, GRID).final == "last"
    assert read(tmp_path, GRID + "final: last\n").final == "last"


def test_a_constant_learning_rate_warns_of_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, TAIL)
    assert (found.final, found.warnings) == ("tail", ())


def test_a_loss_that_still_falls_is_warned_of(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, TAIL.replace("\n  schedule: constant", "")).warnings
    assert warning.startswith("final = tail: with schedule cosine the loss still falls")
    assert "tiny.yaml:" in warning


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("evaluate: {lengths: [16, 64]}", "does not go with evaluate.lengths"),
        ("tune: {optimizer.learning_rate: [0.01, 0.003]}", "does not go with tune or search"),
    ],
)
def test_what_has_no_tail_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, f"{TAIL}{line}\n")


def test_too_few_validations_are_refused_and_enough_are_not(tmp_path: Path) -> None:
    few = f"set.training.validations={ENOUGH - 1}"
    with pytest.raises(UserError, match=f"set training.validations to {ENOUGH} or more"):
        read(tmp_path, TAIL, few)
    read(tmp_path, TAIL, few, "final=last")


def test_a_rule_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected last or tail"):
        read(tmp_path, GRID + "final: tale\n")


def test_another_rule_is_another_question() -> None:
    documents = [{"seed": 0, "positions": "rotary"}]
    assert question_digest(documents) == question_digest(documents, final="last")
    assert question_digest(documents) != question_digest(documents, final="tail")


def validations(losses: list[float | None]) -> pl.DataFrame:
    tokens = [100 * (place + 1) for place in range(len(losses))]
    reasons = [None if each is not None else "why" for each in losses]
    types = {"tokens": pl.Int64, "loss": pl.Float64, "reason": pl.String}
    return pl.DataFrame({"tokens": tokens, "loss": losses, "reason": reasons}, schema=types)


def test_the_last_fifth_is_averaged_and_nothing_before() -> None:
    falling = [float(each) for each in range(15, 0, -1)]
    assert tail_mean(validations(falling)) == (2.0, None)


def test_enough_is_the_smallest_number_that_has_a_tail() -> None:
    assert tail_mean(validations([1.0] * ENOUGH)) == (1.0, None)
    assert tail_mean(validations([1.0] * (ENOUGH - 1))) == (None, GONE)


def test_a_validation_without_a_loss_says_why() -> None:
    assert tail_mean(validations([1.0] * (ENOUGH - 2) + [None, 1.0])) == (None, "why")
    assert tail_mean(validations([None] + [1.0] * (ENOUGH - 1))) == (1.0, None)


def test_a_single_validation_is_no_tail() -> None:
    assert tail_mean(validations([1.0])) == (None, GONE)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the tiny grid was run and judged by its tails, and what was said."""
    folder = workplace(tmp_path_factory.mktemp("tail"), TAIL)
    return folder, call(folder, "run").stdout


def test_the_loss_of_a_cell_is_the_mean_of_its_last_validations(judged: tuple[Path, str]) -> None:
    results = judged[0] / "results/tiny"
    cells = dict(pl.read_parquet(results / "cells.parquet").select("cell", "loss").iter_rows())
    rows = pl.read_parquet(results / "evaluations.parquet").filter(pl.col("step") > 24)
    for cell, own in rows.group_by("cell"):
        assert own.height == FEWEST
        assert cells[str(cell[0])] == pytest.approx(own["loss"].mean(), rel=1e-12)
        assert cells[str(cell[0])] != own.sort("step")["loss"][-1]


def test_the_report_says_by_what_it_judges(judged: tuple[Path, str]) -> None:
    assert manifest(judged[0])["final"] == "tail"
    assert "Judged by the validation loss over the last fifth." in judged[1]
    page = (judged[0] / "results/tiny.html").read_text()
    assert "Mean final validation loss over the last fifth" in page


def test_the_other_rule_trains_nothing_again(judged: tuple[Path, str]) -> None:
    said = call(judged[0], "plan", "final=last").stdout
    assert "4 cells are cached" in said or "nothing to train" in said, said
