from pathlib import Path

import pytest

from ablations.cells import cells
from ablations.grid import Grid, read_grid
from ablations.located import located
from components.catalogue import read_catalogue
from components.errors import Problem, UserError
from pipelines.cost import measure
from tests.ablations.broken_grids import axes, extra

CATALOGUE = read_catalogue()


def read(folder: Path, text: str, *overrides: str) -> Grid:
    path = folder / "question.yaml"
    path.write_text(text, encoding="utf-8")
    return read_grid(str(path), overrides, CATALOGUE)


def built(grid: Grid, index: int, variant: str, store: Path) -> Problem:
    cell = cells(grid, CATALOGUE)[index * len(grid.seeds)]
    with pytest.raises(UserError) as caught:
        measure(cell, 257, store)
    (problem,) = located(caught.value, grid, variant, CATALOGUE).problems
    return problem


def test_a_value_that_a_constructor_refuses_has_its_line_and_key(tmp_path: Path) -> None:
    grid = read(tmp_path, axes("rotary, {rotary: {fraction: 2}}"))
    problem = built(grid, 1, "rotary(fraction=2.0)", tmp_path)
    assert problem.place == f"{tmp_path}/question.yaml:3"
    assert problem.key == "axes.positions[1].rotary.fraction"
    assert "positions/rotary: fraction" in problem.what


def test_a_value_under_set_is_found_there(tmp_path: Path) -> None:
    grid = read(tmp_path, extra("set: {optimizer.adamw.learning_rate: -1}"))
    problem = built(grid, 0, "rotary", tmp_path)
    assert problem.place == f"{tmp_path}/question.yaml:4"
    assert problem.key == "set.optimizer.adamw.learning_rate"


def test_a_value_of_the_command_line_is_found_there(tmp_path: Path) -> None:
    grid = read(tmp_path, extra(""), "set.mlp.gated.width=-8")
    problem = built(grid, 0, "rotary", tmp_path)
    assert (problem.place, problem.key) == ("command line", "set.mlp.gated.width")


def test_pieces_that_do_not_fit_have_the_line_of_their_variant(tmp_path: Path) -> None:
    grid = read(tmp_path, axes("rotary, [learned, none]"))
    problem = built(grid, 1, "learned+none", tmp_path)
    assert problem.place == f"{tmp_path}/question.yaml:3"
    assert "learned acts on the embeddings" in problem.what
