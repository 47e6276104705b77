"""What tuning and a search leave open, and what becomes of the variants once it is chosen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ablations.cells import named_cells, variants
from ablations.choosing_seeds import choosing_seeds
from ablations.grid import Grid, read_grid
from ablations.left_open import laid_in, tuned
from ablations.located import located
from components.catalogue import read_catalogue
from components.errors import Problem, UserError
from components.options import plain
from tests.ablations.broken_grids import grid as text

CATALOGUE = read_catalogue()
RATE = "optimizer.learning_rate"
TUNE = f"tune: {{{RATE}: [0.001, 0.003], schedule: [cosine, constant]}}\n"
SEARCH = "search: {positions: [none, alibi], model.heads: [2, 4], sampler: grid}\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Grid]:
    """Read a grid that is written to a file."""

    def one(written: str, *overrides: str) -> Grid:
        (tmp_path / "question.yaml").write_text(written)
        return read_grid(str(tmp_path / "question.yaml"), overrides, CATALOGUE)

    return one


def test_tuned_variants_keep_their_names_and_say_in_what_they_differ(read: Callable[..., Grid]):
    grid = read(text(tune=TUNE))
    chosen = {
        "rotary": {RATE: 0.001, "schedule": "cosine"},
        "none": {RATE: 0.003, "schedule": "constant"},
    }
    later = replace(grid, declared=tuned(grid.left_open.axes, grid.declared, chosen))
    rotary, none = variants(later, CATALOGUE)
    assert [rotary.name, none.name] == [each.name for each in variants(grid, CATALOGUE)]
    assert plain(dict(rotary.differs)) == {}
    assert plain(dict(none.differs)) == {"positions": "none", RATE: 0.003, "schedule": "constant"}
    assert none.settings["optimizer.adamw.learning_rate"] == 0.003
    rates = [cell.parts["optimizer"][0].options["learning_rate"] for _, cell in named_cells(
        later, CATALOGUE
    )]  # fmt: skip
    assert rates == [0.001] * 5 + [0.003] * 5


def test_what_is_tuned_is_the_same_for_all_while_it_is_tried(read: Callable[..., Grid]):
    grid = read(text(tune=TUNE))
    point = {RATE: 0.001, "schedule": "constant"}
    there = laid_in(grid.left_open, grid.declared, ["rotary", "none"], point)
    differs = [each.differs for each in variants(replace(grid, declared=there), CATALOGUE)]
    assert [plain(dict(each)) for each in differs] == [{}, {"positions": "none"}]


def test_the_best_of_a_search_replaces_settings_of_the_baseline(read: Callable[..., Grid]):
    grid = read(
        text(baseline="baseline: {positions: {rotary: {base: 500}}, mlp: plain}\n", axes=SEARCH)
    )
    assert [each.name for each in variants(grid, CATALOGUE)] == ["baseline"]
    there = laid_in(grid.left_open, grid.declared, [], {"positions": "alibi", "model.heads": 2})
    baseline, best = variants(replace(grid, declared=there), CATALOGUE)
    assert (baseline.name, best.name) == ("baseline", "best")
    assert baseline == variants(grid, CATALOGUE)[0]
    assert plain(dict(best.differs)) == {"positions": "alibi", "model.heads": 2}
    assert (best.settings["mlp"], baseline.settings["model.heads"]) == ("plain", 4)


def test_the_command_line_reaches_what_is_tuned(read: Callable[..., Grid]):
    grid = read(text(tune=TUNE), f"tune.{RATE}=[0.1,0.2,0.3]", "tune.seeds=3")
    assert (grid.left_open.tune.budget, grid.left_open.seeds) == (6, 3)
    assert grid.results_name != "question"
    ranged = f"search: {{{RATE}: {{low: 0.1, high: 1, log: true}}, trials: 4}}\n"
    search = read(text(axes=ranged), f"search.{RATE}.low=0.2", "search.trials=5").left_open.search
    assert (search.axes[0].low, search.trials) == (0.2, 5)


def test_seeds_that_choose_are_none_of_a_later_look(read: Callable[..., Grid]):
    grid = read(text(tune=TUNE, seeds="seeds: {looks: [2, 4]}\n"), "seeds.looks=[2,1000]")
    assert set(choosing_seeds(3, grid.seeds)).isdisjoint(grid.seeds)
    listed = read(text(tune=TUNE, seeds="seeds: [1000, 7, 1002]\n"))
    assert choosing_seeds(2, listed.seeds) == (1001, 1003)


def test_what_is_wrong_with_a_tuned_value_is_placed_where_it_was_written(
    read: Callable[..., Grid],
):
    grid = read(text(tune=TUNE))
    point = {RATE: 0.003, "schedule": "cosine"}
    there = laid_in(grid.left_open, grid.declared, ["none"], point)
    error = UserError(Problem("too large", key=RATE))
    (found,) = located(error, replace(grid, declared=there), "none", CATALOGUE).problems
    assert found.place.endswith("question.yaml:4")
    assert found.value == "0.003"
