"""The trials of a search on disk: a line for each one asked, and one for each that ended.

What a cell gave is in the run store. Which configurations were asked, in which order, and which
were pruned is known nowhere else, so it is written at once. A line is whole or, after a kill, the
torn last one, which is passed over.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from components.errors import Problem, UserError

Status: TypeAlias = Literal["asked", "complete", "pruned", "diverged", "failed"]


@dataclass(frozen=True)
class Trial:
    """A configuration that a search asked for, and what became of it.

    Fields:
        number: counted from 0.
        settings: key -> value.
        cells: fingerprints by seed; none where the configuration cannot be built.
        status: asked while it has not ended.
        values: of the objectives, means over the seeds; None unless it is complete.
        at: where it was pruned: optimizer steps, or seeds where the pruner compares seeds.
        reported: what the pruner was told: (optimizer steps done, mean training loss since the last
            report), or (index of the seed, final validation loss).
        steps: of its whole training, where the pruner watches that.
        reason: why it diverged or failed.
        statuses, losses: of its cells by seed, those that have ended.
    """

    number: int
    settings: Mapping[str, Any]
    cells: tuple[str, ...]
    status: Status = "asked"
    values: tuple[float, ...] | None = None
    at: int | None = None
    reported: tuple[tuple[int, float], ...] = ()
    steps: int | None = None
    reason: str | None = None
    statuses: tuple[str, ...] = ()
    losses: tuple[float | None, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status == "asked"

    @property
    def asked(self) -> "Trial":
        """The same trial before it ended."""
        return Trial(self.number, self.settings, self.cells)

    def as_json(self) -> dict[str, Any]:
        """Return what a manifest holds."""
        return {
            "number": self.number,
            "settings": dict(self.settings),
            "status": self.status,
            "values": None if self.values is None else list(self.values),
            "at": self.at,
            "reported": [list(each) for each in self.reported],
            "steps": self.steps,
            "reason": self.reason,
            "cells": list(self.cells),
        }


class Record:
    """The lines of one search in a file that may hold those of others.

    Args:
        path: `runs/studies/<name>.trials.jsonl`.
        digest: of the search; lines of another are left alone.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self.path = path
        self.digest = digest

    def trials(self) -> tuple[Trial, ...]:
        """Return what was asked so far, by number from 0 on without a gap."""
        found: dict[int, Trial] = {}
        for line in self._lines():
            if "again_from" in line:
                first = line["again_from"]
                found = {number: each for number, each in found.items() if number < first}
            elif "settings" in line:
                asked = Trial(line["number"], line["settings"], tuple(line["cells"]))
                found.setdefault(line["number"], asked)
            elif line["number"] in found:
                found[line["number"]] = _told(found[line["number"]], line)
        numbers = range(len(found))
        return tuple(found[each] for each in numbers) if {*numbers} == {*found} else ()

    def ask(self, trial: Trial) -> None:
        """Write that a trial was asked."""
        settings, cells = dict(trial.settings), list(trial.cells)
        self._append({"number": trial.number, "settings": settings, "cells": cells})

    def tell(self, trial: Trial) -> None:
        """Write how a trial ended."""
        self._append(
            {
                "number": trial.number,
                "status": trial.status,
                "values": trial.values,
                "at": trial.at,
                "reported": trial.reported,
                "steps": trial.steps,
                "reason": trial.reason,
                "statuses": trial.statuses,
                "losses": trial.losses,
            }
        )

    def again_from(self, number: int) -> None:
        """Write that the trials from this one on count no longer: their cells are others now."""
        self._append({"again_from": number})

    def _append(self, line: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"search": self.digest, **line}, sort_keys=True, allow_nan=False) + "\n"
        with self.path.open("a+b") as file:
            if file.tell() and _last_byte(file.fileno(), file.tell()) != b"\n":
                text = f"\n{text}"  # the last writer was killed: its torn line ends here
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        for text in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and line.get("search") == self.digest:
                yield line


@contextmanager
def one_driver(path: Path) -> Iterator[None]:
    """Hold a file of trials: two drivers would ask the same numbers with different settings.

    Args:
        path: the file of trials; the lock lies beside it and goes with its process.

    Raises:
        UserError: another process drives this search.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            hint = "wait for it; what it trains is found by this one"
            raise UserError(
                Problem("another process drives this search", str(path), hints=(hint,))
            ) from error
        yield


def _told(trial: Trial, line: Mapping[str, Any]) -> Trial:
    return replace(
        trial,
        status=line["status"],
        values=None if line["values"] is None else tuple(line["values"]),
        at=line["at"],
        reported=tuple((step, value) for step, value in line["reported"]),
        steps=line["steps"],
        reason=line["reason"],
        statuses=tuple(line["statuses"]),
        losses=tuple(line["losses"]),
    )


def _last_byte(handle: int, end: int) -> bytes:
    return os.pread(handle, 1, end - 1)
