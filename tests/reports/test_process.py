"""Commands of reports as real processes: interrupted, and with a reader that leaves."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reports.process import exit_code
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


@pytest.mark.usefixtures("heard")
def test_an_interrupted_report_says_so_and_leaves_nothing_half_written(tmp_path):
    manifest = results(tmp_path, LOSSES) / "manifest.json"
    manifest.unlink()
    os.mkfifo(manifest)  # nobody ever writes it, so the command is sure to be at work
    process = start(tmp_path, "reports.build", "grid=positions")
    writer = once_it_is_read(manifest)
    process.send_signal(signal.SIGINT)
    os.close(writer)  # should the signal have come just before the read, this ends the read
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "interrupted\n")
    assert [each.name for each in (tmp_path / "results").iterdir()] == ["positions"]


def once_it_is_read(pipe):
    """Wait until somebody reads a pipe, and return its other end."""
    for _ in range(6000):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
    raise TimeoutError(pipe)


def test_a_reader_who_has_seen_enough_is_no_error(folder):
    process = start(folder, "reports.verdict", "grid=positions", "--json")
    process.stdout.close()
    with process.stderr as errors:
        assert errors.read() == ""
    assert process.wait(timeout=60) == 0


def test_a_disk_that_refuses_is_told_and_the_earlier_page_stays(capsys):
    def full(_argv):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "results/.positions.html.part")

    def broken(_argv):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), "results")

    assert exit_code(full, []) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: the disk refuses: Read-only file system\n  results/.positions")
    with pytest.raises(IsADirectoryError):
        exit_code(broken, [])
