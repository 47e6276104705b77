"""Options that a section could mean to set once only, and those that it may set."""

from pathlib import Path

import pytest

from ablations.cells import cells
from ablations.grid import read_grid
from components.catalogue import read_catalogue
from components.errors import UserError
from pipelines.cell import Cell
from tests.ablations.broken_grids import extra, grid

CATALOGUE = read_catalogue()


def first(folder: Path, text: str, *overrides: str) -> Cell:
    path = folder / "question.yaml"
    path.write_text(text, encoding="utf-8")
    return cells(read_grid(str(path), overrides, CATALOGUE), CATALOGUE)[0]


@pytest.mark.parametrize(
    ("written", "override"),
    [
        ("memory: {xl: {windows: 2}}", "set.memory.xl.windows=3"),
        ("memory: {xl: {windows: 2}}", "set.memory.windows=3"),
        ("memory: xl, memory.xl.windows: 2", "set.memory.windows=3"),
        ("memory: xl, memory.windows: 2", "set.memory.windows=3"),
    ],
)
def test_the_command_line_replaces_what_the_file_says(
    tmp_path: Path, written: str, override: str
) -> None:
    cell = first(tmp_path, extra(f"set: {{{written}}}"), override)
    assert cell.parts["memory"][0].options["windows"] == 3


def test_what_the_file_would_overrule_is_told_to_the_command_line(tmp_path: Path) -> None:
    text = extra("set: {memory: none, memory.xl.windows: 2}")
    with pytest.raises(UserError, match=r"memory\.xl\.windows is written twice"):
        first(tmp_path, text, "set.memory={xl: {windows: 3}}")


def test_sections_may_set_an_option_anew(tmp_path: Path) -> None:
    text = grid(
        baseline="baseline: {positions: rotary, memory.xl.windows: 3}\n",
        axes="axes: {positions: [rotary, none], memory.xl.windows: [3, 4]}\n",
    )
    cell = first(tmp_path, f"{text}set: {{memory: {{xl: {{windows: 2}}}}}}\n")
    assert cell.parts["memory"][0].options["windows"] == 3


def test_members_of_a_pattern_have_options_of_their_own(tmp_path: Path) -> None:
    text = extra("set: {mlp: [{gated: {width: 8}}, {plain: {width: 8}}], mlp.gated.bias: true}")
    assert [each.options["bias"] for each in first(tmp_path, text).parts["mlp"]] == [True, False]
