"""The Optuna study of a grid: a view that is rebuilt from the runs, and the order of the cells.

The run store is the record. A stored study cannot take a new variant (Optuna refuses changed
choices) and a journal with a torn last line cannot be read, so it is always written anew, whole.
"""

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.files import write_whole

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial, Trial


@dataclass(frozen=True)
class Point:
    """A cell as the study sees it.

    Fields:
        fingerprint: of the cell.
        variant, seed: what people call it.
        params: the keys in which the grid's variants differ, and the seed.
        status: complete, diverged, failed, or missing while it has not ended.
        loss: final validation loss, where there is one.
    """

    fingerprint: str
    variant: str
    seed: int
    params: Mapping[str, Any]
    status: str
    loss: float | None

    @property
    def attributes(self) -> dict[str, Any]:
        """What a trial carries beside its parameters."""
        return {
            "fingerprint": self.fingerprint,
            "variant": self.variant,
            "seed": self.seed,
            "status": self.status,
        }


def parameters(settings: Mapping[str, Any], keys: Sequence[str], seed: int) -> dict[str, str | int]:
    """Return a cell's parameters for Optuna: lists and mappings as text, which every storage keeps.

    Args:
        settings: every canonical key of the variant with its value.
        keys: the keys in which variants differ; those the variant does not have are left out.
        seed: of the cell.
    """
    values = {key: word(settings[key]) for key in keys if key in settings}
    return {**values, "seed": seed}


class Trials:
    """The study in memory that hands out the cells of one sweep; only the driver asks it.

    Args:
        points: in grid order; those that have not ended are asked for in this order.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self._choices = _choices(points)
        self._study = _new_study(points, None)
        self._running: dict[str, Trial] = {}
        # `ask` invents a new trial where none is waiting, so what waits is counted here
        self.waiting = sum(point.status == "missing" for point in points)

    def ask(self) -> str | None:
        """Return the fingerprint of the next cell; None when all were handed out."""
        if not self.waiting:
            return None
        self.waiting -= 1
        trial = self._study.ask()
        for name in trial.user_attrs["params"]:
            trial.suggest_categorical(name, self._choices[name])
        fingerprint = str(trial.user_attrs["fingerprint"])
        self._running[fingerprint] = trial
        return fingerprint

    def tell(self, fingerprint: str, loss: float | None) -> None:
        """Record how a cell ended; without a finite loss its trial has failed."""
        from optuna.trial import TrialState  # noqa: PLC0415  # 0.2 s, paid by a sweep that trains

        trial = self._running.pop(fingerprint)
        if loss is None or not math.isfinite(loss):
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, loss)

    def wants(self, _fingerprint: str) -> bool:
        """Say that every cell of a grid goes on to its end."""
        return True

    def let_go(self, _fingerprint: str) -> None:
        """Nothing: no cell of a grid is given up."""


@dataclass(frozen=True)
class View:
    """Trials that were chosen from, beside the cells that are judged.

    Fields:
        objectives: how many numbers are minimised.
        trials: as Optuna holds them.
    """

    objectives: int
    trials: tuple["FrozenTrial", ...]


def write_study(
    path: Path, name: str, points: Sequence[Point], views: Mapping[str, View] | None = None
) -> None:
    """Write the study of a grid as an Optuna journal, for dashboards; complete or absent.

    Args:
        path: the journal file.
        name: of the study.
        points: every cell in grid order.
        views: further studies by name, of a tuning or a search.
    """

    def fill(beside: Path) -> None:
        # the backend appends and locks beside its file, so it works in a folder of its own
        with tempfile.TemporaryDirectory(dir=beside.parent) as folder:
            journal = Path(folder) / "journal.log"
            _new_study(points, journal, name)
            for title, view in (views or {}).items():
                _write_view(journal, title, view)
            journal.replace(beside)

    write_whole(path, fill)


def _write_view(journal: Path, name: str, view: View) -> None:
    import optuna  # noqa: PLC0415  # 0.2 s, paid by a sweep that trains

    directions = [optuna.study.StudyDirection.MINIMIZE] * view.objectives
    study = optuna.create_study(study_name=name, storage=_storage(journal), directions=directions)
    for trial in view.trials:
        study.add_trial(trial)


def _storage(journal: Path) -> "JournalStorage":
    from optuna.storages import JournalStorage  # noqa: PLC0415  # as above
    from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415  # as above

    return JournalStorage(JournalFileBackend(str(journal)))


def _new_study(points: Sequence[Point], journal: Path | None, name: str | None = None) -> "Study":
    import optuna  # noqa: PLC0415  # 0.2 s, paid by a sweep that trains

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None if journal is None else _storage(journal)
    study = optuna.create_study(study_name=name, storage=storage, direction="minimize")
    choices = _choices(points)
    for point in points:
        study.add_trial(_trial(point, choices))
    return study


def _trial(point: Point, choices: Mapping[str, Sequence[Any]]) -> "FrozenTrial":
    from optuna.distributions import CategoricalDistribution  # noqa: PLC0415  # as above
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415  # as above

    if point.status == "missing":
        # what `enqueue_trial` makes: `ask` takes the parameters from there
        return create_trial(
            state=TrialState.WAITING,
            system_attrs={"fixed_params": dict(point.params)},
            user_attrs={**point.attributes, "params": list(point.params)},
        )
    finite = point.loss is not None and math.isfinite(point.loss)
    distributions: dict[str, BaseDistribution] = {
        key: CategoricalDistribution(choices[key]) for key in point.params
    }
    return create_trial(
        state=TrialState.COMPLETE if finite else TrialState.FAIL,
        value=point.loss if finite else None,
        params=dict(point.params),
        distributions=distributions,
        user_attrs=point.attributes,
    )


def _choices(points: Sequence[Point]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for point in points:
        for key, value in point.params.items():
            values = found.setdefault(key, [])
            if value not in values:
                values.append(value)
    return found


def word(value: Any) -> str:
    """Return a value as Optuna, its storages and its dashboard hold it."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
