"""What a reader must know of how samples are read: windows, documents that end, tasks unlearned."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from reports.claims import Caveat
from reports.frames import Frames
from reports.judged import has_answers, judged_length, judging
from reports.manifest import Manifest, Variant
from reports.numbers import THIN, count, fixed, percent
from reports.readings import differ, reading, readings, trained_length
from reports.wording import capital, listed

FEW = 0.5  # share of tokens beyond the trained length below which a verdict is mostly about others
CLEARLY = 2.33  # standard errors: one guesser of a hundred is right so much more often
FAR = 0.25  # of the way from chance to knowing all: there a high loss is overconfidence
BITS = 2  # answers of a running parity


def reached(frames: Frames, name: str) -> int | None:
    """Return the tokens of the longest sample in an evaluation; None where there is no profile.

    Of a synthetic task those up to the last answer.
    """
    rows = frames.evaluations.filter(pl.col("evaluation") == name)["profile"].drop_nulls()
    places = [
        max((place for place, loss in enumerate(row, 1) if loss is not None), default=0)
        for row in rows.to_list()
    ]
    return max(places, default=0) or None


def share_beyond(frames: Frames, name: str, length: int, trained: int) -> float | None:
    """Return the share of the scored tokens that stand beyond the trained length in their sample.

    Formula: of a document of n tokens, (n // L) max(0, L - T) + max(0, n % L - T).
    None where the samples are not longer than it, or where nothing tells the documents.
    """
    rows = frames.documents.filter(pl.col("evaluation") == name)
    if length <= trained or rows.is_empty():
        return None
    sizes = rows.filter(pl.col("cell") == rows["cell"][0])["predicted"].to_list()
    beyond = sum(n // length * (length - trained) + max(0, n % length - trained) for n in sizes)
    return float(beyond / sum(sizes))


def windows_sentence(manifest: Manifest) -> str:
    """Say in which windows samples of other lengths are read; empty where training had one each."""
    if not any(each.is_divided for each in readings(manifest)):
        return ""
    whole = [each for each in manifest.variants if each.carries is False]
    carrying = [each for each in manifest.variants if each.carries is not False]
    if not carrying:
        return (
            f"Each sample of a length is one window; training had {_windows(manifest, whole)}, "
            "with nothing carried from one to the next."
        )
    if not whole:
        return (
            f"Samples of a length are read in {_windows(manifest, carrying)}, as in training, each "
            "with what is carried into it."
        )
    return f"{capital(_each_way(manifest, whole, carrying))}."


def reading_caveats(frames: Frames) -> Iterator[Caveat]:
    """Yield what a reader must know of how samples are read, worst first."""
    yield from _different_windows(frames.manifest)
    yield from _unreached(frames)
    yield from _unlearned(frames)
    yield from _mostly_trained(frames)


def _each_way(manifest: Manifest, whole: Sequence[Variant], carrying: Sequence[Variant]) -> str:
    verb = "reads" if len(whole) == 1 else "read"
    return (
        f"{_named(manifest, whole)} {verb} each sample of a length in one window (training had "
        f"{_windows(manifest, whole)}), {_named(manifest, carrying)} in "
        f"{_windows(manifest, carrying)}, as in training"
    )


def _windows(manifest: Manifest, variants: Sequence[Variant]) -> str:
    sizes = sorted({reading(manifest, each).window for each in variants})
    return f"windows of {listed([count(each) for each in sizes], 'or')} tokens"


def _named(manifest: Manifest, variants: Sequence[Variant]) -> str:
    return listed([manifest.label(each.name) for each in variants])


def _lengths(manifest: Manifest) -> list[int]:
    return sorted(int(each["length"]) for each in manifest.evaluations if each.get("length"))


def _different_windows(manifest: Manifest) -> Iterator[Caveat]:
    at = [each for each in _lengths(manifest) if differ(manifest, each)]
    if at:
        whole = [each for each in manifest.variants if each.carries is False]
        carrying = [each for each in manifest.variants if each.carries is not False]
        text = (
            f"At {listed([count(each) for each in at])} tokens the variants are read in different "
            f"windows: {_each_way(manifest, whole, carrying)}. A difference there is one between "
            "ways of reading as well."
        )
        yield Caveat("windows", text, "lengths")


def _unreached(frames: Frames) -> Iterator[Caveat]:
    """Lengths that are longer than every document."""
    manifest = frames.manifest
    short = []
    for each in manifest.evaluations:
        length, reach = each.get("length"), reached(frames, str(each["name"]))
        if length is not None and reach is not None and reach < length:
            short.append((int(length), reach))
    if not short:
        return
    short.sort()
    at, longest = [count(length) for length, _ in short], max(reach for _, reach in short)
    begin = f"No validation document has more than {count(longest)} tokens"
    if has_answers(manifest):
        begin = f"No validation document asks for anything beyond token {count(longest)}"
    says = "loss says" if len(at) == 1 else "losses say"
    text = f"{begin}: at {listed(at)} tokens the {says} nothing about samples so long."
    yield Caveat("unreached", text, "lengths")


def _mostly_trained(frames: Frames) -> Iterator[Caveat]:
    manifest = frames.manifest
    length, trained = judged_length(manifest), trained_length(manifest)
    if length is None or trained is None or has_answers(manifest):
        return
    share = share_beyond(frames, str(judging(manifest)["name"]), length, trained)
    if share is not None and share < FEW:
        text = (
            f"Of the tokens that judge at {count(length)} tokens {percent(share)} stand beyond the "
            "trained length; the others are read as in training."
        )
        yield Caveat("mostly_trained", text, "lengths")


def _unlearned(frames: Frames) -> Iterator[Caveat]:
    """A synthetic task in which no cell is right more often than a guess."""
    answers = _answers(frames.manifest)
    rows = _final(frames)
    if answers is None or not rows or any(_knows(row, answers) for row in rows):
        return
    best = max(row["accuracy"] for row in rows)
    text = (
        f"No variant has learned the task: at best {_share(best)} of the answers are right, and a "
        f"guess among {answers} is right in {_share(1 / answers)}. A difference between variants "
        "is not about the task."
    )
    yield Caveat("unlearned", text, "variants")


def _answers(manifest: Manifest) -> int | None:
    """Return among how many symbols the answer of a synthetic task is; None of any other data.

    Half of the symbols of recall are keys, and the other half values; a parity is one of two.
    """
    probe, symbols = manifest.data.get("probe"), None
    if probe is not None:
        symbols = probe.get("probe_symbols")
    if probe is not None and manifest.data.get("corpus") == "parity":
        return BITS
    if symbols is None:
        return None
    is_recall = manifest.data.get("corpus") == "recall"
    return int(symbols) - (int(symbols) // 2 if is_recall else 0)


def _final(frames: Frames) -> list[Mapping[str, Any]]:
    name = judging(frames.manifest)["name"]
    cells = [each.cell for each in frames.manifest.cells if each.status == "complete"]
    rows = frames.evaluations.filter(
        (pl.col("evaluation") == name) & pl.col("cell").is_in(cells) & pl.col("loss").is_not_null()
    )
    last = rows.sort("step").group_by("cell", maintain_order=True).last()
    return [row for row in last.iter_rows(named=True) if row["accuracy"] is not None]


def _knows(row: Mapping[str, Any], answers: int) -> bool:
    """Whether a cell is right more often than a guess, at a lower loss than that of a guess."""
    chance = 1 / answers
    error = math.sqrt(chance * (1 - chance) / max(1, row["predicted"]))
    above: float = row["accuracy"] - chance
    is_sure = row["loss"] < math.log(answers) or above > FAR * (1 - chance)
    return above > CLEARLY * error and is_sure


def _share(share: float) -> str:
    return f"{fixed(100 * share, 1)}{THIN}%"
