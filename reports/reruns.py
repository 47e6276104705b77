"""Whether the best of a search was trained again on fresh seeds: before, nothing judges it."""

from reports.choices import BEST, Search
from reports.claims import Kind
from reports.manifest import Manifest
from reports.numbers import count
from reports.standing import Judged


def is_rerun(manifest: Manifest) -> bool:
    """Say whether a cell of the best configuration was trained on the seeds that judge."""
    return any(each.variant == BEST and each.status != "missing" for each in manifest.cells)


def unjudged(judged: Judged) -> tuple[Kind, str, str] | None:
    """Say that a search has no verdict yet; None where its best was trained again."""
    search = judged.manifest.search
    if search is None or is_rerun(judged.manifest):
        return None
    if search.best is None and search.ended < search.budget:
        return _not_over(search)
    if search.best is None:
        lead = f"No verdict: none of the {count(search.budget)} trials of the search was completed."
        return "search", lead, ""
    luck = f"the best of {_trials(search)} is chosen by its luck as well"
    return "search", f"No verdict: {luck}; re-run it with fresh seeds.", ""


def _not_over(search: Search) -> tuple[Kind, str, str] | None:
    if not search.trials:
        return None
    rest = f"{count(search.ended)} of {count(search.budget)} trials of the search have ended."
    return "not_finished", "Not finished.", rest


def _trials(search: Search) -> str:
    return "1 trial" if len(search.trials) == 1 else f"{count(len(search.trials))} trials"
