"""What a plan warns of that only the models show."""

from pathlib import Path

import pytest

from tests.ablations.tiny import call, workplace

LENGTHS = "evaluate.lengths=[16, 64]"
WARNED = (
    "warning: evaluate.lengths: trained on windows of 16 tokens, and reading each length in one "
    "window: {}. For lengths beyond the trained context set model.window to training.context"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workplace(tmp_path_factory.mktemp("warned"))


def test_models_that_carry_nothing_are_named(folder: Path) -> None:
    told = WARNED.format("rotary; none")
    assert call(folder, "plan", LENGTHS).stderr.splitlines()[-1] == told
    again = call(folder, "plan", LENGTHS).stderr.splitlines()
    assert again == [told]  # from what was remembered, nothing was built


def test_models_that_carry_something_are_not(folder: Path) -> None:
    grid = (folder / "tiny.yaml").read_text().partition("axes:")[0]
    grid = grid.replace("{positions: rotary}", "{memory: none}")
    named = "  xl: {memory: xl}\n  rmt: {memory: rmt}\n  mamba: {mixer: mamba}\n  mlp: {mlp: plain}"
    (folder / "memories.yaml").write_text(f"{grid}variants:\n{named}\n")
    told = call(folder, "plan", LENGTHS, grid="memories.yaml").stderr
    assert told.splitlines()[-1] == WARNED.format("none; mlp")


@pytest.mark.parametrize(
    "changes", [[LENGTHS, "set.model.window=32"], ["evaluate.lengths=[8, 16]"], []]
)
def test_there_is_no_warning_where_no_window_is_shorter(folder: Path, changes: list[str]) -> None:
    assert "warning" not in call(folder, "plan", *changes).stderr
