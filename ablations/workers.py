"""Warm worker processes: torch is imported once in each, cells are handed over one at a time."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

Notify = Callable[[Any], None]
ShouldStop = Callable[[], bool]
Work = Callable[[Any, Notify, ShouldStop], Any]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

STOP = "stop"
GIVE_UP = "give up"
PATIENCE = 5.0  # seconds that an idle worker gets to leave by itself
LOOK_AROUND = 1.0  # seconds between an idle worker's looks at whether its driver still lives


@dataclass(frozen=True)
class Ended:
    """What a worker says last about a job.

    Fields:
        result: what the work returned; None where it was told to stop.
        problem: the traceback of an exception that the work let through.
    """

    result: Any
    problem: str | None = None


@dataclass
class Worker:
    """A process with a pipe of its own, so that killing it in mid-write hurts nobody else.

    Fields:
        process: the process.
        connection: the driver's end of the pipe.
        slot: which of the driver's places it fills.
        job: what it works on.
        given_up: whether it was told that its job is not wanted any more.
    """

    process: BaseProcess
    connection: Connection
    slot: int
    job: Any = None
    given_up: bool = False

    def give(self, job: Any) -> None:
        """Hand over a job; a worker that died meanwhile is noticed when it is read from."""
        self.job, self.given_up = job, False
        with suppress(OSError):
            self.connection.send(job)

    def give_up(self) -> None:
        """Ask the worker to end its job after its current step, and to be ready for another."""
        self.given_up = True
        with suppress(OSError):
            self.connection.send(GIVE_UP)

    def stop(self) -> None:
        """Ask the worker to stop after its current step, or to leave if it is idle."""
        with suppress(OSError):
            self.connection.send(STOP)

    def read(self) -> Any:
        """Return the next message; None when the worker is gone."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return None

    def leave(self) -> None:
        """End an idle worker and wait for it."""
        self.stop()
        self.process.join(PATIENCE)
        self.kill()

    def kill(self) -> None:
        """End the process whatever it does."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()


def places(device: str, workers: int | None) -> tuple[Mapping[str, str], ...]:
    """Return the environment of each worker: one for each core, or for each GPU.

    Args:
        device: class of device, `cpu`, `cuda` or `mps`.
        workers: how many; None means as many as there are cores (or GPUs).
    """
    if device == "cpu":
        return (ONE_THREAD,) * (workers or _cores())
    if device == "mps":
        return ({},) * (workers or 1)
    gpus = _gpus()
    return tuple(
        # cuBLAS gives the same bits twice only with a fixed workspace
        {"CUDA_VISIBLE_DEVICES": gpus[slot % len(gpus)], "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
        for slot in range(workers or len(gpus))
    )


def start(slot: int, environment: Mapping[str, str], work: Work) -> Worker:
    """Start a worker that does `work(job, notify, should_stop)` for every job it is given.

    Args:
        slot: which of the driver's places it fills.
        environment: set before anything is imported in the child; torch reads its threads there.
        work: importable by name; what it passes to `notify` arrives at the driver.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, os.getpid(), dict(environment), work), name=f"worker-{slot}"
    )
    with _environment(environment):
        process.start()
    theirs.close()
    return Worker(process, ours, slot)


def train_cell(job: Any, notify: Notify, should_stop: ShouldStop) -> Any:
    """Train one cell: the work of a real worker. Imports torch on its first call."""
    from pipelines.device import single_threaded  # noqa: PLC0415  # torch, only here and
    from pipelines.execute import execute  # noqa: PLC0415  # once its environment is set

    if os.environ.get("OMP_NUM_THREADS") == "1":
        single_threaded()
    return execute(job, notify, should_stop)


def _serve(connection: Connection, driver: int, environment: Mapping[str, str], work: Work) -> None:
    """Run in the child: take jobs until told to stop, or until the driver is gone."""
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the driver decides
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))

    def alone() -> bool:
        return bool(told) or os.getppid() != driver

    def should_stop() -> bool:
        return alone() or connection.poll()  # in mid-job there is STOP, GIVE_UP or the end

    def notify(event: Any) -> None:
        with suppress(OSError):  # the driver died: should_stop says so, the cell is not at fault
            connection.send(event)

    with suppress(EOFError, OSError):
        while not alone():
            if not connection.poll(LOOK_AROUND):
                continue
            job = connection.recv()
            if job == STOP:
                return
            if job == GIVE_UP:
                continue  # of the job before, which may have reached its end meanwhile
            connection.send(_done(job, notify, should_stop, work))


def _done(job: Any, notify: Notify, should_stop: ShouldStop, work: Work) -> Ended:
    try:
        return Ended(work(job, notify, should_stop))
    except Exception:  # noqa: BLE001  # whatever it is, the driver must hear of it
        return Ended(None, traceback.format_exc())


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _cores() -> int:
    """Return how many cores this process may use; where the system does not say, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus() -> list[str]:
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed:
        return listed.split(",")
    import torch  # noqa: PLC0415  # only a machine with GPUs pays for it here

    return [str(index) for index in range(torch.cuda.device_count())]
