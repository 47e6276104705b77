"""What a worker is told and what it says: a job, and its news. Free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pipelines.cell import Cell, Evaluation
from pipelines.runs import Run


@dataclass(frozen=True)
class Job:
    """One cell to execute.

    Fields:
        cell: what is trained.
        fingerprint: its digest, the name of its run.
        document: what the digest is of.
        data: folder of the prepared data.
        store: folder of runs.
        evaluations: the first is the validation.
        components: files and folders of the user's components.
    """

    cell: Cell
    fingerprint: str
    document: Mapping[str, Any]
    data: Path
    store: Path
    evaluations: tuple[Evaluation, ...]
    components: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Started:
    """A cell begins to train, after `step` of its `steps` where it was resumed."""

    fingerprint: str
    step: int
    steps: int


@dataclass(frozen=True)
class Progress:
    """A cell has done `step` of its `steps`; `losses` are those since the last Progress.

    The first one after a resumption has all of them.
    """

    fingerprint: str
    step: int
    steps: int
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Finished:
    """A cell has a run, newly trained or found."""

    fingerprint: str
    run: Run


Event: TypeAlias = Started | Progress | Finished
