"""Tuning: options chosen for every variant with the same budget, on seeds that judge nothing."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal, TypeAlias

from ablations.backlog import loss_of
from ablations.search import Search
from ablations.space import Axis, Range, combinations, edges, read_space
from ablations.tree import Node, Problems
from ablations.trials import Trial
from ablations.words import MOST_SEEDS, MOST_TRIALS, read_count
from components.catalogue import Catalogue
from components.errors import Problem

KEYS = ("trials", "seeds")

SEEDS = 2
"""Where a grid does not say."""

EXAMPLE = "{optimizer.learning_rate: [1e-3, 3e-3], seeds: 2}"


@dataclass(frozen=True)
class Tune:
    """What is tuned for every variant, the baseline included.

    Fields:
        axes: what may be chosen.
        seeds: how many trainings a choice is judged by.
        trials: how many points a sampler tries for each variant; None, all combinations.
    """

    axes: tuple[Axis, ...]
    seeds: int
    trials: int | None

    @property
    def sampler(self) -> Literal["tpe"] | None:
        """What proposes the points; None where all combinations are tried."""
        return None if self.trials is None else "tpe"

    @property
    def search(self) -> Search | None:
        """The search that a sampler makes for each variant."""
        return (
            None if self.trials is None else Search(self.axes, "tpe", self.trials, seeds=self.seeds)
        )

    @property
    def budget(self) -> int:
        """Points that are tried for each variant."""
        return len([*combinations(self.axes)]) if self.trials is None else self.trials


def read_tune(node: Node, catalogue: Catalogue, problems: Problems) -> Tune | None:
    """Read `tune` of a grid; None, and what is wrong in `problems`, where it cannot be."""
    if not node.items:
        problems.found.append(node.problem("tune names no setting", f"write {EXAMPLE}"))
        return None
    inner = Problems()
    axes = read_space(node, KEYS, catalogue, inner)
    seeds = inner.attempt(SEEDS, read_count, node, "seeds", SEEDS, MOST_SEEDS)
    trials = inner.attempt(None, read_count, node, "trials", None, MOST_TRIALS)
    if trials is None and "trials" not in node.items:
        inner.found += [
            Problem(
                f"the range of {axis.key} cannot be tried out whole",
                axis.place,
                axis.key,
                hints=("say how many points: trials: 8; or write a list of values",),
            )
            for axis in axes
            if isinstance(axis, Range)
        ]
    problems.found += inner.found
    return None if inner.found or seeds is None else Tune(axes, seeds, trials)


@dataclass(frozen=True)
class Tried:
    """One point that was tried for a variant.

    Fields:
        settings: key -> value.
        statuses: of its cells by seed: complete, diverged, failed, missing.
        losses: their final validation losses; None where there is none.
    """

    settings: Mapping[str, Any]
    statuses: tuple[str, ...]
    losses: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """The mean loss over the seeds; None unless every one is complete."""
        finite = [each for each in self.losses if each is not None and math.isfinite(each)]
        good = set(self.statuses) == {"complete"} and len(finite) == len(self.losses)
        return fmean(finite) if good else None

    def as_json(self) -> dict[str, Any]:
        """Return what a manifest holds."""
        return {
            "settings": dict(self.settings),
            "losses": list(self.losses),
            "statuses": list(self.statuses),
            "mean": self.mean,
        }


@dataclass(frozen=True)
class Tuned:
    """What the tuning of one variant gave.

    Fields:
        variant: its name.
        trials: in order.
        budget: how many there are to be.
        chosen: the index of the best; None while some are missing, or where every one went wrong.
        at_edge: keys whose chosen value lies at the edge of its range.
    """

    variant: str
    trials: tuple[Tried, ...]
    budget: int
    chosen: int | None
    at_edge: tuple[str, ...]

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """The chosen values."""
        return None if self.chosen is None else self.trials[self.chosen].settings

    @property
    def is_open(self) -> bool:
        """Whether some of its cells were not trained yet."""
        is_short = len(self.trials) < self.budget
        return is_short or any("missing" in each.statuses for each in self.trials)

    def as_json(self) -> dict[str, Any]:
        """Return what a manifest holds."""
        return {
            "chosen": None if self.settings is None else dict(self.settings),
            "at_edge": list(self.at_edge),
            "trials": [each.as_json() for each in self.trials],
        }


RunOf: TypeAlias = Callable[[str, Mapping[str, Any], int], Any]
"""Variant, settings, seed -> the run that the store has of that cell; None where it has none."""


def chosen(
    tune: Tune, seeds: Sequence[int], variants: Sequence[str], run_of: RunOf
) -> tuple[Tuned, ...]:
    """Choose among all combinations for every variant, by what the store has: nothing is trained.

    Args:
        tune: without a sampler.
        seeds: on which is tuned.
        variants: their names.
        run_of: looks a cell up.
    """
    points = [*combinations(tune.axes)]
    return tuple(
        choose(
            tune.axes,
            variant,
            [_tried(point, [run_of(variant, point, seed) for seed in seeds]) for point in points],
            tune.budget,
        )
        for variant in variants
    )


def chosen_by_sampler(
    tune: Tune, seeds: Sequence[int], trials: Mapping[str, Sequence[Trial]]
) -> tuple[Tuned, ...]:
    """Choose among the points that a sampler proposed for every variant.

    Args:
        tune: with a sampler.
        seeds: on which is tuned.
        trials: of each variant, as they are recorded.
    """
    return tuple(
        choose(tune.axes, variant, [_of_trial(each, seeds) for each in found], tune.budget)
        for variant, found in trials.items()
    )


def choose(axes: Sequence[Axis], variant: str, tried: Sequence[Tried], budget: int) -> Tuned:
    """Choose the point of the lowest mean loss, the first of equal ones.

    A point with a seed that diverged or failed is never chosen, and nothing before all have ended.

    Args:
        axes: what was tuned.
        variant: its name.
        tried: in order.
        budget: how many there are to be.
    """
    means = [(each.mean, index) for index, each in enumerate(tried)]
    known = [(mean, index) for mean, index in means if mean is not None]
    found = Tuned(variant, tuple(tried), budget, None, ())
    if found.is_open or not known:
        return found
    best = min(known)[1]
    return replace(found, chosen=best, at_edge=edges(axes, tried[best].settings))


def solved(tuned: Sequence[Tuned]) -> dict[str, Mapping[str, Any]]:
    """Return the chosen settings by variant, without those for which nothing was chosen."""
    return {each.variant: each.settings for each in tuned if each.settings is not None}


def untunable(tuned: Sequence[Tuned]) -> tuple[Problem, ...]:
    """Say for which variants every point went wrong."""
    return tuple(
        Problem(
            f"nothing can be chosen for the variant {each.variant}: every point that was tried "
            "has a cell that diverged or failed",
            key="tune",
            hints=("give other values, or leave the variant out",),
        )
        for each in tuned
        if each.chosen is None and each.trials and not each.is_open
    )


def tuning_block(tune: Tune, seeds: Sequence[int], tuned: Sequence[Tuned]) -> dict[str, Any]:
    """Return the block `tuning` of a manifest."""
    return {
        "seeds": list(seeds),
        "keys": [axis.key for axis in tune.axes],
        "sampler": tune.sampler,
        "trials": tune.budget,
        "variants": {each.variant: each.as_json() for each in tuned},
    }


def _of_trial(trial: Trial, seeds: Sequence[int]) -> Tried:
    """Return a trial with a status for each seed; one that cannot be built has failed in all."""
    rest = len(seeds) - len(trial.statuses)
    statuses = (*trial.statuses, *(["missing" if trial.is_open else "failed"] * rest))
    return Tried(trial.settings, statuses, (*trial.losses, *([None] * rest)))


def _tried(point: Mapping[str, Any], runs: Sequence[Any]) -> Tried:
    return Tried(
        point,
        tuple("missing" if run is None else str(run.status) for run in runs),
        tuple(None if run is None else loss_of(run) for run in runs),
    )
