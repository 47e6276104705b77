"""What a sweep chose before it judged, as frozen values: tuning, search, and what was matched."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from reports.errors import Problem, UserError, nearest

T = TypeVar("T")

BEST = "best"
"""The variant that the best configuration of a search becomes."""

ENDS = ("complete", "pruned", "diverged", "failed")
OPEN = "asked"


@dataclass(frozen=True)
class Spent:
    """What the trainings that chose took.

    Fields:
        cells: that have ended; not those that were pruned.
        seconds: of all of them; None where one did not note it.
    """

    cells: int
    seconds: float | None


@dataclass(frozen=True)
class Tried:
    """One point that was tried for a variant, one loss and status for each tuning seed.

    Fields:
        settings: key -> value.
        losses: final validation losses, nats per token; None where there is none.
        statuses: complete, diverged, failed or missing.
        mean: over the seeds; None unless every one is complete.
    """

    settings: Mapping[str, Any]
    losses: tuple[float | None, ...]
    statuses: tuple[str, ...]
    mean: float | None


@dataclass(frozen=True)
class Tuned:
    """What the tuning of one variant gave.

    Fields:
        chosen: key -> value; None while some are missing, or where every point went wrong.
        at_edge: keys whose chosen value lies at the edge of its range.
        trials: in order.
    """

    chosen: Mapping[str, Any] | None
    at_edge: tuple[str, ...]
    trials: tuple[Tried, ...]


@dataclass(frozen=True)
class Tuning:
    """Settings that were chosen for every variant.

    Fields:
        seeds: that chose; they judge nothing.
        keys: what was tuned.
        sampler: what proposed the points; None where all combinations were tried.
        trials: points for each variant.
        variants: by name.
        spent: None in older manifests.
    """

    seeds: tuple[int, ...]
    keys: tuple[str, ...]
    sampler: str | None
    trials: int
    variants: Mapping[str, Tuned]
    spent: Spent | None = None


@dataclass(frozen=True)
class Trial:
    """A configuration that a search asked for.

    Fields:
        number: counted from 0.
        settings: key -> value.
        status: complete, pruned, diverged or failed; asked while it has not ended.
        values: of the objectives, means over the seeds; None unless it is complete.
        at: where it was pruned: steps, or seeds where the pruner compares seeds.
        reported: (step, or index of the seed, loss), as the pruner was told.
        steps: of its whole training, where the pruner watches that.
        reason: why it diverged or failed.
        cells: fingerprints by seed.
    """

    number: int
    settings: Mapping[str, Any]
    status: str
    values: tuple[float, ...] | None
    at: int | None = None
    reported: tuple[tuple[int, float], ...] = ()
    steps: int | None = None
    reason: str | None = None
    cells: tuple[str, ...] = ()

    @property
    def loss(self) -> float | None:
        """The first objective of a complete trial."""
        return None if not self.values else self.values[0]

    @property
    def last(self) -> float | None:
        """What the pruner was told last."""
        return self.reported[-1][1] if self.reported else None


@dataclass(frozen=True)
class Importance:
    """How much each setting mattered, by a method that is named.

    Fields:
        evaluator: fANOVA or PED-ANOVA.
        forests: over which the spread is told; None where there is one answer.
        best: share of trials that PED-ANOVA compares with all; None for fANOVA.
        trials: that were completed.
        keys: key -> mean, low and high.
    """

    evaluator: str
    forests: int | None
    best: float | None
    trials: int
    keys: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Search:
    """Configurations that a sampler proposed; fields as in `manifest.json`.

    Fields that need a word:
        ranges: key -> {values: [...]}, or {low, high, log, step}.
        seeds: on which was searched.
        budget: how many trials there are to be.
        best: number of the trial of the lowest loss; None while the search is not over.
        at_edge: keys whose best value lies at the edge of its range.
        front: numbers of the trials that no other beats in every objective.
        spent: None in older manifests.
    """

    sampler: str
    pruner: str
    objectives: tuple[str, ...]
    keys: tuple[str, ...]
    ranges: Mapping[str, Mapping[str, Any]]
    seeds: tuple[int, ...]
    trials: tuple[Trial, ...]
    best: int | None
    importance: Importance | None
    budget: int
    at_edge: tuple[str, ...] = ()
    front: tuple[int, ...] = ()
    spent: Spent | None = None

    @property
    def best_trial(self) -> Trial | None:
        """The trial of the lowest loss; None while the search is not over."""
        return next((each for each in self.trials if each.number == self.best), None)

    @property
    def ended(self) -> int:
        """Trials that have ended."""
        return sum(each.status != OPEN for each in self.trials)


QUANTITIES = {"parameters": "parameters", "flops": "FLOPs per token"}
"""What may be made equal -> how it is called."""


@dataclass(frozen=True)
class Match:
    """What was made equal for all variants by solving one option.

    Fields:
        quantity: parameters of the model, or FLOPs per token.
        key: the option.
        tolerance: relative difference from the baseline that counts as equal.
        solved: variant -> value.
    """

    quantity: Literal["parameters", "flops"]
    key: str
    tolerance: float
    solved: Mapping[str, Any]


def read_tuning(block: Any, place: str) -> Tuning | None:
    """Read the block `tuning` of a manifest; None where the grid tunes nothing.

    Raises:
        UserError: a field is missing.
    """
    if block is None:
        return None
    fields = {**block, "variants": {}, "spent": _spent(block, place, "tuning")}
    for name, own in block.get("variants", {}).items():
        where = f"tuning.variants.{name}"
        tried = [
            _record(Tried, each, place, f"{where}.trials[{index}]")
            for index, each in enumerate(own.get("trials", ()))
        ]
        fields["variants"][name] = _record(Tuned, {**own, "trials": tried}, place, where)
    return _record(Tuning, fields, place, "tuning")


def read_search(block: Any, place: str) -> Search | None:
    """Read the block `search` of a manifest; None where the grid searches nothing.

    Raises:
        UserError: a field is missing, or a trial has a status that nobody knows.
    """
    if block is None:
        return None
    trials = [
        _trial(each, place, f"search.trials[{index}]")
        for index, each in enumerate(block.get("trials", ()))
    ]
    importance = block.get("importance")
    if importance is not None:
        importance = _record(Importance, importance, place, "search.importance")
    fields = {"budget": len(trials), **block, "trials": trials, "importance": importance}
    fields["spent"] = _spent(block, place, "search")
    return _record(Search, fields, place, "search")


def read_match(block: Any, place: str) -> Match | None:
    """Read the block `match` of a manifest; None where the grid matches nothing.

    Raises:
        UserError: a field is missing.
    """
    return None if block is None else _record(Match, block, place, "match")


def setting_of(settings: Mapping[str, Any], key: str) -> Any:
    """Return the value of a setting that a grid may write without the component's name.

    `optimizer.learning_rate` is `optimizer.adamw.learning_rate` where that is the optimizer.
    """
    return next((value for name, value in settings.items() if is_same(name, key)), None)


def is_same(full: str, key: str) -> bool:
    """Say whether a full key is what a grid may have written without the component's name."""
    words, short = full.split("."), key.split(".")
    without_component = [words[0], *words[2:]] if len(words) > 2 else words  # noqa: PLR2004 - kind, component, option
    return short in (words, without_component)


def _trial(row: Mapping[str, Any], place: str, where: str) -> Trial:
    reported = tuple((step, value) for step, value in row.get("reported", ()))
    trial = _record(Trial, {**row, "reported": reported}, place, where)
    if trial.status not in (*ENDS, OPEN):
        hints = (f"known: {', '.join((*ENDS, OPEN))}", *nearest(trial.status, ENDS))
        raise UserError(Problem("an unknown status", place, f"{where}.status", trial.status, hints))
    return trial


def _spent(block: Mapping[str, Any], place: str, where: str) -> Spent | None:
    spent = block.get("spent")
    return None if spent is None else _record(Spent, spent, place, f"{where}.spent")


def _record(kind: Callable[..., T], row: Mapping[str, Any], place: str, where: str) -> T:
    known = inspect.signature(kind).parameters
    for name, each in known.items():
        if name not in row and each.default is each.empty:
            raise UserError(Problem("a field is missing", place, f"{where}.{name}"))
    return kind(**{name: _frozen(row[name]) for name in known if name in row})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
