"""Sentences about runs that were not trained here: what nobody checked, said or recorded."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from reports import numbers
from reports.claims import Caveat
from reports.frames import Frames
from reports.manifest import Manifest
from reports.numbers import count
from reports.wording import capital, listed

EQUAL = 0.01  # of the steps: what differs by less is no other budget
FORMATS = {"table": "a table", "tensorboard": "TensorBoard", "wandb": "Weights & Biases"}


def caveats(frames: Frames) -> Iterator[Caveat]:
    """Say what imported runs lack, worst first; nothing about runs of this project."""
    source = frames.manifest.source
    if source is None:
        return
    lacks = list(source["lacks"])
    yield from _trained_on(lacks)
    yield from _steps(frames, lacks)
    yield from _pairing(source)
    yield from _looks(source)
    yield _imported(source)
    yield from _guessed(source)
    yield from (Caveat("import_note", f"{each}.", "provenance") for each in source["notes"])
    yield from _absent(lacks)


def scope(frames: Frames) -> str:
    """Say what a verdict about imported runs is about; empty for runs of this project."""
    manifest = frames.manifest
    if manifest.source is None:
        return ""
    finished = frames.cells.filter(pl.col("status") == "complete")
    tokens, steps = finished["tokens"].max(), finished["steps"].max()
    parts = [f"{numbers.amount(tokens)} tokens"] if isinstance(tokens, int) else []
    if not parts and isinstance(steps, int):
        parts = [f"{count(steps * int(manifest.source['every']))} steps"]
    parameters = manifest.variant(manifest.baseline).parameters
    parts += [] if parameters is None else [f"{numbers.amount(parameters)} parameters"]
    size = f"At {listed(parts)}, as" if parts else "As"
    return (
        f"{size} imported: which data and hyperparameters these runs had, and whether any of them "
        "was tuned for one variant, is not known here."
    )


def facts(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """Return where imported runs come from, as (name, value); nothing for runs of this project."""
    source = manifest.source
    if source is None:
        return ()
    files = "1 file" if source["files"] == 1 else f"{count(source['files'])} files"
    held = "the same order of the data at equal seed, as the mapping says"
    return (
        ("Imported from", f"{_where(source)}; {files}, BLAKE2b {source['digest']}"),
        ("Code, data, training", "not known, since the runs were not trained here"),
        ("Judged by", str(manifest.evaluations[0].get("called", "validation loss"))),
        ("Held equal", f"not checked; {held}" if source["paired"] else "not checked"),
        ("Steps", _counted(source)),
        ("Guessed", "; ".join(source["guesses"]) or "nothing"),
        ("Not in the source", ", ".join(source["lacks"]) or "nothing that this page shows"),
    )


def _where(source: Mapping[str, Any]) -> str:
    return f"{FORMATS.get(source['format'], source['format'])}, {source['from']}"


def _counted(source: Mapping[str, Any]) -> str:
    every, first = count(source["every"]), count(source["first_step"])
    same = source["every"] == source["first_step"] == 1
    return (
        "as in the source" if same else f"one here is {every} of the source, from its step {first}"
    )


def _trained_on(lacks: list[str]) -> Iterator[Caveat]:
    if "validation loss" in lacks:
        text = (
            f"There is no validation loss: the mean of the last {numbers.percent(0.05)} of the "
            "training loss judges, which is a loss on the text that the models learn from."
        )
        yield Caveat("training_loss", text, "variants")


def _steps(frames: Frames, lacks: list[str]) -> Iterator[Caveat]:
    """Where tokens are not known, equal budgets can only be seen by their steps."""
    if "tokens" not in lacks:
        return
    manifest = frames.manifest
    finished = frames.cells.filter(pl.col("status") == "complete")
    means = dict(finished.group_by("variant").agg(pl.col("steps").mean()).iter_rows())
    ours = means.get(manifest.baseline)
    others = [
        f"{manifest.label(each.name)} took {_more(means[each.name] / ours - 1)} steps"
        for each in manifest.variants
        if ours and each.name in means and abs(means[each.name] / ours - 1) > EQUAL
    ]
    if others:
        yield Caveat("budget", f"Not a fair comparison: {capital(listed(others))}.", "cost")
    text = "The source counts no tokens: where this page says tokens, it means steps."
    yield Caveat("steps_for_tokens", text, "curves")


def _more(share: float) -> str:
    return f"{numbers.percent(min(abs(share), 1.0))} {'fewer' if share < 0 else 'more'}"


def _pairing(source: Mapping[str, Any]) -> Iterator[Caveat]:
    if source["paired"]:
        return
    said = (
        "Equal seeds do not share the order of the data"
        if source["pairing_said"]
        else "Nobody said that equal seeds share the order of the data (paired: true)"
    )
    text = (
        f"{said}: the runs are compared unpaired, with Welch's interval and Bonferroni's "
        "correction, which usually needs more of them. Differences by seed and step on this page "
        "join runs that have nothing in common but a number."
    )
    yield Caveat("unpaired", text, "seeds")


def _looks(source: Mapping[str, Any]) -> Iterator[Caveat]:
    if not source["looks_said"]:
        text = (
            "How the number of seeds was chosen is not known (looks:): the intervals hold if it "
            "was fixed before anybody looked."
        )
        yield Caveat("looks_unknown", text, "provenance")


def _imported(source: Mapping[str, Any]) -> Caveat:
    text = (
        f"These runs were imported ({_where(source)}): that variants differ only in what their "
        "names say, on the same data and with equal budgets, was not checked here."
    )
    return Caveat("imported", text, "provenance")


def _guessed(source: Mapping[str, Any]) -> Iterator[Caveat]:
    guesses = list(source["guesses"])
    if guesses:
        text = f"Guessed, since no mapping says it: {'; '.join(guesses)}."
        yield Caveat("guessed", text, "provenance")


def _absent(lacks: list[str]) -> Iterator[Caveat]:
    rest = [each for each in lacks if each not in {"validation loss", "tokens"}]
    if rest:
        text = f"The source also lacks: {', '.join(rest)}. What needs them is left out."
        yield Caveat("lacks", text, "provenance")
