"""What the run store knows of earlier versions of a cell, and how fast runs were."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ablations.unread import reads
from components.options import shown
from pipelines.cell import Data
from pipelines.fingerprint import explain, fingerprint
from pipelines.runs import Run, read_run, read_runs

SAME_CELL = ("seed", "model", "parts")
"""Sections of a fingerprint document that make an earlier run an earlier version of a cell."""

SAME_QUESTION = ("training", "data")
"""Sections of which an earlier version of a cell shares one at least."""

MOST_PACES = 100
"""Runs that are read to learn how fast this machine is."""


@dataclass(frozen=True)
class Before:
    """A finished run of the store.

    Fields:
        fingerprint, document: its identity, and what that was made of.
        data: the settings that led to its text.
    """

    fingerprint: str
    document: Mapping[str, Any]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Pace:
    """How fast a run was.

    Fields:
        seconds_per_step: of its optimizer steps.
        flops_per_second: that its training did.
    """

    seconds_per_step: float
    flops_per_second: float


class Earlier:
    """The finished runs of the store, read when the first cell asks.

    Args:
        store: folder of runs.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._read: list[Before] | None = None
        self._paces: dict[str, list[Pace]] = {}

    def nearest(self, document: Mapping[str, Any]) -> Before | None:
        """Return the run of the same seed, model and parts that differs in the fewest sections.

        Of several that are equally near the one that ended last: the version just before this one.
        A run that was trained in another way on other data answers another question, and is none.
        """
        same = [
            each
            for each in self._runs()
            if all(each.document[key] == document[key] for key in SAME_CELL)
            and any(each.document[key] == document[key] for key in SAME_QUESTION)
        ]
        fewest = min((_unlike(each.document, document) for each in same), default=0)
        near = [each for each in same if _unlike(each.document, document) == fewest]
        return max(near, key=self._finished, default=None) if len(near) != 1 else near[0]

    def pace(self, before: Before) -> Pace | None:
        """Return how fast an earlier run was."""
        run = read_run(self._store, before.fingerprint)
        return pace_of(run) if run is not None else None

    def paces(self, device: str) -> list[Pace]:
        """Return how fast runs on this class of device were; a sample of a large store."""
        if device not in self._paces:
            same = (each for each in self._runs() if each.document["device"] == device)
            paces = (self.pace(each) for each in islice(same, MOST_PACES))
            self._paces[device] = [pace for pace in paces if pace is not None]
        return self._paces[device]

    def _finished(self, before: Before) -> tuple[str, str]:
        run = read_run(self._store, before.fingerprint)
        return (str(run.outcome.get("finished")) if run is not None else "", before.fingerprint)

    def _runs(self) -> list[Before]:
        if self._read is None:
            self._read = list(_read(self._store))
        return self._read


def why_stale(before: Before, document: Mapping[str, Any], data: Data) -> str | None:
    """Return the first thing in which a cell differs from its earlier version, for people.

    Other text is told by the setting that led to it, where one did, and else by its digest.

    Args:
        before: the earlier version.
        document: what the fingerprint of the cell is made of.
        data: the settings of its text.
    """
    first = explain(before.document, document)
    if first is None or not first.startswith("data: "):
        return first
    settings = {key: value for key, value in asdict(data).items() if reads(data, key)}
    changed = (
        f"data.{key}: {shown(before.data[key])} -> {shown(value)}"
        for key, value in settings.items()
        if key in before.data and before.data[key] != value
    )
    return next(changed, first)


def pace_of(run: Run) -> Pace | None:
    """Return how fast a run was; None where its outcome does not say."""
    outcome = run.outcome
    per_step, steps = outcome.get("seconds_per_step"), outcome.get("steps")
    flops, tokens = outcome.get("flops_per_token"), outcome.get("tokens")
    if not (per_step and steps and flops and tokens):
        return None
    return Pace(per_step, flops * tokens / steps / per_step)


def _read(store: Path) -> Iterator[Before]:
    for each in read_runs(store):
        document, cell = each["fingerprint"], each["cell"]
        data = cell.get("data", {}) if isinstance(cell, Mapping) else {}
        yield Before(fingerprint(document), document, data)


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(one.get(key) != other.get(key) for key in {*one, *other})
