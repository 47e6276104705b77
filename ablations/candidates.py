"""The cells of a trial, and how a search reaches them: by functions, it knows no pipeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Candidate:
    """A cell of a trial.

    Fields:
        fingerprint: of the cell.
        job: what a worker is given.
        steps: of its training.
    """

    fingerprint: str
    job: Any
    steps: int


@dataclass(frozen=True)
class Cells:
    """How a search reaches cells.

    Fields:
        make: settings, seed -> the cell; raises UserError where there is no such cell.
        look_up: fingerprint -> its run; None where it has none, or one that lacks something.
        curve: run -> its training losses, step by step.
    """

    make: Callable[[Mapping[str, Any], int], Candidate]
    look_up: Callable[[str], Any]
    curve: Callable[[Any], Sequence[float]]


@dataclass(frozen=True)
class NoRun:
    """What stands for the run of a cell that ended without one."""

    status: str = "failed"
    reason: str = "it left no run"
    outcome: Mapping[str, Any] = field(default_factory=dict)
