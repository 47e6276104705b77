"""Which configuration comes next, and which training may end early: Optuna, in memory.

The same trials asked and told in the same order give the same next one: every proposal has a
sampler of its own, seeded by the search and by how many trials there were. So a search that was
killed goes on as if it had not been.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

from ablations.search import Search
from ablations.space import Axis, Values, combinations
from ablations.study import word
from ablations.trials import Trial
from ablations.watching import PARTS

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler


class Asking:
    """The study of one search.

    Args:
        search: what is searched.
        digest: of it.
    """

    def __init__(self, search: Search, digest: str) -> None:
        import optuna  # noqa: PLC0415  # 0.2 s, paid by a search alone

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._search = search
        self._digest = digest
        self._space = distributions(search.axes)
        self._running: dict[int, optuna.Trial] = {}
        with quiet():
            self._study = optuna.create_study(
                study_name=digest,  # by which hyperband chooses the bracket of a trial
                directions=["minimize"] * len(search.objectives),
                sampler=optuna.samplers.RandomSampler(0),
                pruner=_pruner(search),
            )

    @property
    def count(self) -> int:
        """How many trials were asked."""
        return len(self._study.get_trials(deepcopy=False))

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Return number and settings of the next trial."""
        if self._search.sampler == "grid":
            point = next(islice(combinations(self._search.axes), self.count, None))
            return self.resume(point), point
        with quiet():
            self._study.sampler = _sampler(self._search, seed_of(self._digest, self.count))
            trial = self._study.ask(self._space)
        self._running[trial.number] = trial
        return trial.number, from_words(self._search.axes, trial.params)

    def resume(self, settings: Mapping[str, Any]) -> int:
        """Ask for given settings, as they were asked before; returns the number."""
        import optuna  # noqa: PLC0415  # as above

        with quiet():
            self._study.sampler = optuna.samplers.RandomSampler(0)  # nothing is left to sample
            self._study.enqueue_trial(in_words(self._search.axes, settings))
            trial = self._study.ask(self._space)
        self._running[trial.number] = trial
        return trial.number

    def report(self, number: int, place: int, value: float) -> bool:
        """Tell the pruner a value of a running trial, and return whether to end it.

        Args:
            number: of the trial.
            place: of the training's twentieth, or of the seed.
            value: nats per token.
        """
        with quiet():
            self._running[number].report(value, place)
            return self._running[number].should_prune()

    def tell(self, trial: Trial) -> None:
        """Record how a trial ended.

        One that diverged counts as the worst that was pruned, so that samplers leave its
        neighbourhood; what failed says nothing about its settings.
        """
        from optuna.trial import TrialState  # noqa: PLC0415  # as above

        asked = self._running.pop(trial.number)
        with quiet():
            if trial.status == "complete" and trial.values is not None:
                self._study.tell(asked, list(trial.values))
            elif trial.status == "pruned" or (trial.status == "diverged" and not trial.reported):
                self._study.tell(asked, state=TrialState.PRUNED)
            else:
                self._study.tell(asked, state=TrialState.FAIL)


def seed_of(digest: str, count: int) -> int:
    """Return the seed of the sampler that proposes after `count` trials, below 2^32."""
    return int.from_bytes(blake2b(f"{digest} {count}".encode(), digest_size=4).digest(), "big")


def distributions(axes: Sequence[Axis]) -> dict[str, "BaseDistribution"]:
    """Return what Optuna draws from, by key; values are words, which every storage keeps."""
    return {axis.key: _distribution(axis) for axis in axes}


def in_words(axes: Sequence[Axis], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as parameters of Optuna."""
    return {
        axis.key: word(settings[axis.key]) if isinstance(axis, Values) else settings[axis.key]
        for axis in axes
    }


def from_words(axes: Sequence[Axis], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of Optuna as settings."""
    return {axis.key: _meant(axis, params[axis.key]) for axis in axes}


def _meant(axis: Axis, value: Any) -> Any:
    if isinstance(axis, Values):
        return next(each for each in axis.values if word(each) == value)
    return value


def _distribution(axis: Axis) -> "BaseDistribution":
    from optuna.distributions import (  # noqa: PLC0415  # as above
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(axis, Values):
        return CategoricalDistribution([word(each) for each in axis.values])
    if axis.is_whole:
        step = 1 if axis.step is None else int(axis.step)
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log, step=step)
    return FloatDistribution(axis.low, axis.high, log=axis.log, step=axis.step)


def _sampler(search: Search, seed: int) -> "BaseSampler":
    from optuna import samplers  # noqa: PLC0415  # as above

    if search.sampler == "random":
        return samplers.RandomSampler(seed)
    if search.sampler == "gp":
        return samplers.GPSampler(seed=seed)  # imports torch; counts running trials by itself
    return samplers.TPESampler(seed=seed, constant_liar=True)


def _pruner(search: Search) -> "BasePruner":
    from optuna import pruners  # noqa: PLC0415  # as above

    if search.pruner == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=PARTS)
    if search.pruner == "median":
        return pruners.MedianPruner()
    if search.pruner == "wilcoxon":
        return pruners.WilcoxonPruner()
    return pruners.NopPruner()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's notes about experimental interfaces from a user who did not write the call."""
    from optuna.exceptions import ExperimentalWarning  # noqa: PLC0415  # as above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield
