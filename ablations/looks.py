"""At which sets of seeds contrasts were judged: more seeds after a look need wider intervals."""

import fcntl
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from pathlib import Path
from typing import Any

from ablations.grid import Grid
from pipelines.cell import Evaluation

FILE = "looks.jsonl"

VALIDATION = Evaluation()

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Look:
    """Contrasts that were judged together.

    Fields:
        pairs: digests of the contrasts.
        seeds: sorted.
        declared: the looks that the grid had declared; None if it had none.
    """

    pairs: frozenset[str]
    seeds: tuple[int, ...]
    declared: tuple[int, ...] | None = None


def question_digest(
    documents: Iterable[Mapping[str, Any]], judge: Evaluation = VALIDATION, final: str = "last"
) -> str:
    """Return the digest of what is asked: the variants' fingerprint documents, seeds left out.

    A document holds the digest of its data, so other text, code or settings make another question.

    Args:
        documents: of the cells, in any order; cells that differ in the seed alone count once.
        judge: the evaluation that verdicts are about.
        final: last, or tail where they are about the mean of the last ones.
    """
    asked = sorted({_seedless(document) for document in documents})
    rule = [] if final == "last" else [final]
    return _digest([*asked, *_length(judge), *rule])


def pair_digests(documents: Documents, grid: Grid) -> frozenset[str]:
    """Return the digest of each contrast that a grid judges: two documents without their seeds.

    Which of the two is the baseline makes no other contrast, nor do the grid's other variants; the
    length at which they are judged does.

    Args:
        documents: a fingerprint document of each variant, with any seed.
        grid: says which contrasts are judged: with the baseline, all, those that a claim names.
    """
    seedless = {name: _seedless(document) for name, document in documents.items()}
    claimed = _claimed(grid)
    return frozenset(
        _digest([*sorted((seedless[one], seedless[other])), *_length(grid.judge)])
        for one, other in combinations(seedless, 2)
        if grid.compare == "all" or grid.baseline in (one, other) or {one, other} in claimed
    )


def record_look(
    store: Path,
    pairs: Collection[str],
    seeds: Sequence[int],
    declared: tuple[int, ...] | None = None,
) -> None:
    """Remember that contrasts are judged with these seeds; the same look is recorded once.

    Args:
        store: folder of runs.
        pairs: digests of the contrasts.
        seeds: with which they are judged.
        declared: the looks of the grid, this one among them.
    """
    store.mkdir(parents=True, exist_ok=True)
    wanted = Look(frozenset(pairs), tuple(sorted(seeds)), declared)
    with (store / FILE).open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        if wanted in _read(text):
            return
        if text and not text.endswith("\n"):
            file.write("\n")  # the last writer was killed: its torn line ends here
        record = {"pairs": sorted(wanted.pairs), "seeds": wanted.seeds, "declared": declared}
        file.write(json.dumps(record, sort_keys=True) + "\n")


def looks_up_to(
    store: Path,
    pairs: Collection[str],
    seeds: Sequence[int],
    declared: tuple[int, ...] | None = None,
) -> list[list[int]]:
    """Return the sets of seeds at which any of these contrasts was judged before, then these.

    A look at a contrast that came after it was judged with these seeds says nothing about how they
    were chosen, and is left out. One shared contrast is enough: its look counts for the whole grid.
    Looks that were `declared` as the grid declares its own are paid for, and are none of these.
    """
    wanted = tuple(sorted(seeds))
    path = store / FILE
    every = _read(path.read_text(encoding="utf-8")) if path.exists() else []
    recorded = [each for each in every if declared is None or each.declared != declared]
    counted = {index for pair in pairs for index in _before(recorded, pair, wanted)}
    found = dict.fromkeys(recorded[index].seeds for index in sorted(counted))
    return [list(each) for each in (*found, wanted)]


def _before(recorded: Sequence[Look], pair: str, seeds: tuple[int, ...]) -> list[int]:
    """Return which looks at one contrast came before the one with these seeds."""
    found: list[int] = []
    for index, look in enumerate(recorded):
        if pair in look.pairs:
            if look.seeds == seeds:
                break
            found.append(index)
    return found


def _claimed(grid: Grid) -> list[set[str]]:
    """Return the pairs that a claim of the form `{between: [A, B]}` needs."""
    shapes = {name: each for name, each in (grid.claim or {}).items() if isinstance(each, Mapping)}
    return [{name, other} for name, each in shapes.items() for other in each.get("between", ())]


def _length(judge: Evaluation) -> list[str]:
    return [] if judge.length is None else [judge.name]


def _seedless(document: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in document.items() if key != "seed"}
    return json.dumps(kept, sort_keys=True)


def _digest(texts: Sequence[str]) -> str:
    return blake2b(json.dumps(texts).encode(), digest_size=10).hexdigest()


def _read(text: str) -> list[Look]:
    return [look for line in text.splitlines() if (look := _look(line)) is not None]


def _look(line: str) -> Look | None:
    try:
        record = json.loads(line)
        declared = record.get("declared")
        pairs, seeds = frozenset(record["pairs"]), tuple(record["seeds"])
        return Look(pairs, seeds, None if declared is None else tuple(declared))
    except (ValueError, TypeError, KeyError):
        return None  # torn by a kill in mid-write
