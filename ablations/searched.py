"""What a search has found: which configuration is best, and what the manifest says of all."""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from ablations.importance import importance
from ablations.search import Search
from ablations.space import edges
from ablations.trials import Trial
from components.errors import Problem

BEST = "best"
"""The name of the variant that the best configuration becomes."""


def unchanged(
    trials: Sequence[Trial], cells_of: Callable[[Mapping[str, Any]], tuple[str, ...]]
) -> tuple[Trial, ...]:
    """Return the trials up to the first whose cells are others now, as a search takes them up.

    Args:
        trials: as they are recorded.
        cells_of: settings -> fingerprints by seed; none where the configuration cannot be built.
    """
    return tuple(takewhile(lambda each: cells_of(each.settings) == each.cells, trials))


def best(trials: Sequence[Trial]) -> Trial | None:
    """Return the complete trial of the lowest loss, the first of equal ones; None without one.

    It is the lowest of many, so its loss is too good: only fresh seeds may judge it.
    """
    found = [(each.values, each.number) for each in trials if each.values is not None]
    first = min(((values[0], number) for values, number in found), default=None)
    return None if first is None else trials[first[1]]


def front(trials: Sequence[Trial]) -> tuple[int, ...]:
    """Return the numbers of complete trials that no other one beats in every objective."""
    found = [(each.number, each.values) for each in trials if each.values is not None]
    return tuple(
        number
        for number, values in found
        if not any(
            other != values and all(a <= b for a, b in zip(other, values, strict=True))
            for _, other in found
        )
    )


def is_over(search: Search, trials: Sequence[Trial]) -> bool:
    """Say whether every trial was asked and has ended."""
    return len(trials) >= search.trials and not any(each.is_open for each in trials)


def solved(search: Search, trials: Sequence[Trial]) -> dict[str, Mapping[str, Any]]:
    """Return the settings of the variant `best`; nothing before the search is over."""
    found = best(trials) if is_over(search, trials) else None
    return {} if found is None else {BEST: found.settings}


def unsolvable(search: Search, trials: Sequence[Trial]) -> tuple[Problem, ...]:
    """Say that a search is over and no trial was complete."""
    if not is_over(search, trials) or best(trials) is not None:
        return ()
    reasons = tuple(dict.fromkeys(each.reason for each in trials if each.reason))[:3]
    what = "the search found no configuration that trains to its end"
    return (Problem(what, key="search", hints=(*reasons, "search another range")),)


def search_block(search: Search, seeds: Sequence[int], trials: Sequence[Trial]) -> dict[str, Any]:
    """Return the block `search` of a manifest.

    Args:
        search: as the grid has it.
        seeds: on which was searched.
        trials: those that were asked, in order.
    """
    over = is_over(search, trials)
    found = best(trials) if over else None
    return {
        "sampler": search.sampler,
        "pruner": search.pruner,
        "objectives": list(search.objectives),
        "keys": [axis.key for axis in search.axes],
        "ranges": {axis.key: axis.as_json() for axis in search.axes},
        "seeds": list(seeds),
        "budget": search.trials,
        "trials": [each.as_json() for each in trials],
        "best": None if found is None else found.number,
        "at_edge": [] if found is None else list(edges(search.axes, found.settings)),
        "front": list(front(trials)) if len(search.objectives) > 1 else [],
        "importance": importance(search, trials) if over else None,
    }
