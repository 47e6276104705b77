"""A search: a sampler proposes configurations, each is trained, the best is judged afterwards."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, cast

from ablations.space import Axis, listed, read_space, size
from ablations.tree import Node, Problems
from ablations.words import MOST_SEEDS, MOST_TRIALS, read_count, read_word
from components.catalogue import Catalogue
from components.errors import Problem, UserError, nearest
from components.options import shown

KEYS = ("sampler", "trials", "pruner", "objectives", "seeds")
SAMPLERS = ("tpe", "gp", "random", "grid")
PRUNERS = ("none", "hyperband", "median", "wilcoxon")
OBJECTIVES = ("loss", "seconds")

FEWEST_PAIRS = 5
"""Seeds below which the signed-rank test, at p < 0.1 from 4 pairs on, can save no training."""

EXAMPLE = "{optimizer.learning_rate: {low: 1e-4, high: 1e-2, log: true}, trials: 20}"


@dataclass(frozen=True)
class Search:
    """What is searched, and how.

    Fields:
        axes: what a configuration chooses.
        sampler: what proposes the next one.
        trials: how many are tried.
        pruner: what ends a training early.
        objectives: what is minimised; the first is the final validation loss, nats per token.
        seeds: how many trainings a configuration is tried with.
    """

    axes: tuple[Axis, ...]
    sampler: Literal["tpe", "gp", "random", "grid"]
    trials: int
    pruner: Literal["none", "hyperband", "median", "wilcoxon"] = "none"
    objectives: tuple[str, ...] = ("loss",)
    seeds: int = 1

    @property
    def watches(self) -> bool:
        """Whether the pruner looks at training losses."""
        return self.pruner in ("hyperband", "median")


def read_search(node: Node, catalogue: Catalogue, problems: Problems) -> Search | None:
    """Read `search` of a grid; None, and what is wrong in `problems`, where it cannot be."""
    if not node.items:
        problems.found.append(node.problem("search names no setting", f"write {EXAMPLE}"))
        return None
    inner = Problems()
    axes = read_space(node, KEYS, catalogue, inner)
    sampler = inner.attempt("random", read_word, node, "sampler", SAMPLERS)
    pruner = inner.attempt("none", read_word, node, "pruner", PRUNERS)
    objectives = inner.attempt(("loss",), _objectives, node)
    seeds = inner.attempt(1, read_count, node, "seeds", 1, MOST_SEEDS) or 1
    trials = inner.attempt(1, _trials, node, axes, sampler)
    inner.attempt(None, _check_pruner, node, pruner, objectives, seeds)
    problems.found += inner.found
    if inner.found:
        return None
    return Search(axes, cast("Any", sampler), trials, cast("Any", pruner), objectives, seeds)


def search_digest(search: Search, seeds: Sequence[int], about: str) -> str:
    """Return the digest of everything that decides which configurations are proposed.

    Not how many: a search that is given more trials goes on.

    Args:
        search: as read.
        seeds: on which is trained.
        about: what is varied, such as the digest of the baseline without its seed.
    """
    described = {
        "axes": [[axis.key, axis.as_json()] for axis in search.axes],
        "sampler": search.sampler,
        "pruner": search.pruner,
        "objectives": search.objectives,
        "seeds": list(seeds),
        "about": about,
    }
    return blake2b(json.dumps(described, sort_keys=True).encode(), digest_size=10).hexdigest()


def _objectives(section: Node) -> tuple[str, ...]:
    node = section.items.get("objectives")
    if node is None:
        return ("loss",)
    words = node.value if isinstance(node.value, tuple) else ()
    problems = Problems()
    for each in words:
        if each.value not in OBJECTIVES:
            hints = (f"expected {' or '.join(OBJECTIVES)}", *nearest(str(each.value), OBJECTIVES))
            problems.found.append(each.problem("unknown objective", *hints))
    problems.settle()
    plain = tuple(each.value for each in words)
    if not plain or plain[0] != "loss" or len({*plain}) < len(plain):
        raise node.refuse(
            "objectives are a list that begins with loss", "[loss] or [loss, seconds]"
        )
    return plain


def _trials(section: Node, axes: Sequence[Axis], sampler: str) -> int:
    """Read the number of trials; a grid has one for each of its points, where nothing is said."""
    if sampler == "grid":
        _check_listed(axes)
    count = size(axes) if sampler == "grid" else None
    trials = read_count(section, "trials", count, MOST_TRIALS)
    if trials is None:
        hint = "say how many configurations are tried: trials: 20"
        raise UserError(
            Problem("the search has no number of trials", section.place, section.key, hints=(hint,))
        )
    if count is not None and trials > count:
        node = section.items.get("trials", section)
        raise node.refuse(f"the grid has {count} points", "take trials out, or lower it")
    return trials


def _check_listed(axes: Sequence[Axis]) -> None:
    problems = [
        Problem(
            f"a grid cannot hold every value of {axis.key}",
            axis.place,
            axis.key,
            shown(axis.as_json()),
            ("write a list of values, give the range a step, or choose another sampler",),
        )
        for axis in axes
        if listed(axis) is None
    ]
    if problems:
        raise UserError(*problems)


def _check_pruner(section: Node, pruner: str, objectives: Sequence[str], seeds: int) -> None:
    if pruner == "none":
        return
    node = section.items["pruner"]
    if len(objectives) > 1:
        hint = "write objectives: [loss], or pruner: none"
        raise node.refuse("a search with several objectives has no pruner", hint)
    if pruner == "wilcoxon" and seeds < FEWEST_PAIRS:
        hint = (
            f"it compares seed by seed and is silent before the 4th: seeds: {FEWEST_PAIRS} or more"
        )
        raise node.refuse("wilcoxon has too few seeds to end anything early", hint)
    if pruner != "wilcoxon" and seeds > 1:
        hint = "write seeds: 1, or pruner: wilcoxon, which compares seed by seed"
        raise node.refuse(f"{pruner} watches one training of a configuration", hint)
