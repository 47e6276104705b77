"""Work without torch for the tests of workers: importable by name in a spawned process."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.files import write_text


@dataclass(frozen=True)
class Toy:
    """A job that writes down what happens to it.

    Fields:
        fingerprint: its name.
        folder: `<name>.starts` has a line for each time it was taken up; `<name>.step` its
            checkpoint.
        steps: of 20 ms each.
        dies_at: step before which the worker kills itself, each time it was not killed `dies`
            times yet.
        dies: how often.
        raises: the message of the exception that ends it.
    """

    fingerprint: str
    folder: Path
    steps: int = 3
    dies_at: int = 0
    dies: int = 0
    raises: str = ""

    @property
    def starts(self) -> int:
        """How often it was taken up."""
        file = self.folder / f"{self.fingerprint}.starts"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @property
    def step(self) -> int:
        """Its checkpoint."""
        file = self.folder / f"{self.fingerprint}.step"
        return int(file.read_text()) if file.exists() else 0


@dataclass(frozen=True)
class ToyRun:
    """What a toy job ends with."""

    fingerprint: str
    status: str
    outcome: dict[str, Any]


def toy(job: Toy, notify: Callable[[Any], None], should_stop: Callable[[], bool]) -> ToyRun | None:
    """Count to `job.steps`, from the checkpoint on."""
    with (job.folder / f"{job.fingerprint}.starts").open("a") as file:
        file.write(f"{os.getpid()} {os.environ.get('OMP_NUM_THREADS')}\n")
    if job.raises:
        raise RuntimeError(job.raises)
    for step in range(job.step + 1, job.steps + 1):
        if step == job.dies_at and job.starts <= job.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)
        write_text(job.folder / f"{job.fingerprint}.step", str(step))
        notify((job.fingerprint, step))
        if should_stop():
            return None
    return ToyRun(job.fingerprint, "complete", {"loss": float(job.steps)})
