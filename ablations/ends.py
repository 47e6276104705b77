"""Where the news of a sweep goes: onto the board, to whoever watches, and failures to the store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ablations.board import Board
from ablations.drive import Died
from ablations.progress import Display
from pipelines.events import Progress, Started
from pipelines.files import write_text
from pipelines.runs import Run, locked, read_run, write_outcome

DIGITS = 12
"""Of a fingerprint, for people."""


class Ends:
    """Listens to workers and to the backlog.

    Args:
        board: the state of every cell.
        shown: who tells.
        store: folder of runs.
        on_end: is told whenever a cell has ended.
    """

    def __init__(
        self,
        board: Board,
        shown: Display,
        store: Path,
        on_end: Callable[[], object] = lambda: None,
    ) -> None:
        self._on_end = on_end
        self._board = board
        self._shown = shown
        self._store = store

    def notify(self, event: Any) -> None:
        """Hear what a worker says while it trains."""
        if isinstance(event, Started):
            row = self._board.start(event.fingerprint, event.step, event.steps)
            resumed = {"step": f"{event.step}/{event.steps}"} if event.step else {}
            digits = event.fingerprint[:DIGITS]
            self._shown.event("start", cell=row.cell, fingerprint=digits, **resumed)
        elif isinstance(event, Progress):
            self._shown.moved(self._board.advance(event.fingerprint, event.step, event.losses))
        elif isinstance(event, Died):
            row = self._board.queue(event.fingerprint)
            self._shown.event("lost", cell=row.cell, worker=f"exit code {event.code}")

    def ended(self, fingerprint: str, run: Run) -> None:
        """Hear how a cell ended."""
        seconds = run.outcome.get("seconds")
        row = self._board.end(fingerprint, run.status, run.reason, seconds)
        facts: dict[str, Any] = {"cell": row.cell}
        if run.status == "complete":
            loss = run.outcome.get("loss")
            facts |= {} if loss is None else {"val": f"{loss:.3f}"}
            facts |= {} if seconds is None else {"seconds": f"{seconds:.1f}"}
            self._shown.event("done", **facts, **self._counted())
        else:
            facts |= {} if run.at is None else {"step": run.at}
            self._shown.event(run.status, **facts, reason=run.reason or "", **self._counted())
        self._on_end()

    def _counted(self) -> dict[str, str]:
        return {"cells": f"{self._board.done}/{self._board.total}"}

    def elsewhere(self, fingerprint: str) -> None:
        """Hear that another process trains a cell."""
        row = self._board.wait_for(fingerprint)
        self._shown.event("wait", cell=row.cell, reason="another process trains it")

    def failed(self, fingerprint: str, reason: str, log: str) -> Run:
        """Write down that a cell failed without being able to say so itself."""
        from pipelines.records import Effort, Ending, now, outcome  # noqa: PLC0415  # torch

        folder = self._store / fingerprint
        with locked(self._store, fingerprint):
            write_text(folder / "log.txt", log)
            failed = Ending("failed", reason)
            write_outcome(folder, outcome(failed, 0, 0, Effort(now()), {}))
        run = read_run(self._store, fingerprint)
        if run is None:
            raise RuntimeError(f"the failure of {fingerprint} was not written")
        return run
