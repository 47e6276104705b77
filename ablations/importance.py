"""How much the searched settings mattered in the trials of a search, with its method by name."""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ablations.asking import distributions, in_words, quiet
from ablations.search import Search
from ablations.trials import Trial

if TYPE_CHECKING:
    from optuna import Study
    from optuna.importance import BaseImportanceEvaluator

FEWEST = 20
"""Completed trials below which nothing is estimated."""

FORESTS = 10
"""Random forests over which the spread of fANOVA is told."""

BETTER = 5
"""Trials at the least that PED-ANOVA compares with all others."""


def importance(search: Search, trials: Sequence[Trial]) -> dict[str, Any] | None:
    """Return the share of each setting in the loss; None with few trials, or one setting.

    With scikit-learn it is fANOVA, the share of the variance of the loss that a setting alone
    explains (Hutter et al. 2014), as mean, lowest and highest of ten forests. Without it, it is
    PED-ANOVA, which answers another question: how far the best trials' values of a setting differ
    from those of all (Watanabe et al. 2023); `best` then is the share of trials that count as such.

    Args:
        search: what was searched.
        trials: of it; those that are complete count.
    """
    complete = [each for each in trials if each.status == "complete"]
    if len(complete) < FEWEST or len(search.axes) == 1:
        return None
    method = _fanova if find_spec("sklearn") is not None else _ped_anova
    with quiet():
        found, told = method(_study(search, complete), len(complete))
    keys = {
        axis.key: {"mean": fmean(each), "low": min(each), "high": max(each)}
        for axis in search.axes
        for each in [[shares[axis.key] for shares in found]]
    }
    return {**told, "trials": len(complete), "keys": keys}


Method = Callable[["Study", int], tuple[list[Mapping[str, float]], dict[str, Any]]]


def _fanova(study: "Study", _count: int) -> tuple[list[Mapping[str, float]], dict[str, Any]]:
    from optuna.importance import FanovaImportanceEvaluator  # noqa: PLC0415  # scikit-learn

    found = [_shares(study, FanovaImportanceEvaluator(seed=seed)) for seed in range(FORESTS)]
    return found, {"evaluator": "fANOVA", "forests": FORESTS, "best": None}


def _ped_anova(study: "Study", count: int) -> tuple[list[Mapping[str, float]], dict[str, Any]]:
    from optuna.importance import PedAnovaImportanceEvaluator  # noqa: PLC0415  # 0.2 s

    share = max(0.1, BETTER / count)
    found = [_shares(study, PedAnovaImportanceEvaluator(target_quantile=share))]
    return found, {"evaluator": "PED-ANOVA", "forests": None, "best": share}


def _shares(study: "Study", evaluator: "BaseImportanceEvaluator") -> Mapping[str, float]:
    from optuna.importance import get_param_importances  # noqa: PLC0415  # 0.2 s

    shares = get_param_importances(study, evaluator=evaluator)
    return {key: float(share) for key, share in shares.items()}


def _study(search: Search, complete: Sequence[Trial]) -> "Study":
    """Return a study of the first objective alone, the loss."""
    import optuna  # noqa: PLC0415  # 0.2 s
    from optuna.trial import create_trial  # noqa: PLC0415  # the same

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize")
    space = distributions(search.axes)
    for each in complete:
        params = in_words(search.axes, each.settings)
        value = (each.values or (0.0,))[0]
        study.add_trial(create_trial(params=params, distributions=space, value=value))
    return study
