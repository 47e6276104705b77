"""Sweeps that are interrupted, killed and doubled, with real processes and signals."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.files import read_json
from tests.ablations.tiny import afresh, call, frames, manifest, outcomes, start, trained, workplace

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.e2e

LONG = ("set.training.steps=150", "name=tiny")
CELLS = ["none/0", "none/1", "rotary/0", "rotary/1"]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep that nobody disturbed."""
    folder = workplace(tmp_path_factory.mktemp("calm"))
    call(folder, "sweep", *LONG)
    return folder


@pytest.fixture
def begin(calm: Path, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start sweeps in groups of their own; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def one(*more: str) -> "subprocess.Popen[str]":
        started.append(start(tmp_path, "sweep", *LONG, *more, start_new_session=True))
        return started[-1]

    afresh(calm, tmp_path)
    yield one
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(process: "subprocess.Popen[str]", event: str, count: int = 1) -> str:
    """Read progress lines until the event was told `count` times."""
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        count -= f" {event} " in line
        if not count:
            return told
    pytest.fail(f"it ended before {event}:\n{told}")


def workers(process: "subprocess.Popen[str]") -> list[int]:
    """The processes that train for a driver."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_a_worker_killed_in_mid_cell_costs_nothing_but_time(begin, tmp_path: Path, calm):
    process = begin()
    wait_for(process, "start", 2)
    os.kill(workers(process)[0], signal.SIGKILL)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0
    assert " lost cell=" in told
    assert {each["status"] for each in manifest(tmp_path)["cells"]} == {"complete"}
    assert frames(tmp_path) == frames(calm)


def test_after_a_kill_of_everything_the_next_sweep_ends_as_if_nothing_happened(
    begin, tmp_path: Path, calm
):
    process = begin()
    wait_for(process, "done")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finished = {each.parent.name: each.stat().st_mtime_ns for each in outcomes(tmp_path)}
    assert finished

    again = begin()
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert frames(tmp_path) == frames(calm)
    for each in outcomes(tmp_path):
        assert finished.get(each.parent.name, each.stat().st_mtime_ns) == each.stat().st_mtime_ns


def test_an_interrupted_sweep_leaves_checkpoints_and_the_same_command_resumes(
    begin, tmp_path: Path, calm
):
    process = begin()
    wait_for(process, "start", 2)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines()[-1].endswith(" of 4 cells done; the same command resumes")
    assert list((tmp_path / "runs").glob("*/checkpoint.pt"))
    assert not (tmp_path / "results").exists()

    again = begin()
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0
    assert any(" start " in line and " step=" in line for line in told.splitlines())
    assert frames(tmp_path) == frames(calm)


def test_a_driver_that_is_terminated_alone_lets_its_workers_write_checkpoints(
    begin, tmp_path: Path
):
    process = begin()
    wait_for(process, "start", 2)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert list((tmp_path / "runs").glob("*/checkpoint.pt"))


def test_two_sweeps_at_once_train_each_cell_once_and_both_have_all_of_them(
    begin, tmp_path: Path, calm
):
    both = [begin("workers=1"), begin("workers=1")]
    told = [process.communicate(timeout=180)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(trained(told[0]) + trained(told[1])) == CELLS
    assert len(outcomes(tmp_path)) == 4
    assert {read_json(each)["status"] for each in outcomes(tmp_path)} == {"complete"}
    assert frames(tmp_path) == frames(calm)
