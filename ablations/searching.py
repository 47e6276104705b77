"""The trials of one search on their way: asked, trained cell by cell, watched, told.

It stands where the study of a grid stands in `ablations.backlog`: it says which cell comes next and
hears how each ended. Nothing it decides depends on how fast cells are: a trial is pruned by what it
reported and by the trials that had ended, also where its run is in the store already.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from ablations.asking import Asking
from ablations.backlog import loss_of
from ablations.candidates import Candidate, Cells, NoRun
from ablations.search import Search, search_digest
from ablations.trials import Record, Status, Trial
from ablations.watching import Watched, part
from components.errors import UserError
from pipelines.events import Progress


@dataclass
class _Flight:
    """A trial that has not ended."""

    trial: Trial
    cells: tuple[Candidate, ...]
    watched: Watched
    sought: int = 0
    runs: dict[int, Any] = field(default_factory=dict)
    reported: list[tuple[int, float]] = field(default_factory=list)


class Searching:
    """The `Order` of one search.

    Args:
        search: what is searched.
        seeds: on which is trained, as many as the search has.
        record: of its trials.
        cells: how it reaches them.
        jobs: gets the job of every cell that is to be trained, by fingerprint.
        parallel: how many trials may be under way at once.
        told: hears of each trial that has ended.
        begun: hears of each trial before its cells are sought.
    """

    def __init__(
        self,
        search: Search,
        seeds: Sequence[int],
        record: Record,
        cells: Cells,
        jobs: MutableMapping[str, Any],
        *,
        parallel: int,
        told: Callable[[Trial], None],
        begun: Callable[[Trial], None] = lambda _: None,
    ) -> None:
        self._search = search
        self._seeds = seeds
        self._record = record
        self._cells = cells
        self._jobs = jobs
        self._parallel = parallel
        self._told = told
        self._begun = begun
        # variants that are tuned alike begin with the same points
        self._asking = Asking(search, search_digest(search, seeds, ""))
        self._flights: dict[int, _Flight] = {}
        self._owners: dict[str, list[tuple[_Flight, int]]] = {}
        self._queue: deque[str] = deque()
        self._handed: set[str] = set()
        self._ending: set[str] = set()
        self._resume()

    @property
    def waiting(self) -> bool:
        """Whether cells are still to be handed out."""
        return bool(self._queue) or self._asking.count < self._search.trials

    def ask(self) -> str | None:
        """Return the fingerprint of the next cell; None while there is none to train now."""
        while not self._queue and self._may_ask:
            number, settings = self._asking.ask()
            cells, problem = self._made(settings)
            trial = Trial(number, settings, tuple(each.fingerprint for each in cells))
            self._record.ask(trial)
            self._open(trial, cells, problem)
        if not self._queue:
            return None
        fingerprint = self._queue.popleft()
        self._handed.add(fingerprint)
        return fingerprint

    def tell(self, fingerprint: str, _loss: float | None = None) -> None:
        """Hear that a cell has ended; the store has what became of it."""
        self._handed.discard(fingerprint)
        owners = self._owners.pop(fingerprint, [])
        run = self._cells.look_up(fingerprint) or NoRun()
        for flight, index in owners:
            self._arrive(flight, index, run)

    def hear(self, event: Any) -> None:
        """Hear what a worker says while it trains."""
        if isinstance(event, Progress) and self._search.watches:
            for flight, _ in list(self._owners.get(event.fingerprint, ())):
                self._watch(flight, event.step, event.losses)

    def wants(self, fingerprint: str) -> bool:
        """Say whether a cell that was handed out shall go on."""
        return fingerprint not in self._ending

    def let_go(self, fingerprint: str) -> None:
        """Hear that the worker of a cell that was no longer wanted is free."""
        self._handed.discard(fingerprint)
        self._ending.discard(fingerprint)
        for flight, index in self._owners.pop(fingerprint, []):
            self._seek(flight, index)  # another trial asked for it meanwhile

    @property
    def _may_ask(self) -> bool:
        is_more = self._asking.count < self._search.trials
        return is_more and len(self._flights) < self._parallel

    def _resume(self) -> None:
        """Take up the trials of the record, up to the first whose cells are others now."""
        for trial in self._record.trials()[: self._search.trials]:
            cells, problem = self._made(trial.settings)
            if tuple(each.fingerprint for each in cells) != trial.cells:
                self._record.again_from(trial.number)
                return
            self._asking.resume(trial.settings)
            if trial.is_open or (trial.status == "failed" and cells):
                self._open(trial.asked, cells, problem)  # what failed is tried again
            else:
                self._replay(trial)

    def _replay(self, trial: Trial) -> None:
        for at, value in trial.reported:
            place = at if trial.steps is None else part(at, trial.steps)
            self._asking.report(trial.number, place, value)
        self._asking.tell(trial)

    def _made(self, settings: Mapping[str, Any]) -> tuple[tuple[Candidate, ...], str | None]:
        try:
            return tuple(self._cells.make(settings, seed) for seed in self._seeds), None
        except UserError as error:
            return (), "; ".join(each.what for each in error.problems)

    def _open(self, trial: Trial, cells: tuple[Candidate, ...], problem: str | None) -> None:
        self._begun(trial)
        flight = _Flight(trial, cells, Watched(cells[0].steps if cells else 0))
        self._flights[trial.number] = flight
        if not cells:
            self._close(flight, "failed", reason=problem)
        self._advance(flight)

    def _advance(self, flight: _Flight) -> None:
        """Seek the cells that are due: all, or one after another where seeds are compared."""
        while self._is_open(flight) and flight.sought < len(flight.cells):
            if self._search.pruner == "wilcoxon" and flight.sought > len(flight.runs):
                return
            flight.sought += 1
            self._seek(flight, flight.sought - 1)

    def _seek(self, flight: _Flight, index: int) -> None:
        """Find the run of a cell, or queue it to be trained."""
        candidate = flight.cells[index]
        fingerprint = candidate.fingerprint
        busy = fingerprint in self._owners or fingerprint in self._ending
        run = None if busy else self._cells.look_up(fingerprint)
        if run is not None and run.status in ("complete", "diverged"):
            self._arrive(flight, index, run)
            return
        self._owners.setdefault(fingerprint, []).append((flight, index))
        if not busy:
            self._jobs[fingerprint] = candidate.job
            self._queue.append(fingerprint)

    def _arrive(self, flight: _Flight, index: int, run: Any) -> None:
        if self._search.watches and run.status in ("complete", "diverged"):
            losses = self._cells.curve(run)
            self._watch(flight, len(losses), losses)
        flight.runs[index] = run
        if self._search.pruner == "wilcoxon":
            self._compare(flight, index, run)
        if self._is_open(flight) and len(flight.runs) == len(flight.cells):
            self._end(flight)
        else:
            self._advance(flight)

    def _watch(self, flight: _Flight, step: int, losses: Sequence[float]) -> None:
        """Report what has become known of a training; prune the trial where it falls behind."""
        steps = flight.watched.steps
        for at, mean in flight.watched.hear(step, losses):
            flight.reported.append((at, mean))
            if self._asking.report(flight.trial.number, part(at, steps), mean):
                self._close(flight, "pruned", at=at)
                return

    def _compare(self, flight: _Flight, index: int, run: Any) -> None:
        """Report the loss of a seed; prune the trial where it loses against the best, in pairs."""
        loss = loss_of(run)
        if loss is None:
            self._end(flight)
            return
        flight.reported.append((index, loss))
        is_behind = self._asking.report(flight.trial.number, index, loss)
        if is_behind and len(flight.runs) < len(flight.cells):
            self._close(flight, "pruned", at=index + 1)

    def _end(self, flight: _Flight) -> None:
        """End a trial as its cells did."""
        runs = [flight.runs[index] for index in sorted(flight.runs)]
        for status in ("failed", "diverged"):
            bad = next((each for each in runs if each.status == status), None)
            if bad is not None:
                self._close(flight, "failed" if status == "failed" else "diverged", bad.reason)
                return
        measured = [[run.outcome.get(name) for run in runs] for name in self._search.objectives]
        if any(each is None or not math.isfinite(each) for means in measured for each in means):
            self._close(flight, "failed", "a run does not say what is minimised")
            return
        self._close(flight, "complete", values=tuple(fmean(each) for each in measured))

    def _close(
        self,
        flight: _Flight,
        status: Status,
        reason: str | None = None,
        *,
        at: int | None = None,
        values: tuple[float, ...] | None = None,
    ) -> None:
        runs = [flight.runs[index] for index in sorted(flight.runs)]
        ended = replace(
            flight.trial,
            status=status,
            reason=reason,
            at=at,
            values=values,
            reported=tuple(flight.reported),
            steps=flight.watched.steps if self._search.watches else None,
            statuses=tuple(str(each.status) for each in runs),
            losses=tuple(loss_of(each) for each in runs),
        )
        del self._flights[flight.trial.number]
        self._record.tell(ended)
        self._asking.tell(ended)
        self._disown(flight)
        self._told(ended)

    def _disown(self, flight: _Flight) -> None:
        """Give up the cells of a trial that nobody else waits for."""
        for fingerprint, owners in list(self._owners.items()):
            owners[:] = [each for each in owners if each[0] is not flight]
            if not owners:
                del self._owners[fingerprint]
                if fingerprint in self._handed:
                    self._ending.add(fingerprint)
                else:
                    self._queue.remove(fingerprint)

    def _is_open(self, flight: _Flight) -> bool:
        return flight.trial.number in self._flights
