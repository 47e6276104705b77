import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines.files import read_json, write_json
from pipelines.fingerprint import fingerprint
from tests.ablations.tiny import call, manifest, planned, workplace


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tiny grid was trained; do not change it."""
    folder = workplace(tmp_path_factory.mktemp("swept"))
    call(folder, "sweep")
    return folder


@pytest.fixture
def copy(swept: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to do things to."""
    return shutil.copytree(swept, tmp_path / "copy")


def test_a_sample_of_cells_trained_again_is_the_same(swept: Path):
    told = call(swept, "verify", "workers=1").stdout.splitlines()
    assert [line.split()[:2] for line in told] == [["same", "rotary/0"], ["same", "none/1"]]
    assert all("largest difference 0 " in line for line in told)


def test_a_stored_cell_that_is_not_what_training_gives_is_found(copy: Path):
    fingerprint = manifest(copy)["cells"][0]["fingerprint"]
    steps = copy / "runs" / fingerprint / "steps.parquet"
    frame = pl.read_parquet(steps)
    frame.with_columns((pl.col("loss") + 0.001).cast(pl.Float32)).write_parquet(steps)
    told = call(copy, "verify", "only=rotary/0", code=1).stdout
    assert told.startswith("DIFFERENT  rotary/0")


def test_a_variant_that_is_stale_is_said_not_to_be_verified(swept: Path):
    told = call(swept, "verify", "axes.positions=[rotary,alibi]", code=1).stdout.splitlines()
    assert told[0].startswith("same       rotary/0")
    assert told[1] == "not verified: alibi, no cell of it has been trained"
    told = call(swept, "verify", "set.training.steps=6", code=1).stdout.splitlines()
    assert told == [
        f"not verified: {name}, stale: training.steps: 8 -> 6" for name in ("rotary", "none")
    ]


def edited(copy: Path, old: str, new: str) -> None:
    """Let every stored run be of other code: a module with another digest, and other losses."""
    for run in sorted((copy / "runs").glob("*/cell.json")):
        described = read_json(run)
        text = json.dumps(described["fingerprint"]["code"]["components/mlp/gated.py"])
        described["fingerprint"]["code"]["components/mlp/gated.py"] = json.loads(
            text.replace(old, new)
        )
        write_json(run, described)
        run.parent.rename(run.parent.with_name(fingerprint(described["fingerprint"])))


def test_after_a_refactoring_cells_are_compared_with_those_of_the_code_before(copy: Path):
    document = read_json(next((copy / "runs").glob("*/cell.json")))["fingerprint"]
    module = document["code"]["components/mlp/gated.py"]
    edited(copy, module["digest"], "0" * len(module["digest"]))
    edited(copy, module["parts"]["Gated.forward"], "0" * 20)
    why = "components/mlp/gated.py: Gated.forward changed"
    assert planned(copy)["rotary/0"] == ("stale", why)
    told = call(copy, "verify").stdout.splitlines()
    assert [line.split()[:2] for line in told] == [["same", "rotary/0"], ["same", "none/1"]]
    assert told[0].endswith(f"; the same numbers as before {why}")

    for steps in (copy / "runs").glob("*/steps.parquet"):
        frame = pl.read_parquet(steps)
        frame.with_columns((pl.col("loss") + 0.001).cast(pl.Float32)).write_parquet(steps)
    told = call(copy, "verify", "only=none", code=1).stdout.splitlines()
    assert [line.split()[:2] for line in told] == [["DIFFERENT", f"none/{n}"] for n in (0, 1)]
    assert told[0].endswith(f"; not the numbers from before {why}")


def test_check_and_verify_take_the_name_of_results(copy: Path):
    call(copy, "sweep", "seeds=1")
    (name,) = [each.name for each in (copy / "results").iterdir() if "+" in each.name]
    assert call(copy, "check", grid=name).stderr == ""
    assert "same       rotary/0" in call(copy, "verify", grid=name).stdout
