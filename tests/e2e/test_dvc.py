"""`dvc repro` in a copy of the repository with two tiny grids."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ablations.yaml_source import read_source
from tests.ablations.tiny import GRID, REPOSITORY, text

pytestmark = pytest.mark.e2e

BROKEN = '''\
"""An MLP that is well formed and cannot be trained."""

from components.mlp import Mlp
from components.registry import component


@component("mlp", "broken")
class Broken(Mlp):
    """Fail as soon as there are numbers.

    Formula: none.
    Shapes: none.
    Errors: always.
    Source: nobody.
    """

    def forward(self, x):
        if x.device.type != "meta":
            raise RuntimeError("broken on purpose")
        return x
'''


class Copy:
    """A clone of the repository's working tree.

    Args:
        folder: where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = ("components", "pipelines", "ablations", "reports", ".dvc")
        for name in kept:
            shutil.copytree(
                REPOSITORY / name,
                folder / name,
                ignore=shutil.ignore_patterns("__pycache__", "tmp", "cache"),
            )
        for name in ("dvc.yaml", ".dvcignore", ".gitignore", "pyproject.toml"):
            shutil.copy(REPOSITORY / name, folder)
        for each in (folder / "ablations" / "grids").glob("*.yaml"):
            each.unlink()
        text(folder / "text")
        self.git("init", "-q")

    def git(self, *arguments: str) -> None:
        program = shutil.which("git") or "git"
        subprocess.run([program, *arguments], cwd=self.folder, check=True)

    def grid(self, name: str, content: str) -> None:
        (self.folder / "ablations" / "grids" / f"{name}.yaml").write_text(content)

    def grids(self, *names: str) -> None:
        (self.folder / "params.yaml").write_text(f"grids: [{', '.join(names)}]\n")

    def dvc(self, *arguments: str, code: int = 0) -> str:
        bin_folder = Path(sys.executable).parent
        environment = {
            **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "ABLATIONS_STORE")},
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "DVC_NO_ANALYTICS": "1",
        }
        done = subprocess.run(
            [sys.executable, "-m", "dvc", *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def manifest(self, name: str) -> dict:
        path = self.folder / "results" / name / "manifest.json"
        return json.loads(path.read_text())


def ran(told: str) -> list[str]:
    """The stages that `dvc repro` says it ran."""
    words = [line.split("'") for line in told.splitlines() if line.startswith("Running stage '")]
    return [each[1] for each in words]


def trained(told: str) -> int:
    return sum(" start cell=" in line for line in told.splitlines())


SMALL = GRID.replace("training.steps: 8", "training.steps: 4")
OTHER = SMALL.replace("model.width: 16", "model.width: 8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("repository"))
    made.grid("tiny", SMALL)
    made.grid("other", OTHER)
    made.grids("tiny", "other")
    return made


def test_dvc_runs_every_stage_once_then_nothing_then_what_was_edited(copy: Copy):
    first = copy.dvc("repro")
    assert ran(first) == [
        "prepare", "sweep@tiny", "sweep@other", "report@tiny", "report@other",
        "check@tiny", "check@other",
    ]  # fmt: skip
    assert trained(first) == 8
    assert (copy.folder / "results" / "tiny.html").exists()
    assert ran(copy.dvc("repro")) == []

    copy.grid("other", OTHER.replace("seeds: 2", "seeds: 3"))
    edited = copy.dvc("repro")
    assert ran(edited) == ["prepare", "sweep@other", "report@other", "check@other"]
    assert trained(edited) == 2
    assert copy.manifest("other")["looks"]["seeds"] == [[0, 1], [0, 1, 2]]

    shown = json.loads(copy.dvc("metrics", "show", "--json"))[""]["data"]
    metrics = shown["results/other/metrics.json"]["data"]
    assert metrics["cells"] == {"done": 6, "diverged": 0, "failed": 0, "missing": 0}
    assert metrics["baseline_loss"] == metrics["loss"]["rotary"]
    copy.dvc("plots", "show", "-o", "plots")
    page = (copy.folder / "plots" / "index.html").read_text()
    assert '"field": "variant"' in page
    assert "results/other/curve.csv" in page


def test_a_failed_cell_does_not_hide_the_report_and_the_check_fails(copy: Copy):
    (copy.folder / "components" / "mlp" / "broken.py").write_text(BROKEN)
    mixed = SMALL.replace("{positions: rotary}", "{mlp: gated}")
    mixed = mixed.replace("positions: [rotary, none]", "mlp: [gated, broken]")
    copy.grid("tiny", mixed.replace("seeds: 2", "seeds: 1"))
    copy.grids("tiny")
    told = copy.dvc("repro", code=255)
    assert "failed: broken/0: RuntimeError: broken on purpose" in told
    statuses = [each["status"] for each in copy.manifest("tiny")["cells"]]
    assert statuses == ["complete", "failed"]
    assert "broken on purpose" in (copy.folder / "results" / "tiny.html").read_text()


def test_the_report_is_built_again_from_the_results_alone(copy: Copy):
    shutil.rmtree(copy.folder / "runs")
    (copy.folder / "results" / "tiny.html").unlink()
    copy.dvc("repro", "-f", "-s", "report@tiny")
    assert (copy.folder / "results" / "tiny.html").exists()
    assert not (copy.folder / "runs").exists()


HOW = {
    *("backlog", "board", "check", "command", "drive", "earlier", "ends", "interrupts", "jobs"),
    *("contract", "new", "tiny"),  # for whoever writes a component
    *("alike", "checking", "own_components", "resolvable", "warned"),  # tell or refuse
    *("ahead", "candidates", "choosing", "index", "live", "study_views", "together", "training"),
    *(
        "list",
        "plan",
        "plan_table",
        "prepare",
        "progress",
        "project",
        "run",
        "selection",
        "settings",
        "settings_list",
        "study",
    ),
    *("sweep", "verify", "workers", "__init__"),
}
"""Modules that change neither which cells there are nor what is gathered of them."""


def test_a_sweep_depends_on_every_module_that_can_change_its_results():
    stages = read_source(REPOSITORY / "dvc.yaml").values["stages"]
    named = {each for each in stages["sweep"]["do"]["deps"] if each.startswith("ablations/")}
    modules = {each.stem for each in (REPOSITORY / "ablations").glob("*.py")}
    assert named - {"ablations/presets"} == {f"ablations/{each}.py" for each in modules - HOW}
