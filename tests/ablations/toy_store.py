"""Runs of toy cells in memory, and a loop that trains what a search asks for, without workers."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ablations.backlog import loss_of
from ablations.candidates import Candidate, Cells
from ablations.search import Search
from ablations.searching import Searching
from ablations.trials import Record, Trial
from components.errors import UserError
from pipelines.events import Progress

STEPS = 40
PIECE = 4  # steps between two pieces of news

Loss = Callable[[Mapping[str, Any], int, float], float]
"""Settings, seed, share of the training done -> loss."""


def bowl(settings: Mapping[str, Any], seed: int, done: float) -> float:
    """A loss with its least at a rate of 1e-3."""
    return math.log10(settings["rate"] / 1e-3) ** 2 + 2.0 - done + 0.01 * (seed % 7)


@dataclass(frozen=True)
class Run:
    """What a toy cell leaves."""

    status: str
    losses: tuple[float, ...]
    outcome: dict[str, Any]
    reason: str | None = None


@dataclass
class Store:
    """Runs by fingerprint, and what was trained."""

    loss: Loss = bowl
    runs: dict[str, Run] = field(default_factory=dict)
    trained: list[str] = field(default_factory=list)
    code: str = ""

    def make(self, settings: Mapping[str, Any], seed: int) -> Candidate:
        """Make a cell; rates above 1 cannot be built."""
        if settings["rate"] > 1:
            raise UserError("the rate is above 1")
        described = json.dumps([settings, seed, self.code], sort_keys=True)
        fingerprint = hashlib.sha256(described.encode()).hexdigest()[:16]
        return Candidate(fingerprint, (settings, seed), STEPS)

    def run(self, job: tuple[Mapping[str, Any], int]) -> Run:
        """Train a cell."""
        settings, seed = job
        losses = tuple(self.loss(settings, seed, step / STEPS) for step in range(1, STEPS + 1))
        if not all(math.isfinite(each) for each in losses):
            finite = [math.isfinite(each) for each in losses].index(False)
            return Run("diverged", losses[: finite + 1], {}, "loss is NaN")
        return Run("complete", losses, {"loss": losses[-1], "seconds": settings["rate"]})

    @property
    def cells(self) -> Cells:
        """How a search reaches them."""
        return Cells(self.make, self.runs.get, lambda run: run.losses)


@dataclass
class Play:
    """A search with one worker that does a piece of a cell at a time."""

    search: Search
    path: Path
    store: Store
    digest: str = "digest"
    parallel: int = 1
    told: list[Trial] = field(default_factory=list)
    jobs: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> Searching:
        """Make the search, as a new process would."""
        seeds = range(1000, 1000 + self.search.seeds)
        record = Record(self.path, self.digest)
        return Searching(
            self.search, seeds, record, self.store.cells, self.jobs,
            parallel=self.parallel, told=self.told.append,
        )  # fmt: skip

    def cell(self, searching: Searching, fingerprint: str) -> None:
        """Train one cell, or as much of it as is wanted."""
        self.store.trained.append(fingerprint)
        run = self.store.run(self.jobs[fingerprint])
        for step in range(PIECE, len(run.losses) + PIECE, PIECE):
            piece = run.losses[step - PIECE : step]
            searching.hear(Progress(fingerprint, step - PIECE + len(piece), STEPS, piece))
            if not searching.wants(fingerprint):
                searching.let_go(fingerprint)
                return
        self.store.runs[fingerprint] = run
        searching.tell(fingerprint, loss_of(run))

    def all(self) -> tuple[Trial, ...]:
        """Search to the end."""
        searching = self.begin()
        while (fingerprint := searching.ask()) is not None:
            self.cell(searching, fingerprint)
        assert not searching.waiting
        return self.trials

    @property
    def trials(self) -> tuple[Trial, ...]:
        """What the record has."""
        return Record(self.path, self.digest).trials()
