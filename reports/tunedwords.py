"""What was tuned, in words: the scope of a verdict, caveats, and the forms they share."""

from collections.abc import Iterator, Sequence

from reports.choices import Search, Tuned, Tuning
from reports.claims import Caveat
from reports.manifest import Manifest
from reports.numbers import count, fixed
from reports.provenance import written
from reports.wording import listed

PLACES = 4
"""Decimals of a loss that was compared without an interval."""


def tuned_scope(manifest: Manifest) -> str:
    """Say which hyperparameters a verdict is about, and what was tuned of them, for whom."""
    if manifest.tuning is not None:
        return _scope_of_tuning(manifest.tuning)
    if manifest.search is not None:
        return _scope_of_search(manifest.search)
    return "these hyperparameters, which were tuned for no variant"


def caveats(manifest: Manifest) -> Iterator[Caveat]:
    """Say where a tuning may have missed the best, or was no fair one."""
    tuning = manifest.tuning
    if tuning is None:
        return
    yield from _not_fresh(manifest, tuning)
    for name, each in known(manifest, tuning):
        if each.chosen is None and ended(tuning, each) == tuning.trials:
            text = (
                f"Nothing could be chosen for {manifest.label(name)}: every point that was tried "
                "has a cell that diverged or failed."
            )
            yield Caveat("untuned", text, "tuning")
    for key in tuning.keys:
        at = [(name, each) for name, each in known(manifest, tuning) if key in each.at_edge]
        if at:
            yield Caveat("edge", _edge(manifest, key, at), "tuning")


def named_seeds(seeds: Sequence[int]) -> str:
    """Write `seed 7`, `seeds 7 and 9`, or `seeds 7 to 11`."""
    ordered = sorted(seeds)
    if len(ordered) == 1:
        return f"seed {ordered[0]}"
    is_row = ordered == list(range(ordered[0], ordered[0] + len(ordered)))
    if is_row and len(ordered) > 2:  # noqa: PLR2004 - of two, both are named
        return f"seeds {ordered[0]} to {ordered[-1]}"
    return f"seeds {listed([str(each) for each in ordered], limit=len(ordered))}"


def loss_text(loss: float | None) -> str:
    """Write a loss that has no interval; a dash where there is none."""
    return "–" if loss is None else fixed(loss, PLACES)


def known(manifest: Manifest, tuning: Tuning) -> list[tuple[str, Tuned]]:
    """Return the variants of the grid that have a tuning, in the order of the grid."""
    names = [each.name for each in manifest.variants]
    return [(name, tuning.variants[name]) for name in names if name in tuning.variants]


def ended(tuning: Tuning, each: Tuned) -> int:
    """Return how many points of a variant have ended with all their seeds."""
    return sum(
        len(tried.statuses) == len(tuning.seeds) and "missing" not in tried.statuses
        for tried in each.trials
    )


def were(keys: Sequence[str]) -> str:
    """Return the verb of so many."""
    return "was" if len(keys) == 1 else "were"


def points_of(number: int) -> str:
    """Write `1 point` or `8 points`."""
    return "1 point" if number == 1 else f"{count(number)} points"


def still_open(manifest: Manifest, tuning: Tuning) -> list[str]:
    """Name the variants whose tuning is not finished, with how far it is."""
    done = {name: ended(tuning, each) for name, each in tuning.variants.items()}
    return [
        f"{manifest.label(each.name)} has {done.get(each.name, 0)} of {tuning.trials}"
        for each in manifest.variants
        if done.get(each.name, 0) < tuning.trials
    ]


def shared_seeds(manifest: Manifest, seeds: Sequence[int]) -> list[int]:
    """Return the seeds that chose and judge as well: there should be none."""
    return sorted({*seeds} & {*manifest.seeds})


def _not_fresh(manifest: Manifest, tuning: Tuning) -> Iterator[Caveat]:
    shared = shared_seeds(manifest, tuning.seeds)
    if shared:
        judge = "which judges as well" if len(shared) == 1 else "which judge as well"
        text = f"The tuning used {named_seeds(shared)}, {judge}; that flatters what was chosen."
        yield Caveat("not_fresh", text, "tuning")


def _edge(manifest: Manifest, key: str, at: Sequence[tuple[str, Tuned]]) -> str:
    parts = [
        f"{manifest.label(name)} ({written((each.chosen or {}).get(key))})" for name, each in at
    ]
    return (
        f"The chosen {key} lies at the edge of what was tried for {listed(parts)}; a better one "
        "may lie beyond it."
    )


def _scope_of_tuning(tuning: Tuning) -> str:
    keys = listed(tuning.keys, limit=len(tuning.keys))
    budget = f"{points_of(tuning.trials)} on {named_seeds(tuning.seeds)}"
    return (
        f"these hyperparameters, of which {keys} {were(tuning.keys)} tuned for every variant with "
        f"the same budget ({budget}) and the others for none"
    )


def _scope_of_search(search: Search) -> str:
    keys = listed(search.keys, limit=len(search.keys))
    trials = "1 trial" if len(search.trials) == 1 else f"{count(len(search.trials))} trials"
    return (
        f"these hyperparameters: {keys} {were(search.keys)} searched for in {trials}, nothing was "
        "tuned for the baseline"
    )
