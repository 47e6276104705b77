"""Keep every worker busy until no cell is left: no batches, no barrier, no cell lost."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, Protocol

from ablations.workers import Ended, Notify, Work, Worker, start

TICK = 0.2  # seconds between looks at signals and at cells that other processes train


@dataclass(frozen=True)
class Died:
    """A worker process is gone with a cell in its hands.

    Fields:
        fingerprint: of the cell.
        code: exit code of the process; -9 after SIGKILL.
    """

    fingerprint: str
    code: int | None


class Source(Protocol):
    """Where jobs come from and where their ends are told; a job has a `fingerprint`."""

    def take(self) -> Any:
        """Return the next job, or None while there is none that a worker could do now."""
        ...

    def is_wanted(self, job: Any) -> bool:
        """Say whether a job that a worker has shall go on; asked after every piece of news."""
        ...

    def settle(self, job: Any, ended: Ended) -> None:
        """Hear how a job ended; without a result where it was not wanted any more."""
        ...

    def died(self, job: Any, code: int | None) -> None:
        """Hear that a worker died with the job; it may be handed out again."""
        ...

    def is_empty(self) -> bool:
        """Say whether nothing is left to hand out, now or later."""
        ...


def drive(
    source: Source,
    environments: Sequence[Mapping[str, str]],
    work: Work,
    notify: Notify,
    stopped: Callable[[], bool],
) -> None:
    """Let workers do what `source` holds, until it is empty or somebody says stop.

    Args:
        source: the jobs.
        environments: one for each worker that may run at once.
        work: what a worker does with a job.
        notify: gets what the work reports, in the driver, and `Died`.
        stopped: looked at several times a second; then each worker ends after its current step.
    """
    crew: list[Worker] = []
    try:
        while not stopped():
            _hand_out(source, environments, work, crew)
            if not _busy(crew) and source.is_empty():
                break
            _listen(source, crew, notify)
            _give_up(source, crew)
        for worker in crew:
            worker.stop()
        while _busy(crew):
            _listen(source, crew, notify)
        for worker in list(crew):
            worker.leave()
            crew.remove(worker)
    finally:
        for worker in crew:
            worker.kill()


def _busy(crew: Sequence[Worker]) -> list[Worker]:
    return [worker for worker in crew if worker.job is not None]


def _hand_out(
    source: Source, environments: Sequence[Mapping[str, str]], work: Work, crew: list[Worker]
) -> None:
    while len(_busy(crew)) < len(environments):
        job = source.take()
        if job is None:
            return
        idle = next((worker for worker in crew if worker.job is None), None)
        if idle is None:
            taken = {worker.slot for worker in crew}
            slot = next(each for each in range(len(environments)) if each not in taken)
            idle = start(slot, environments[slot], work)
            crew.append(idle)
        idle.give(job)


def _listen(source: Source, crew: list[Worker], notify: Notify) -> None:
    """Handle what workers said within one tick."""
    by_connection = {worker.connection: worker for worker in _busy(crew)}
    if not by_connection:
        time.sleep(TICK)
        return
    for ready in wait(list(by_connection), TICK):
        worker = by_connection[ready]  # type: ignore[index]  # all of them are connections
        message = worker.read()
        if message is None:
            _bury(source, crew, worker, notify)
        elif isinstance(message, Ended):
            job, worker.job = worker.job, None
            source.settle(job, message)
            if message.result is None and message.problem is None and not worker.given_up:
                crew.remove(worker)  # it was told to end, by somebody else than us
                worker.leave()
        else:
            notify(message)


def _give_up(source: Source, crew: Sequence[Worker]) -> None:
    """Tell each worker whose job is not wanted any more; it leaves a checkpoint and is free."""
    for worker in _busy(crew):
        if not worker.given_up and not source.is_wanted(worker.job):
            worker.give_up()


def _bury(source: Source, crew: list[Worker], worker: Worker, notify: Notify) -> None:
    crew.remove(worker)
    worker.kill()
    notify(Died(worker.job.fingerprint, worker.process.exitcode))
    source.died(worker.job, worker.process.exitcode)
