"""One component at a time, left out of the baseline."""

import json
from pathlib import Path
from typing import Any

import pytest

from ablations.cells import cells, variants
from ablations.grid import Grid, read_grid
from components.catalogue import read_catalogue
from pipelines.cell import PART_KINDS

CATALOGUE = read_catalogue()

BASELINE = {"positions": "alibi", "memory": "xl"}


def read(folder: Path, left_out: Any, baseline: dict[str, Any], *overrides: str) -> Grid:
    path = folder / "question.yaml"
    document = {"question": "Q", "baseline": baseline, "leave_out": left_out}
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_grid(str(path), overrides, CATALOGUE)


def test_each_kind_that_is_named_becomes_none_once(tmp_path: Path) -> None:
    found = variants(read(tmp_path, ["memory", "positions"], BASELINE), CATALOGUE)
    assert [each.name for each in found] == ["baseline", "no memory", "no positions"]
    assert [each.label for each in found] == ["baseline", "no memory", "no positions"]
    assert [each.settings["memory"] for each in found] == ["xl", "none", "xl"]
    assert [each.settings["positions"] for each in found] == ["alibi", "alibi", "none"]


def test_the_baseline_is_a_variant_of_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, ["positions"], {"positions": "alibi", "model.heads": 2})
    assert found.baseline == "baseline"
    assert [cell.model.options["heads"] for cell in cells(found, CATALOGUE)] == [2] * 10


def test_options_of_what_is_left_out_go_with_it(tmp_path: Path) -> None:
    baseline = {"positions": "rotary", "positions.base": 500}
    _, none = variants(read(tmp_path, ["positions"], baseline), CATALOGUE)
    assert none.differs == {"positions": "none"}


@pytest.mark.parametrize("everything", ["all", True])
def test_all_are_the_kinds_that_have_a_none_and_are_something(
    tmp_path: Path, everything: Any
) -> None:
    found = read(tmp_path, everything, {"positions": "alibi", "memory": "none"})
    expected = [kind for kind in PART_KINDS if "none" in CATALOGUE.names(kind)]
    expected.remove("memory")
    names = [each.name for each in variants(found, CATALOGUE)]
    assert names == ["baseline", *(f"no {kind}" for kind in expected)]
    assert found.warnings == ()


def test_a_kind_without_a_none_stays_and_a_reader_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, ["positions", "optimizer"], BASELINE)
    assert [each.name for each in variants(found, CATALOGUE)] == ["baseline", "no positions"]
    (warning,) = found.warnings
    assert warning.startswith("leave_out: optimizer stays: there is no optimizer/none (")
    assert warning.endswith("question.yaml:1)")


def test_a_kind_that_is_none_already_stays_and_a_reader_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, ["positions", "memory"], {"memory": "none"})
    assert [each.name for each in variants(found, CATALOGUE)] == ["baseline", "no positions"]
    assert "memory stays: it is none in the baseline" in found.warnings[0]


def test_what_is_left_out_is_reached_from_the_command_line(tmp_path: Path) -> None:
    found = read(tmp_path, ["positions"], BASELINE, "leave_out=[memory]")
    assert [each.name for each in variants(found, CATALOGUE)] == ["baseline", "no memory"]


def test_a_claim_may_be_about_what_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(
        "question: Q\nbaseline: {}\nleave_out: [positions]\nclaim: {no positions: worse}\n"
    )
    assert read_grid(str(path), (), CATALOGUE).claim == {"no positions": "worse"}
