"""Commands of reports as real processes: interrupted, and with a reader that leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.results import results

LOSSES = {"rotary": [3.2, 3.21, 3.19], "none": [3.25, 3.26, 3.24]}
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("process")
    results(folder, LOSSES, steps=20000)
    return folder


def start(folder, module, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=folder, text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_an_interrupted_report_says_so_and_leaves_nothing_half_written(folder):
    process = start(folder, "reports.build", "grid=positions")
    maps = Path(f"/proc/{process.pid}/maps")
    while "/scipy/" not in maps.read_text():  # imported when the command has been read
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "interrupted\n")
    assert [each.name for each in (folder / "results").iterdir()] == ["positions"]


def test_a_reader_who_has_seen_enough_is_no_error(folder):
    process = start(folder, "reports.verdict", "grid=positions", "--json")
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == ""
    assert process.wait(timeout=60) == 0
