import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ablations.backlog import RETRIES, Backlog
from ablations.drive import Died, drive
from ablations.study import Point, Trials
from ablations.workers import ONE_THREAD
from tests.ablations.toy_work import Toy, ToyRun, toy


class Ends:
    def __init__(self) -> None:
        self.runs: dict[str, Any] = {}
        self.waited: list[str] = []
        self.logs: dict[str, str] = {}

    def ended(self, fingerprint: str, run: Any) -> None:
        self.runs[fingerprint] = run

    def failed(self, fingerprint: str, reason: str, log: str) -> Any:
        self.logs[fingerprint] = log
        return ToyRun(fingerprint, "failed", {"reason": reason})

    def elsewhere(self, fingerprint: str) -> None:
        self.waited.append(fingerprint)


def points(names: list[str]) -> list[Point]:
    return [Point(name, name, 0, {"variant": name, "seed": 0}, "missing", None) for name in names]


def run(jobs: list[Toy], *, workers: int = 2, stopped=lambda: False, is_free=lambda _: True):
    ends, events = Ends(), []
    by_name = {job.fingerprint: job for job in jobs}
    backlog = Backlog(
        by_name, Trials(points(list(by_name))), ends, is_free=is_free, stopped=stopped
    )
    drive(backlog, [ONE_THREAD] * workers, toy, events.append, stopped)
    return ends, events


def test_every_job_is_done_once_by_warm_workers(tmp_path: Path):
    jobs = [Toy(f"job{index}", tmp_path) for index in range(5)]
    ends, _ = run(jobs)
    assert [ends.runs[job.fingerprint].status for job in jobs] == ["complete"] * 5
    assert [job.starts for job in jobs] == [1] * 5
    processes = {(tmp_path / f"job{index}.starts").read_text() for index in range(5)}
    assert len(processes) <= 2
    assert all(line.endswith(" 1\n") for line in processes)


def test_a_job_goes_on_from_its_checkpoint_when_its_worker_is_killed(tmp_path: Path):
    job = Toy("killed", tmp_path, steps=4, dies_at=3, dies=1)
    ends, events = run([job, Toy("other", tmp_path)])
    assert ends.runs["killed"].status == "complete"
    assert job.starts == 2
    assert Died("killed", -9) in events
    steps = [event for event in events if event in [("killed", step) for step in (1, 2, 3, 4)]]
    assert steps == [("killed", 1), ("killed", 2), ("killed", 3), ("killed", 4)]


def test_a_job_whose_workers_always_die_fails_and_the_others_are_done(tmp_path: Path):
    job = Toy("doomed", tmp_path, dies_at=1, dies=99)
    ends, _ = run([job, Toy("other", tmp_path)], workers=1)
    assert ends.runs["doomed"].status == "failed"
    assert ends.runs["doomed"].outcome["reason"] == "its worker died (signal 9), 3 times"
    assert job.starts == RETRIES + 1
    assert ends.runs["other"].status == "complete"


def test_an_exception_that_escapes_fails_its_job_alone(tmp_path: Path):
    ends, _ = run([Toy("broken", tmp_path, raises="no such thing"), Toy("other", tmp_path)])
    assert ends.runs["broken"].outcome["reason"] == "RuntimeError: no such thing"
    assert "Traceback" in ends.logs["broken"]
    assert ends.runs["other"].status == "complete"


def test_stopping_ends_each_job_after_its_step_and_takes_up_no_other(tmp_path: Path):
    jobs = [Toy(f"job{index}", tmp_path, steps=2000) for index in range(4)]
    ends, _ = run(jobs, stopped=lambda: jobs[0].step > 1 and jobs[1].step > 1)
    assert ends.runs == {}
    assert [job.starts for job in jobs] == [1, 1, 0, 0]


def test_a_job_that_another_process_holds_waits_and_the_free_ones_go_first(tmp_path: Path):
    jobs = [Toy("held", tmp_path), Toy("first", tmp_path), Toy("second", tmp_path)]
    ends, events = run(jobs, workers=1, is_free=lambda name: name != "held" or jobs[2].step == 3)
    assert ends.waited == ["held"]
    assert list(ends.runs) == ["first", "second", "held"]
    assert events[0] == ("first", 1)


DRIVER = """
import sys
from pathlib import Path
from tests.ablations.test_drive import run
from tests.ablations.toy_work import Toy
if __name__ == "__main__":
    run([Toy(f"job{index}", Path(sys.argv[1]), steps=2000) for index in range(2)])
"""


def test_workers_end_by_themselves_when_their_driver_is_killed(tmp_path: Path):
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    driver = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment)
    jobs = [Toy(f"job{index}", tmp_path) for index in range(2)]
    wait_until(lambda: all(job.step > 2 for job in jobs))
    driver.kill()
    driver.wait()
    processes = [
        int((tmp_path / f"{job.fingerprint}.starts").read_text().split()[0]) for job in jobs
    ]
    wait_until(lambda: not any(is_running(process) for process in processes))
    assert all(2 < job.step < 2000 for job in jobs)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"  # an orphan that nobody has collected yet has ended


def wait_until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail("it did not happen in time")
        time.sleep(0.02)


def test_a_worker_told_to_terminate_hands_its_job_back(tmp_path: Path):
    jobs = [Toy("job0", tmp_path, steps=60)]

    told: list[int] = []

    def terminate_once() -> bool:
        if not told and jobs[0].step >= 5:
            told.append(int((tmp_path / "job0.starts").read_text().split()[0]))
            os.kill(told[0], signal.SIGTERM)
        return False

    ends, _ = run(jobs, workers=1, stopped=terminate_once)
    assert ends.runs["job0"].status == "complete"
    assert jobs[0].starts == 2


class Fickle(Backlog):
    """A backlog that wants its first job no longer after the third step of it."""

    unwanted = ""

    def is_wanted(self, job: Any) -> bool:
        return job.fingerprint != self.unwanted

    def settle(self, job: Any, ended: Any) -> None:
        if job.fingerprint != self.unwanted:
            super().settle(job, ended)


def test_a_worker_gives_a_job_up_that_is_not_wanted_and_takes_the_next(tmp_path: Path):
    jobs = [Toy("unwanted", tmp_path, steps=2000), Toy("wanted", tmp_path, steps=30)]
    by_name = {job.fingerprint: job for job in jobs}
    ends = Ends()
    backlog = Fickle(
        by_name, Trials(points(list(by_name))), ends, is_free=lambda _: True, stopped=lambda: False
    )

    def notify(event: Any) -> None:
        if event == ("unwanted", 3):
            backlog.unwanted = "unwanted"

    drive(backlog, [ONE_THREAD], toy, notify, lambda: False)
    assert 3 <= jobs[0].step < 2000
    assert (jobs[0].starts, jobs[1].starts) == (1, 1)
    assert list(ends.runs) == ["wanted"]
    processes = [(tmp_path / f"{name}.starts").read_text() for name in by_name]
    assert processes[0] == processes[1]


def test_a_job_that_ends_before_it_is_given_up_disturbs_no_other(tmp_path: Path):
    jobs = [Toy(f"job{index}", tmp_path, steps=1 + index % 2) for index in range(12)]
    by_name = {job.fingerprint: job for job in jobs}

    class Late(Backlog):
        """Wants no job once it has done its first step, but hears how it ended."""

        def is_wanted(self, job: Any) -> bool:
            return job.step == 0

        def settle(self, job: Any, ended: Any) -> None:
            ends.runs[job.fingerprint] = ended

    ends = Ends()
    backlog = Late(
        by_name, Trials(points(list(by_name))), ends, is_free=lambda _: True, stopped=lambda: False
    )
    drive(backlog, [ONE_THREAD], toy, lambda _: None, lambda: False)
    assert list(ends.runs) == list(by_name)
    assert [job.starts for job in jobs] == [1] * 12
    assert len({(tmp_path / f"{name}.starts").read_text() for name in by_name}) == 1
