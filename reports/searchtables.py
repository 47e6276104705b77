"""The trials of a search as tables, and as dots of its figures."""

from collections.abc import Sequence

import numpy as np

from reports.choices import Search, Trial
from reports.drawings.drawing import Table
from reports.drawings.search import Dot
from reports.numbers import count, seconds
from reports.provenance import written
from reports.tunedwords import loss_text

WATCHING = ("hyperband", "median")
"""Pruners that look at the training losses of one training."""

MOST_ROWS = 300
"""Of a slice that has a table of its own; of more trials the table of all has the numbers."""


def dot_of(search: Search, trial: Trial) -> Dot:
    """Return a trial as the figures draw it: a pruned one at the last loss the pruner was told."""
    loss = trial.last if trial.status == "pruned" else trial.loss
    settings = ", ".join(f"{key} = {written(trial.settings.get(key))}" for key in search.keys)
    value = f" {loss_text(loss)}" if loss is not None else ""
    said = f"trial {trial.number}, {trial.status}{value}: {settings}"
    return Dot(trial.number, loss, trial.status, said)


def slice_table(search: Search, key: str, ended: Sequence[Trial]) -> Table:
    """Return value, loss and status of every trial, the lowest loss first; none of very many."""
    if len(ended) > MOST_ROWS:
        return Table((), ())
    losses = {each.number: dot_of(search, each).loss for each in ended}
    order = sorted(ended, key=lambda each: _last_where_unknown(losses[each.number]))
    rows = tuple(
        (written(each.settings.get(key)), _loss(each), each.status, str(each.number))
        for each in order
    )
    return Table((key, "loss", "status", "trial"), rows)


def trials_table(search: Search, trials: Sequence[Trial]) -> Table:
    """Return every trial with its settings; in brackets the last loss of one that was pruned."""
    extra = ("seconds",) if "seconds" in search.objectives else ()
    columns = ("trial", "status", "loss", *extra, *search.keys, "remark")
    return Table(columns, tuple(_row(search, each) for each in trials))


def tenth_table(search: Search, trials: Sequence[Trial]) -> Table:
    """Return settings and loss of completed trials, in the order given."""
    rows = tuple(
        (
            str(each.number),
            loss_text(each.loss),
            *(written(each.settings.get(key)) for key in search.keys),
        )
        for each in trials
    )
    return Table(("trial", "loss", *search.keys), rows)


def _last_where_unknown(loss: float | None) -> float:
    return np.inf if loss is None else loss


def _loss(trial: Trial) -> str:
    if trial.status == "pruned" and trial.last is not None:
        return f"({loss_text(trial.last)})"
    return loss_text(trial.loss)


def _row(search: Search, trial: Trial) -> tuple[str, ...]:
    time = (_time(search, trial),) if "seconds" in search.objectives else ()
    settings = tuple(written(trial.settings.get(key)) for key in search.keys)
    remark = _remark(search, trial)
    return (str(trial.number), trial.status, _loss(trial), *time, *settings, remark)


def _time(search: Search, trial: Trial) -> str:
    if trial.values is None:
        return "–"
    return seconds(trial.values[search.objectives.index("seconds")])


def _remark(search: Search, trial: Trial) -> str:
    if trial.number == search.best:
        return "the best"
    if trial.status != "pruned" or trial.at is None:
        return trial.reason or ""
    if search.pruner not in WATCHING:
        return f"pruned after {trial.at} seed{'' if trial.at == 1 else 's'}"
    of = f" of {count(trial.steps)}" if trial.steps else ""
    return f"pruned at step {count(trial.at)}{of}"
