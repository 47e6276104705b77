"""A search over toy cells in real workers: run as a script, so that it can be killed."""

import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.backlog import Backlog
from ablations.candidates import Candidate, Cells
from ablations.drive import drive
from ablations.search import Search
from ablations.searching import Searching
from ablations.space import Range
from ablations.trials import Record, Trial, one_driver
from ablations.workers import ONE_THREAD
from pipelines.events import Progress
from pipelines.files import read_json, write_json, write_text

STEPS = 40
RATE = Range("rate", 1e-5, 1e-1, log=True)
SEARCHES = {
    "tpe": Search((RATE,), "tpe", 14),
    "hyperband": Search((RATE,), "tpe", 14, "hyperband"),
}


@dataclass(frozen=True)
class Toy:
    """A cell with a rate: `<fingerprint>.json` is its run, `.step` its checkpoint.

    Fields:
        fingerprint: of the rate.
        folder: of the runs; `<fingerprint>.starts` has a line for each time it was taken up.
        rate: the best is 1e-3.
    """

    fingerprint: str
    folder: Path
    rate: float

    def loss(self, step: int) -> float:
        """The training loss of a step."""
        return math.log10(self.rate / 1e-3) ** 2 + 2.0 - step / STEPS

    @property
    def losses(self) -> list[float]:
        """All of them."""
        return [self.loss(step) for step in range(1, STEPS + 1)]


@dataclass(frozen=True)
class Run:
    """What a toy cell leaves."""

    status: str
    outcome: Mapping[str, Any]
    reason: str | None = None


def train(job: Toy, notify: Callable[[Any], None], should_stop: Callable[[], bool]) -> Run | None:
    """Count to the end, from the checkpoint on; the first news tell every loss there was."""
    with (job.folder / f"{job.fingerprint}.starts").open("a") as file:
        file.write(f"{os.getpid()}\n")
    checkpoint = job.folder / f"{job.fingerprint}.step"
    step = int(checkpoint.read_text()) if checkpoint.exists() else 0
    told = 0
    while step < STEPS:
        step += 1
        time.sleep(0.01)
        write_text(checkpoint, str(step))
        if step % 4 == 0:
            notify(Progress(job.fingerprint, step, STEPS, tuple(job.losses[told:step])))
            told = step
        if should_stop():
            return None
    outcome = {"loss": job.loss(STEPS), "losses": job.losses}
    write_json(job.folder / f"{job.fingerprint}.json", outcome)
    return Run("complete", outcome)


def starts(folder: Path, fingerprint: str) -> list[int]:
    """The process of each time a cell was taken up."""
    file = folder / f"{fingerprint}.starts"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def trials(folder: Path) -> tuple[Trial, ...]:
    """What the record has."""
    return Record(folder / "toy.trials.jsonl", "digest").trials()


class Nobody:
    """What happens where a cell ends: nothing."""

    def ended(self, fingerprint: str, run: Any) -> None:
        """Nothing."""

    def failed(self, _fingerprint: str, reason: str, _log: str) -> Run:
        """Say so."""
        return Run("failed", {}, reason)

    def elsewhere(self, fingerprint: str) -> None:
        """Nothing."""


def search(folder: Path, name: str, workers: int) -> None:
    """Search to the end."""

    def make(settings: Mapping[str, Any], seed: int) -> Candidate:
        described = json.dumps([settings, seed])
        fingerprint = hashlib.sha256(described.encode()).hexdigest()[:16]
        return Candidate(fingerprint, Toy(fingerprint, folder, settings["rate"]), STEPS)

    def look_up(fingerprint: str) -> Run | None:
        path = folder / f"{fingerprint}.json"
        return Run("complete", read_json(path)) if path.exists() else None

    path = folder / "toy.trials.jsonl"
    jobs: dict[str, Any] = {}
    with one_driver(path):
        searching = Searching(
            SEARCHES[name], (1000,), Record(path, "digest"),
            Cells(make, look_up, lambda run: run.outcome["losses"]), jobs,
            parallel=workers, told=lambda _: None,
        )  # fmt: skip
        backlog = Backlog(jobs, searching, Nobody(), is_free=lambda _: True, stopped=lambda: False)
        drive(backlog, [ONE_THREAD] * workers, train, searching.hear, lambda: False)


if __name__ == "__main__":
    search(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
