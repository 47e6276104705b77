"""What every cell of a sweep is doing: plain state that the live table and the lines both show."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

COLUMNS = 16  # of a sparkline

QUEUED, TRAINING, ELSEWHERE, PRUNED = "queued", "training", "elsewhere", "pruned"


@dataclass
class Row:
    """One cell on its way.

    Fields:
        cell: `none/3`.
        variant: its variant's name.
        steps: of the whole training.
        expected: seconds that the plan expects; None if nobody knows.
        state: queued, training, elsewhere (another process trains it), complete, diverged, failed,
            pruned (a search ended it early), cached.
        step: optimizer steps done.
        loss: of the last step, nats per token.
        peaks: the largest loss in each sixteenth of the training, so that a spike shows.
        begun, first: time and step at which this sweep took it up.
        seconds: what it took, once it has ended.
        reason: why it diverged or failed.
        changed: time of the last change of state, to show the latest last.
    """

    cell: str
    variant: str
    steps: int
    expected: float | None
    state: str = QUEUED
    step: int = 0
    loss: float | None = None
    peaks: list[float | None] = field(default_factory=lambda: [None] * COLUMNS)
    begun: float = 0.0
    first: int = 0
    seconds: float | None = None
    reason: str | None = None
    changed: float = 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds to its end by its own pace so far; None before it has one."""
        done = self.step - self.first
        if self.state != TRAINING or done <= 0:
            return None
        return (now - self.begun) / done * (self.steps - self.step)


class Board:
    """The rows of a sweep, in grid order, by fingerprint.

    Args:
        rows: fingerprint -> row.
        workers: how many cells train at once.
        more: cells that will have a row, and are not known yet.
    """

    def __init__(self, rows: Mapping[str, Row], workers: int, more: int = 0) -> None:
        self.rows = dict(rows)
        self.workers = workers
        self.more = more
        self.begun = time.monotonic()

    def start(self, fingerprint: str, step: int, steps: int) -> Row:
        """Note that a worker took a cell up at `step`."""
        row = self._move(fingerprint, TRAINING)
        row.step, row.first, row.steps, row.begun = step, step, steps, time.monotonic()
        return row

    def advance(self, fingerprint: str, step: int, losses: Sequence[float]) -> Row:
        """Note the losses of the steps up to and including `step`."""
        row = self.rows[fingerprint]
        for at, loss in enumerate(losses, start=step - len(losses)):
            column = min(max(at, 0) * COLUMNS // max(row.steps, 1), COLUMNS - 1)
            peak = row.peaks[column]
            row.peaks[column] = loss if peak is None or not peak >= loss else peak
        row.step = step
        row.loss = losses[-1] if losses else row.loss
        return row

    def end(self, fingerprint: str, state: str, reason: str | None, seconds: float | None) -> Row:
        """Note how a cell ended."""
        row = self._move(fingerprint, state)
        row.reason, row.seconds = reason, seconds
        row.step = row.steps if state == "complete" else row.step
        return row

    def queue(self, fingerprint: str) -> Row:
        """Put a cell back: its worker died."""
        return self._move(fingerprint, QUEUED)

    def wait_for(self, fingerprint: str) -> Row:
        """Note that another process trains a cell."""
        return self._move(fingerprint, ELSEWHERE)

    def add(self, fingerprint: str, row: Row) -> None:
        """Give a cell that has become known its row; one that has a row keeps it."""
        self.rows.setdefault(fingerprint, row)
        self.more = max(self.more - 1, 0)

    def prune(self, fingerprint: str) -> None:
        """Note that a cell is not wanted any more, unless it has ended."""
        if self.rows[fingerprint].state in (QUEUED, TRAINING, ELSEWHERE):
            self._move(fingerprint, PRUNED)

    def count(self, *states: str) -> int:
        """Return how many cells are in one of `states`."""
        return sum(row.state in states for row in self.rows.values())

    @property
    def done(self) -> int:
        """Cells that need no more training, cached ones among them."""
        return self.count("complete", "diverged", "cached", PRUNED)

    @property
    def total(self) -> int:
        """Cells that there are, those among them that are not known yet."""
        return len(self.rows) + self.more

    def left(self) -> float | None:
        """Return about how many seconds the sweep still takes; None before there is a measure."""
        now = time.monotonic()
        rests: list[float] = []
        for row in self.rows.values():
            if row.state in (QUEUED, TRAINING):
                rest = row.left(now)
                rest = self._guess(row) if rest is None else rest
                if rest is None:
                    return None
                rests.append(rest)
        if self.more:
            known = [row.seconds or row.expected for row in self.rows.values()]
            told = [seconds for seconds in known if seconds is not None]
            if not told:
                return None
            rests.append(self.more * fmean(told))
            return sum(rests) / self.workers
        return max([sum(rests) / self.workers, *rests], default=0.0)

    def _guess(self, row: Row) -> float | None:
        same = [each.seconds for each in self._finished() if each.variant == row.variant]
        known = [seconds for seconds in same if seconds is not None]
        return fmean(known) if known else row.expected

    def _finished(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state == "complete"]

    def _move(self, fingerprint: str, state: str) -> Row:
        row = self.rows[fingerprint]
        row.state, row.changed = state, time.monotonic()
        return row


def sparkline(peaks: Sequence[float | None], low: float, high: float) -> str:
    """Draw losses on a log scale that all rows share; a non-finite one is an x.

    Args:
        peaks: one value for each column; None where nothing was measured yet.
        low: smallest finite loss of the whole board.
        high: largest.
    """
    blocks = "▁▂▃▄▅▆▇█"
    span = math.log(high) - math.log(low) if 0 < low < high else 0.0

    def mark(value: float | None) -> str:
        if value is None:
            return " "
        if not math.isfinite(value):
            return "x"
        if span == 0 or value <= 0:
            return blocks[0]
        place = (math.log(value) - math.log(low)) / span
        return blocks[min(max(round(place * (len(blocks) - 1)), 0), len(blocks) - 1)]

    return "".join(mark(value) for value in peaks).rstrip()


def loss_range(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the smallest and largest finite positive loss that any row shows; (1, 1) if none."""
    values = [
        peak
        for row in rows
        for peak in row.peaks
        if peak is not None and math.isfinite(peak) and peak > 0
    ]
    return (min(values), max(values)) if values else (1.0, 1.0)
