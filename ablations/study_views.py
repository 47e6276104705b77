"""A search or a tuning as a study for optuna-dashboard: every trial, pruned and failed ones too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ablations.asking import distributions, in_words
from ablations.search import Search
from ablations.space import Axis, Values
from ablations.study import View
from ablations.trials import Trial
from ablations.tune import Tried, Tune, Tuned

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

VARIANT = "variant"


def search_view(search: Search, trials: Sequence[Trial]) -> View:
    """Return the study of a search."""
    return View(len(search.objectives), tuple(_searched(search, each) for each in trials))


def tuning_view(tune: Tune, tuned: Sequence[Tuned]) -> View:
    """Return the study of a tuning: a trial for each variant and point."""
    axes = (Values(VARIANT, tuple(each.variant for each in tuned)), *tune.axes)
    return View(
        1,
        tuple(
            _frozen(axes, {VARIANT: each.variant, **tried.settings}, _tried(tried))
            for each in tuned
            for tried in each.trials
        ),
    )


def _searched(search: Search, trial: Trial) -> "FrozenTrial":
    about = {"status": trial.status, "reason": trial.reason, "cells": list(trial.cells)}
    values: Sequence[float] | None = trial.values
    if trial.status == "pruned":
        values = [trial.reported[-1][1]]
    shown = _Shown(trial.status, values, about, dict(trial.reported))
    return _frozen(search.axes, trial.settings, shown)


@dataclass(frozen=True)
class _Shown:
    """What a dashboard shows of a trial beside its settings."""

    status: str
    values: Sequence[float] | None
    about: dict[str, Any]
    reported: dict[int, float] = field(default_factory=dict)


def _tried(tried: Tried) -> _Shown:
    about = {"statuses": list(tried.statuses)}
    if "missing" in tried.statuses:
        return _Shown("asked", None, about)
    if tried.mean is None:
        return _Shown("failed", None, about)
    return _Shown("complete", [tried.mean], about)


def _frozen(axes: Sequence[Axis], settings: Mapping[str, Any], shown: _Shown) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415  # 0.2 s of a sweep alone

    words = in_words(axes, settings)
    if shown.status == "asked":
        fixed = {"fixed_params": words}  # what `enqueue_trial` makes
        return create_trial(state=TrialState.WAITING, system_attrs=fixed, user_attrs=shown.about)
    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
    return create_trial(
        state=states.get(shown.status, TrialState.FAIL),
        values=shown.values,
        params=words,
        distributions=distributions(axes),
        user_attrs=shown.about,
        intermediate_values=shown.reported,
    )
