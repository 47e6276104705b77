"""The section about a search: what was proposed, what it found, and why that is no verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reports.choices import Search
from reports.drawings import search as figures
from reports.drawings.drawing import Drawing, Table
from reports.drawings.search import Dot
from reports.drawings.slices import slice_of
from reports.manifest import Manifest
from reports.numbers import fixed, percent
from reports.parallel import Parallel, best_tenth, is_range, listed_values, parallel
from reports.provenance import written
from reports.reruns import is_rerun
from reports.searches import expected_best
from reports.searchtables import dot_of, slice_table, tenth_table, trials_table
from reports.searchwords import luck, proposed
from reports.tunedwords import PLACES, loss_text
from reports.wording import listed

FEWEST = 20
"""Completed trials below which no importance is estimated."""

BAR, OF_THE_AXIS = 40, 70  # pixels
NONE_COMPLETE = "No trial was completed yet."


@dataclass(frozen=True)
class Section:
    """Every word of the section.

    Fields:
        sentence: what was proposed by what, and what became of it.
        luck: why the best is no verdict yet, or what judged it.
        command: that trains the best again; empty where it was.
        history, importance, expected: figures.
        height: of the bars, in pixels.
        slices: anchor and figure of each setting.
        parallel: lines through all settings; None without a completed trial.
        tenth: the trials of the lowest losses.
    """

    sentence: str
    luck: str
    command: str
    history: Drawing
    importance: Drawing
    height: int
    expected: Drawing
    slices: tuple[tuple[str, Drawing], ...]
    parallel: Parallel | None
    tenth: Table

    @property
    def drawings(self) -> Mapping[str, Drawing]:
        """Anchor -> figure."""
        named = {
            "search-history": self.history,
            "search-importance": self.importance,
            "search-expected": self.expected,
        }
        return named | dict(self.slices)


def section(manifest: Manifest) -> Section | None:
    """Say and draw everything about a search; None where the grid searches nothing."""
    search = manifest.search
    if search is None:
        return None
    return Section(
        sentence=proposed(search),
        luck=luck(manifest, search),
        command="" if is_rerun(manifest) else manifest.command,
        history=_history(search),
        importance=_importance(search),
        height=BAR * len(search.keys) + OF_THE_AXIS,
        expected=_expected(search),
        slices=tuple(_slices(search)),
        parallel=parallel(search),
        tenth=tenth_table(search, best_tenth(search)),
    )


def as_json(search: Search | None) -> dict[str, Any] | None:
    """Return the search as plain values, and what the best of k trials is expected to reach."""
    if search is None:
        return None
    return asdict(search) | {"expected_best": _expected_losses(search)}


def _losses(search: Search) -> list[float]:
    return [each.loss for each in search.trials if each.loss is not None]


def _expected_losses(search: Search) -> list[float]:
    losses = np.array(_losses(search))
    return [expected_best(losses, trials) for trials in range(1, len(losses) + 1)]


def _dots(search: Search) -> list[Dot]:
    return [dot_of(search, each) for each in search.trials if each.status != "asked"]


def _history(search: Search) -> Drawing:
    table = trials_table(search, search.trials)
    if not _losses(search):
        return Drawing("Trials in order", "", table=table, problem=NONE_COMPLETE)
    dots = _dots(search)
    return Drawing(
        title="Trials in order",
        subtitle="Dots: the final validation loss of each trial, mean over its seeds. Line: the "
        f"lowest so far; diamond: the best.{_pruned_words(search, dots)}{_bad_words(search)}",
        label="Validation loss of every trial in the order they were asked; the lowest so far ends "
        f"at {loss_text(min(_losses(search)))} nats.",
        table=table,
        figure=figures.history(dots, search.best),
    )


def _pruned_words(search: Search, dots: Sequence[Dot]) -> str:
    if not any(each.status == "pruned" for each in search.trials):
        return ""
    what = "training loss" if search.pruner in ("hyperband", "median") else "loss"
    above, below = figures.outside(dots)
    parts = [f"{many} {side}" for many, side in ((above, "above"), (below, "below")) if many]
    left = f", {listed(parts)} the frame" if parts else ""
    return f" Hollow: pruned, at the last {what} that the pruner was told{left}."


def _bad_words(search: Search) -> str:
    is_bad = any(each.status in ("diverged", "failed") for each in search.trials)
    return " Crosses at the top: diverged or failed." if is_bad else ""


def _importance(search: Search) -> Drawing:
    title, found = "Importance of the settings", search.importance
    if found is None:
        return Drawing(title, "", problem=_not_estimated(search))
    order = sorted(found.keys.items(), key=lambda each: -each[1]["mean"])
    shares = [(key, each["mean"], each["low"], each["high"]) for key, each in order]
    what, how = _method(found.evaluator, found.best)
    spread = (
        ""
        if found.forests is None
        else (f" Bars: mean of {found.forests} random forests; whiskers: lowest and highest.")
    )
    return Drawing(
        title=title,
        subtitle=f"{found.evaluator} on {found.trials} completed trials: {how}.{spread} "
        "It describes these trials, not the model.",
        label=f"{what.capitalize()} by setting, by {found.evaluator}; the largest has "
        f"{shares[0][0]}.",
        table=Table(
            ("setting", "mean", "lowest", "highest"),
            tuple((key, *(fixed(each, 3) for each in rest)) for key, *rest in shares),
        ),
        figure=figures.importance(shares, what),
    )


def _method(evaluator: str, best: float | None) -> tuple[str, str]:
    """Return what the bars are and how they are read; the two methods answer other questions."""
    if evaluator == "fANOVA":
        return (
            "share of the variance of the loss",
            "the share of the variance of the loss that a setting alone explains",
        )
    tenth = "the best trials" if best is None else f"the best {percent(best)} of trials"
    return (
        "share of importance",
        f"how far the values of {tenth} differ from those of all, as shares of their sum",
    )


def _not_estimated(search: Search) -> str:
    complete = len(_losses(search))
    if len(search.keys) == 1:
        return "One setting was searched: there is nothing to compare its importance with."
    if complete < FEWEST:
        are = "is" if complete == 1 else "are"
        return f"Not estimated below {FEWEST} completed trials: there {are} {complete}."
    if search.ended < search.budget:
        return "Estimated when the search is over."
    return "Not estimated."


def _expected(search: Search) -> Drawing:
    title = "What the best of k trials reaches"
    losses = _expected_losses(search)
    if len(losses) < 2:  # noqa: PLR2004 - one trial is no search
        return Drawing(title, "", problem="Needs two completed trials.")
    half = max(1, len(losses) // 2)
    return Drawing(
        title=title,
        subtitle=f"Expected lowest loss of k of the {len(losses)} completed trials, unbiased. "
        f"Dotted beyond {half}, half of them: there it leans on the few lowest. A description of "
        "this search, no verdict.",
        label=f"Expected lowest loss falls from {loss_text(losses[0])} with one trial to "
        f"{loss_text(losses[half - 1])} with {half}.",
        table=Table(
            ("trials", "expected lowest loss"),
            tuple((str(k), fixed(each, PLACES)) for k, each in enumerate(losses, 1)),
        ),
        figure=figures.expected_best(losses),
    )


def _slices(search: Search) -> Iterator[tuple[str, Drawing]]:
    if not _losses(search):
        return
    for place, key in enumerate(search.keys):
        yield f"search-slice-{place}", _slice(search, key)


def _slice(search: Search, key: str) -> Drawing:
    ended = [each for each in search.trials if each.status != "asked"]
    span = search.ranges.get(key, {})
    tried = [each.settings.get(key) for each in ended]
    words = None if is_range(span) else listed_values(span, tried)
    places: list[tuple[Dot, float | str]] = [
        (dot_of(search, each), each.settings[key] if words is None else written(each.settings[key]))
        for each in ended
    ]
    return Drawing(
        title=key,
        subtitle="",
        label=f"Validation loss of every trial over {key}.",
        table=slice_table(search, key, ended),
        figure=slice_of(places, search.best, key, words or span),
    )
