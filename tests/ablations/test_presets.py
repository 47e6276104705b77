"""The presets against what was published of the models that they are named after."""

from pathlib import Path

import pytest

from ablations.cells import cells
from ablations.grid import read_grid
from components.catalogue import read_catalogue
from pipelines.cell import Cell
from pipelines.cost import measure
from tests.ablations.broken_grids import grid

CATALOGUE = read_catalogue()

GPT_NEOX = 50304
"""Token ids of Pythia's tokenizer, padded."""


def cell_of(preset: str, folder: Path) -> Cell:
    path = folder / "question.yaml"
    path.write_text(grid(), encoding="utf-8")
    return cells(read_grid(str(path), [f"preset={preset}"], CATALOGUE), CATALOGUE)[0]


@pytest.mark.parametrize(
    ("preset", "parameters"), [("pythia-14m", 14_067_712), ("pythia-160m", 162_322_944)]
)
def test_with_pythias_vocabulary_a_preset_has_as_many_parameters_as_pythia(
    preset: str, parameters: int, tmp_path: Path
) -> None:
    assert measure(cell_of(preset, tmp_path), GPT_NEOX, tmp_path).parameters == parameters


@pytest.mark.parametrize(
    ("preset", "rate", "sizes"),
    [("pythia-14m", 1e-3, (128, 6, 4, 512)), ("pythia-160m", 6e-4, (768, 12, 12, 3072))],
)
def test_sizes_and_training_are_the_published_ones(
    preset: str, rate: float, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    cell = cell_of(preset, tmp_path)
    options = {kind: members[0].options for kind, members in cell.parts.items()}
    model = cell.model.options
    found = (model["width"], model["layers"], model["heads"], options["mlp"]["width"])
    assert found == sizes
    assert not model["tied"]
    rotary = options["positions"]
    assert (rotary["fraction"], rotary["base"], rotary["layout"]) == (0.25, 10000, "half")
    adamw = options["optimizer"]
    assert (adamw["learning_rate"], adamw["beta1"], adamw["beta2"]) == (rate, 0.9, 0.95)
    assert adamw["weight_decay"] == 0.1
    assert (options["schedule"]["warmup"], options["schedule"]["min_ratio"]) == (0.01, 0.1)
    assert (cell.training.context, cell.training.clip) == (2048, 1.0)


@pytest.mark.parametrize("preset", ["laptop", "pythia-14m", "pythia-160m"])
def test_a_context_is_at_least_four_windows(preset: str, tmp_path: Path) -> None:
    cell = cell_of(preset, tmp_path)
    assert cell.training.context >= 4 * cell.model.options["window"]


def test_the_laptop_has_the_parameters_that_it_says(tmp_path: Path) -> None:
    assert measure(cell_of("laptop", tmp_path), 257, tmp_path).parameters == 130_560 + 256
