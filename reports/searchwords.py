"""What a search proposed and found, in words; and where it may have missed the best."""

from collections.abc import Iterator

from reports.choices import Search
from reports.claims import Caveat
from reports.manifest import Manifest
from reports.numbers import count
from reports.provenance import written
from reports.reruns import is_rerun
from reports.tunedwords import loss_text, named_seeds, shared_seeds
from reports.wording import listed

SAMPLERS = {
    "tpe": "TPE",
    "gp": "a Gaussian process",
    "random": "random search",
    "grid": "a grid search",
}


def proposed(search: Search) -> str:
    """Say what proposed how many configurations, and what became of them."""
    by = SAMPLERS.get(search.sampler, search.sampler)
    keys = listed(search.keys, limit=len(search.keys))
    asked = len(search.trials)
    many = "1 configuration" if asked == 1 else f"{count(asked)} configurations"
    begin = f"{by[:1].upper()}{by[1:]} proposed {many} of {keys}"
    if asked < search.budget:
        begin = f"{begin}, of {count(search.budget)}"
    return f"{begin}, each trained on {named_seeds(search.seeds)}: {_became(search)}."


def caveats(manifest: Manifest) -> Iterator[Caveat]:
    """Say where a search may have missed the best, or judged it by the seeds that chose it."""
    search = manifest.search
    if search is None:
        return
    shared = shared_seeds(manifest, search.seeds)
    if shared:
        judge = "which judges as well" if len(shared) == 1 else "which judge as well"
        text = f"The search used {named_seeds(shared)}, {judge}; that flatters what was found."
        yield Caveat("not_fresh", text, "search")
    best = search.best_trial
    for key in search.at_edge if best is not None else ():
        text = (
            f"The best trial's {key} = {written(best.settings.get(key) if best else None)} lies at "
            "the edge of what was searched; a better one may lie beyond it."
        )
        yield Caveat("edge", text, "search")


def _became(search: Search) -> str:
    words = {
        "complete": "completed",
        "pruned": f"ended early by {search.pruner}",
        "diverged": "diverged",
        "failed": "failed",
        "asked": "not ended yet",
    }
    statuses = [each.status for each in search.trials]
    parts = [
        f"{count(statuses.count(status))} {word}"
        for status, word in words.items()
        if status in statuses or status == "complete"
    ]
    return listed(parts, limit=len(parts))


def luck(manifest: Manifest, search: Search) -> str:
    """Name the best trial, and why its loss is no verdict; empty where there is none."""
    best = search.best_trial
    if best is None:
        return ""
    chosen = ", ".join(f"{key} = {written(best.settings.get(key))}" for key in search.keys)
    front = _front(search)
    found = f"Trial {best.number} has the lowest loss: {loss_text(best.loss)} nats with {chosen}."
    asked = len(search.trials)
    too_good = f"As the lowest of {count(asked)} it is chosen by its luck as well"
    if is_rerun(manifest):
        judged = named_seeds(manifest.seeds)
        return f"{found}{front} {too_good}; what judges it is its re-run on {judged}."
    return f"{found}{front} {too_good}: only a re-run with fresh seeds can judge it."


def _front(search: Search) -> str:
    if len(search.objectives) < 2 or len(search.front) < 2:  # noqa: PLR2004 - one is no front
        return ""
    names = listed([str(each) for each in search.front], limit=len(search.front))
    return f" No trial beats any of {names} in {listed(search.objectives)} at once."
