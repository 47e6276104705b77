"""The cells that are still to do: in the study's order, those that nobody else trains first."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ablations.workers import Ended

RETRIES = 2
"""How often a cell whose worker died is taken up again, from its checkpoint."""


class Ends(Protocol):
    """What happens where a cell ends or cannot start; the backlog decides when."""

    def ended(self, fingerprint: str, run: Any) -> None:
        """A worker finished a cell; `run` is what the store has of it."""
        ...

    def failed(self, fingerprint: str, reason: str, log: str) -> Any:
        """A cell cannot be done; returns the run that says so."""
        ...

    def elsewhere(self, fingerprint: str) -> None:
        """Another process trains a cell."""
        ...


class Order(Protocol):
    """Which cell comes next, and who hears how it ended: the study of a grid, or a search."""

    @property
    def waiting(self) -> int | bool:
        """Whether cells are still to be handed out."""
        ...

    def ask(self) -> str | None:
        """Return the fingerprint of the next cell; None while there is none."""
        ...

    def tell(self, fingerprint: str, loss: float | None, /) -> None:
        """Hear how a cell ended."""
        ...

    def wants(self, fingerprint: str) -> bool:
        """Say whether a cell that was handed out shall go on."""
        ...

    def let_go(self, fingerprint: str) -> None:
        """Hear that the worker of a cell that was no longer wanted is free."""
        ...


class Backlog:
    """Jobs that workers take and give back; the `Source` of `ablations.drive`.

    Args:
        jobs: by fingerprint.
        trials: says which comes next.
        ends: is told what becomes of a cell.
        is_free: whether no other process works on a cell.
        stopped: whether the sweep is being stopped; then nothing is taken up again.
    """

    def __init__(
        self,
        jobs: Mapping[str, Any],
        trials: Order,
        ends: Ends,
        *,
        is_free: Callable[[str], bool],
        stopped: Callable[[], bool],
    ) -> None:
        self._jobs = jobs
        self._trials = trials
        self._ends = ends
        self._is_free = is_free
        self._stopped = stopped
        self._held: list[str] = []
        self._interrupted: Counter[str] = Counter()

    def take(self) -> Any:
        """Return the next job that no other process works on; None while there is none."""
        for fingerprint in self._held:
            if self._is_free(fingerprint):
                self._held.remove(fingerprint)
                return self._jobs[fingerprint]
        while (asked := self._trials.ask()) is not None:
            if self._is_free(asked):
                return self._jobs[asked]
            self._held.append(asked)
            self._ends.elsewhere(asked)
        return None

    def is_empty(self) -> bool:
        """Say whether every job was taken."""
        return not self._held and not self._trials.waiting

    def is_wanted(self, job: Any) -> bool:
        """Say whether a job that a worker has shall go on."""
        return self._trials.wants(job.fingerprint)

    def settle(self, job: Any, ended: Ended) -> None:
        """Record how a job ended; one that was interrupted goes back."""
        if not self._trials.wants(job.fingerprint):
            self._trials.let_go(job.fingerprint)
        elif ended.problem is not None:
            last = ended.problem.strip().splitlines()[-1]
            self._fail(job.fingerprint, last, ended.problem)
        elif ended.result is None:
            self._again(job.fingerprint, "its worker was stopped")
        else:
            self._ends.ended(job.fingerprint, ended.result)
            self._trials.tell(job.fingerprint, loss_of(ended.result))

    def died(self, job: Any, code: int | None) -> None:
        """Put the job of a dead worker back, or give it up after too many deaths."""
        if not self._trials.wants(job.fingerprint):
            self._trials.let_go(job.fingerprint)
            return
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        self._again(job.fingerprint, f"its worker died ({how})")

    def _again(self, fingerprint: str, why: str) -> None:
        if self._stopped():
            return
        self._interrupted[fingerprint] += 1
        if self._interrupted[fingerprint] > RETRIES:
            reason = f"{why}, {self._interrupted[fingerprint]} times"
            self._fail(fingerprint, reason, f"{reason}\n")
        else:
            self._held.append(fingerprint)

    def _fail(self, fingerprint: str, reason: str, log: str) -> None:
        run = self._ends.failed(fingerprint, reason, log)
        self._ends.ended(fingerprint, run)
        self._trials.tell(fingerprint, None)


def loss_of(run: Any) -> float | None:
    """Return the final validation loss of a run that is complete; None for every other."""
    loss = run.outcome.get("loss") if run.status == "complete" else None
    return None if loss is None else float(loss)
