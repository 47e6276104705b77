"""CONTRIBUTING.md, followed to the letter in a copy of the repository."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.copies import copied, environment

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")

PATHS = re.findall(r"as\s`((?:tests/)?components/\S+\.py)`", TEXT)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A copy of the repository with the component and its test, where the text says."""
    folder = copied(tmp_path_factory.mktemp("contributing"))
    for path, content in zip(PATHS, blocks("python"), strict=True):
        (folder / path).write_text(content, encoding="utf-8")
    return folder


def run(folder, command):
    return subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", blocks("bash")[1].strip().splitlines())
def test_the_commands_after_adding_a_component_work(followed, command):
    done = run(followed, command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "log_distance" in done.stdout or "passed" in done.stdout


def test_the_contract_covers_the_new_component(followed):
    done = run(followed, blocks("bash")[1].strip().splitlines()[1])
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 5


def test_the_shown_component_passes_the_checks_of_the_project(followed):
    component, _ = PATHS
    both = " ".join(PATHS)
    done = run(followed, f"ruff check {both} && ruff format --check {both} && mypy {component}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shown_grid_is_read(followed):
    (followed / "ablations/grids/shown.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    done = run(followed, "python -m ablations.list grids")
    assert "Does a fixed logarithmic bias replace rotary positions?" in done.stdout


def test_the_set_up_is_what_the_makefile_has():
    targets = set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    words = {word for line in blocks("bash")[0].split("\n") for word in line.split()} - {"make"}
    assert words <= targets
