"""What a grid leaves open until something was trained: `tune` and `search`, read and laid in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablations.expand import expand
from ablations.language import Declared
from ablations.match import FLOPS_STEPS, Match
from ablations.search import Search, read_search
from ablations.searched import BEST
from ablations.space import Axis, Values, as_settings, refuse_decided
from ablations.tree import Node, Problems
from ablations.tune import Tune, read_tune
from components.catalogue import Catalogue
from components.errors import Problem

SIZELESS = ("optimizer", "schedule", "training.clip")
"""Settings that change neither parameters nor FLOPs, or whose options do not."""


@dataclass(frozen=True)
class Open:
    """What is chosen before anything is judged.

    Fields:
        tune: for every variant.
        search: whose best becomes a variant; a grid has one of the two at most.
    """

    tune: Tune | None = None
    search: Search | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What is chosen."""
        asked = self.tune or self.search
        return () if asked is None else asked.axes

    @property
    def seeds(self) -> int:
        """How many trainings a choice is judged by."""
        asked = self.tune or self.search
        return 0 if asked is None else asked.seeds


def read_open(root: Node, catalogue: Catalogue, problems: Problems) -> Open:
    """Read `tune` and `search` of a grid; what is wrong is added to `problems`."""
    keys = root.items
    if "tune" in keys and "search" in keys:
        hint = "tune what all variants have, or search for one that is better: one of the two"
        problems.found.append(keys["tune"].problem("the grid has tune and search", hint))
        return Open()
    tune = read_tune(keys["tune"], catalogue, problems) if "tune" in keys else None
    search = read_search(keys["search"], catalogue, problems) if "search" in keys else None
    return Open(tune, search)


def refuse_decided_elsewhere(
    found: Open, declared: Declared, match: Match | None, hold: str, problems: Problems
) -> None:
    """Add a problem for each setting that something else decides, or that makes losses unlike.

    Args:
        found: what is left open.
        declared: what the grid compares.
        match: a quantity that is equal for all variants.
        hold: the other one that is.
        problems: gathers.
    """
    problems.found += [
        _problem(
            axis, f"{axis.key} cannot be chosen by the loss", "losses on other text are unlike"
        )
        for axis in found.axes
        if axis.key.startswith("data.") or axis.key == "training.context"
    ]
    if match is not None:
        refuse_decided(found.axes, {"solved by `match`": {match.key}}, problems)
    if hold == "flops":
        refuse_decided(found.axes, {"solved by `hold: flops`": {FLOPS_STEPS}}, problems)
    if found.tune is None:
        return
    changed = {key for _, own in declared.variants.values() for key in own}
    elsewhere = {*declared.axes.values, *declared.leave_out}
    decided = {
        "an axis": declared.axes.values,
        "under `set`": declared.fixed,
        "in the baseline": {*declared.baseline} - elsewhere,
        "what a variant changes": changed,
        "left out": declared.leave_out,
    }
    refuse_decided(found.tune.axes, decided, problems)
    solved = {FLOPS_STEPS} if match is None else {match.key, FLOPS_STEPS}
    if match is not None or hold == "flops":
        equal = "hold: flops" if match is None else "match"
        problems.found += [
            _problem(axis, f"{axis.key} may change what `{equal}` makes equal", _HINT_SIZELESS)
            for axis in found.tune.axes
            if not {axis.key, axis.key.partition(".")[0]} & {*SIZELESS, *solved}
        ]


_HINT_SIZELESS = f"with it only {', '.join(SIZELESS)} can be tuned"


def refuse_unbuildable(found: Open, declared: Declared, catalogue: Catalogue) -> None:
    """Refuse values with which a variant has no cell, each of them tried by itself.

    Raises:
        UserError: all such values.
    """
    names = [each.name for each in expand(declared, catalogue).variants]
    problems = Problems()
    for settings in _one_at_a_time(found.axes):
        problems.attempt(None, expand, laid_in(found, declared, names, settings), catalogue)
    problems.settle()


def laid_in(
    found: Open, declared: Declared, names: Sequence[str], settings: Mapping[str, Any]
) -> Declared:
    """Return a grid's declaration with the same settings tuned for each of some variants.

    Of a search they are those of the variant `best`, whatever the names.
    """
    if found.search is not None:
        return with_best(found.search, declared, settings)
    return tuned(found.axes, declared, dict.fromkeys(names, settings))


def tuned(
    axes: Sequence[Axis], declared: Declared, chosen: Mapping[str, Mapping[str, Any]]
) -> Declared:
    """Return a declaration with settings, by variant, that tuning has chosen; names stay."""
    solved = {name: as_settings(axes, settings) for name, settings in chosen.items()}
    return replace(declared, solved={**declared.solved, **solved})


def with_best(search: Search, declared: Declared, settings: Mapping[str, Any]) -> Declared:
    """Return a declaration with the variant `best`."""
    node = declared.searched or declared.baseline_node
    return replace(declared, variants={BEST: (node, as_settings(search.axes, settings))})


def first(axes: Sequence[Axis]) -> dict[str, Any]:
    """Return the first value of each axis."""
    return {axis.key: _ends(axis)[0] for axis in axes}


def _one_at_a_time(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    yield from ({**first(axes), axis.key: value} for axis in axes for value in _ends(axis))


def _ends(axis: Axis) -> Sequence[Any]:
    return axis.values if isinstance(axis, Values) else (axis.low, axis.high)


def _problem(axis: Axis, what: str, hint: str) -> Problem:
    return Problem(what, axis.place, axis.key, hints=(hint,))
