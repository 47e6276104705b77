import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ablations.grid import grid_names
from ablations.language import GRID_KEYS
from ablations.list import main
from ablations.presets import preset_names
from components.catalogue import read_catalogue
from components.errors import UserError
from pipelines.cell import Data, Training

CATALOGUE = read_catalogue()


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 0
    return capsys.readouterr().out


def test_everything_there_is_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "--json"))
    listed = {(each["kind"], each["name"]) for each in found["components"]}
    assert listed == set(CATALOGUE.entries)
    assert [each["name"] for each in found["grids"]] == list(grid_names())
    assert [each["name"] for each in found["presets"]] == list(preset_names())


def test_an_option_has_its_type_default_and_description(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = json.loads(printed(capsys, "positions", "--json"))
    (linspace,) = [each for each in found["components"] if each["name"] == "linspace"]
    edge = linspace["options"][0]
    assert (edge["name"], edge["type"], edge["default"]) == ("edge", "float", 0.1)
    assert "key" in edge["description"]
    assert "BakaLLM" in linspace["source"]


def test_a_kind_is_listed_with_its_options_described(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "positions")
    assert "edge: float, default 0.1" in said
    assert "source: " in said
    assert "presets" not in said


@pytest.mark.parametrize(
    "topic",
    [(), ("positions",), ("grids",), ("presets",), ("laptop",), ("model",), ("data",), ("grid",)],
)
def test_the_text_is_at_most_80_columns_wide(
    topic: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(capsys, *topic).splitlines()
    assert lines
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize(("topic", "owner"), [("data", Data), ("training", Training)])
def test_the_fields_of_a_section_are_listed_with_type_default_and_description(
    topic: str, owner: type, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(printed(capsys, topic, "--json"))["settings"]
    assert [each["name"] for each in found] == [f"{topic}.{each.name}" for each in fields(owner)]
    assert all(each["type"] and each["description"] for each in found)


def test_a_setting_is_told_on_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "training")
    assert "  training.steps: int, default 300\n      optimizer steps.\n" in said


def test_the_keys_of_a_grid_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "grid", "--json"))["settings"]
    assert [each["name"] for each in found] == list(GRID_KEYS)
    assert "smaller differences do not matter" in printed(capsys, "grid")


def test_a_component_is_no_topic_but_its_kind_is() -> None:
    with pytest.raises(UserError, match=r"rotary is a component of positions: ablations\.list pos"):
        main(["rotary"])


def test_grids_are_listed_with_their_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Does the decoder need explicit positions?" in printed(capsys, "grids")


def test_a_name_as_wide_as_its_column_stands_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = printed(capsys, "mixer")
    assert "  linear_attention\n                  Read from" in said


def test_presets_are_listed_with_what_they_set(capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        each["name"]: each for each in json.loads(printed(capsys, "presets", "--json"))["presets"]
    }
    assert found["laptop"]["settings"]["model"]["width"] == 64
    assert "description" not in found["laptop"]["settings"]
    said = printed(capsys, "presets")
    assert "    model: {width: 64, layers: 2, heads: 4, window: 64}\n" in said
    assert "    schedule: {cosine: {warmup: 0.01, min_ratio: 0.1}}\n" in said
    assert "model:" not in printed(capsys).partition("\npresets\n")[2]


def test_one_preset_is_listed_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, "laptop")
    assert "    optimizer: {adamw: {learning_rate: 0.003}}\n" in said
    assert "pythia" not in said


@pytest.mark.parametrize("topic", ["model", "training", "data"])
def test_where_a_preset_sets_other_values_than_the_defaults_it_is_said(
    topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pointer = "A preset sets others of these: python -m ablations.list presets"
    assert printed(capsys, topic).splitlines()[-1] == pointer


def test_a_component_of_the_users_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        '@component("positions", "mine")\nclass Mine(Positions):\n    """Do nothing, slowly."""\n'
    )
    assert "Do nothing, slowly." in printed(capsys, "positions", "--components", str(file))


def test_an_unknown_topic_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean positions\?"):
        main(["postions"])


HEAVY = ("torch", "numpy", "omegaconf", "polars", "optuna", "rich", "plotly", "datasets")


LIST = "from ablations.list import main; main([])"
READ = (
    "from ablations.grid import read_grid; from components.catalogue import read_catalogue;"
    "read_grid('positions', [], read_catalogue())"
)


@pytest.mark.parametrize("code", [LIST, READ], ids=["list", "reading a grid"])
def test_nothing_heavy_is_imported(code: str) -> None:
    check = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {check}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
