"""What a reader must know before believing a verdict, worst first."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from reports import numbers
from reports.budgets import unequal
from reports.claims import Caveat, Claim, Looked
from reports.contrasts import final_losses
from reports.frames import Frames
from reports.importedwords import caveats as import_caveats
from reports.intervals import undeclared_looks
from reports.looks import Round, asked_seeds
from reports.manifest import Cell, Manifest
from reports.picturecaveats import picture_caveats
from reports.planned import declared_looks, ended_by_budget
from reports.reach import reading_caveats
from reports.searchwords import caveats as search_caveats
from reports.sensitivity import carried_by_a_seed, holm_differs, median_differs
from reports.tunedwords import caveats as tuning_caveats
from reports.wording import capital, crosses_zero, listed, places_of, unevaluated
from reports.yardstick import yardstick

WORDS = {"failed": "failed in", "pruned": "was pruned in", "missing": "is not there yet for"}
RESOLVED = {"better", "worse"}
TWO = 2


def caveats(
    frames: Frames, claims: Sequence[Claim], rounds: Sequence[Round], looked: Looked | None
) -> tuple[Caveat, ...]:
    """Return every caveat of a grid, worst first."""
    return (
        *_diverged(frames),
        *_looks(frames),
        *ended_by_budget(frames.manifest, looked),
        *_budget(frames),
        *import_caveats(frames),
        *tuning_caveats(frames.manifest),
        *search_caveats(frames.manifest),
        *reading_caveats(frames),
        *_unevaluated(frames),
        *_unfinished(frames),
        *_seeds(frames, claims),
        *picture_caveats(frames, claims),
        *_hardware(frames),
        *_source_tree(frames.manifest),
        *_second_opinions(frames, claims),
        *_carried(claims, rounds),
        *declared_looks(frames.manifest, claims, looked),
    )


def _diverged(frames: Frames) -> Iterator[Caveat]:
    """The baseline first: its lost seeds change every difference."""
    manifest = frames.manifest
    names = [each.name for each in manifest.variants]
    for name in sorted(names, key=lambda each: each != manifest.baseline):
        cells = [c for c in manifest.cells if c.variant == name and c.status == "diverged"]
        if not cells:
            continue
        what = f"{capital(manifest.label(name))} diverged: {places_of(cells)}"
        reasons = listed(list(dict.fromkeys(c.reason for c in cells if c.reason)))
        what = f"{what} ({reasons})" if reasons else what
        if not any(c.variant == name and c.status == "complete" for c in manifest.cells):
            kind = "baseline_diverged" if name == manifest.baseline else "diverged"
            yield Caveat(kind, f"{what}; there is no other seed of it.", "cells")
            continue
        them = "this seed" if len(cells) == 1 else "these seeds"
        if name == manifest.baseline:
            bends = f"every difference leaves {them} out, and so flatters the baseline"
            yield Caveat("baseline_diverged", f"{what}; {bends}.", "cells")
        else:
            bends = f"its mean leaves {them} out, and so flatters it"
            yield Caveat("diverged", f"{what}; {bends}.", "cells")


def _looks(frames: Frames) -> Iterator[Caveat]:
    ours = set(frames.manifest.seeds)
    looks = undeclared_looks(frames.manifest)
    if any(len(each) < len(ours) for each in looks):
        text = "Seeds were added after looking; the intervals are widened for that."
        yield Caveat("looks", text, "provenance")
    wider = [each for each in looks if ours < set(each)]
    if wider:
        most = max(wider, key=len)
        text = (
            f"{len(most)} seeds were judged before ({_set(most)}); here are {len(ours)} of them, "
            "and the intervals are widened for that."
        )
        yield Caveat("fewer_seeds", text, "provenance")
    others = [each for each in looks if len(each) >= len(ours) and not ours <= set(each)]
    if others:
        sets = "; ".join(_set(each) for each in others)
        text = (
            f"The same question was also judged on other seeds ({sets}); the intervals are widened "
            "for that."
        )
        yield Caveat("other_seeds", text, "provenance")


def _carried(claims: Sequence[Claim], rounds: Sequence[Round]) -> Iterator[Caveat]:
    """Each verdict without one of the seeds of the look that reached it."""
    for each in rounds:
        if not each.manifest.is_paired:
            continue  # equal seeds are no pairs, so none can be left out
        reached = [claim for claim in claims if claim.decided_at == each.seeds]
        yield from carried_by_a_seed(each.manifest, reached, each.contrasts)


def _set(seeds: Sequence[int]) -> str:
    ordered = sorted(seeds)
    if len(ordered) > TWO and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]} to {ordered[-1]}"
    return ", ".join(str(each) for each in ordered)


def _budget(frames: Frames) -> Iterator[Caveat]:
    text = unequal(frames)
    if text:
        yield Caveat("budget", f"Not a fair comparison: {text}", "cost")


def _unevaluated(frames: Frames) -> Iterator[Caveat]:
    """A variant that was trained and that the evaluation that judges cannot read."""
    manifest, losses = frames.manifest, final_losses(frames)
    for variant in manifest.variants:
        own = [c for c in manifest.cells if c.variant == variant.name and c.status == "complete"]
        cells = [each for each in own if each.seed not in losses[variant.name]]
        if cells:
            without = "it has no loss here" if len(cells) == len(own) else _seeds_without(cells)
            text = f"{capital(unevaluated(cells, manifest))}: {without}, and no verdict."
            yield Caveat("unevaluated", text, "lengths")


def _seeds_without(cells: Sequence[Cell]) -> str:
    return f"seed {listed([str(each.seed) for each in cells], limit=5)} has no loss here"


def _unfinished(frames: Frames) -> Iterator[Caveat]:
    manifest = frames.manifest
    if all(each.status == "failed" for each in manifest.cells):
        yield _all_failed(manifest)
        return
    for status, word in WORDS.items():
        for variant in manifest.variants:
            cells = [c for c in manifest.cells if c.variant == variant.name and c.status == status]
            if cells:
                yield _left_out(frames, variant.name, status, word, cells)


def _all_failed(manifest: Manifest) -> Caveat:
    """Say it of the grid, and each reason once; a sentence for each variant would say no more."""
    reasons = listed(list(dict.fromkeys(c.reason.rstrip(".") for c in manifest.cells if c.reason)))
    why = f": {reasons}" if reasons else ""
    return Caveat("failed", f"All {len(manifest.cells)} cells failed{why}.", "cells")


def _left_out(frames: Frames, name: str, status: str, word: str, cells: Sequence[Cell]) -> Caveat:
    manifest = frames.manifest
    losses = final_losses(frames)
    seeds = listed([str(each.seed) for each in cells], limit=5)
    where = f"seed {seeds}" if len(cells) == 1 else f"seeds {seeds}"
    what = f"{capital(manifest.label(name))} {word} {where}"
    everything = asked_seeds(manifest)[name]
    if name == manifest.baseline:
        used = f"every difference uses at most {len(losses[name])} of {everything} seeds"
    else:
        paired = len(losses[name].keys() & losses[manifest.baseline].keys())
        used = f"its difference uses {paired} of {everything} seeds"
    return Caveat(status, f"{what}; {used}.", "cells")


def _seeds(frames: Frames, claims: Sequence[Claim]) -> Iterator[Caveat]:
    against = [each for each in claims if each.b == frames.manifest.baseline]
    if against and all(each.pairs <= 1 for each in against):
        single = [each for each in against if each.verdict == "one_seed"]
        if any(each.difference is not None for each in single):
            yield yardstick(frames, single)
    yield from _two_seeds(
        frames, [each for each in against if each.verdict != "diverged" and each.low is not None]
    )
    for each in claims:
        if each.pairs >= TWO and each.low is None and each.verdict == "unresolved":
            yield from _no_variance(frames, each)


def _two_seeds(frames: Frames, against: Sequence[Claim]) -> Iterator[Caveat]:
    fewest = [frames.manifest.label(each.a) for each in against if each.pairs == TWO]
    if not fewest:
        return
    text = (
        "Two seeds: an interval from two pairs rests on one degree of freedom; a third seed "
        "usually changes it much."
    )
    if len(fewest) < len(against):
        have = "has" if len(fewest) == 1 else "have"
        text = (
            f"{capital(listed(fewest))} {have} two paired seeds: the fewest pairs set the width of "
            "all intervals, so all are wide."
        )
    yield Caveat("few_seeds", text, "seeds")


def _no_variance(frames: Frames, claim: Claim) -> Iterator[Caveat]:
    if claim.differences and float(np.ptp(claim.differences)) < 1e-9:  # noqa: PLR2004 - nats, rounding of a difference
        label = capital(frames.manifest.label(claim.a))
        text = f"{label}: zero variance between seeds: the seed does not reach the training."
        yield Caveat("no_variance", text, "seeds")


def _hardware(frames: Frames) -> Iterator[Caveat]:
    finished = frames.cells.filter(pl.col("status") == "complete")
    kinds = finished["hardware"].drop_nulls().unique(maintain_order=True).to_list()
    devices = finished["device"].drop_nulls().unique(maintain_order=True).to_list()
    if len(devices) > 1:
        text = f"The cells ran on different devices: {listed(devices)}."
        yield Caveat("hardware", text, "provenance")
    elif len(kinds) > 1:
        text = f"The cells ran on different hardware: {listed(kinds)}."
        yield Caveat("hardware", text, "provenance")


def _source_tree(manifest: Manifest) -> Iterator[Caveat]:
    tree = manifest.source_tree
    if tree is not None and tree["changes"] is not None:
        text = (
            "The code had changes that were not committed when the results were gathered: commit "
            f"{tree['commit'][:10]} alone may not give these numbers again."
        )
        yield Caveat("source_tree", text, "provenance")


def _second_opinions(frames: Frames, claims: Sequence[Claim]) -> Iterator[Caveat]:
    for each in claims:
        pair = numbers.difference_of(frames.manifest.label(each.a), frames.manifest.label(each.b))
        if each.verdict in RESOLVED and crosses_zero(each.documents):
            limits = numbers.interval(*(each.documents or (None, None)))
            text = f"On other documents of this kind {pair} is {limits}, which contains 0."
            yield Caveat("documents", text, "variants")
        if median_differs(each):
            median = numbers.signed(each.median)
            text = f"The median of {pair} is {median}, of the other sign than its mean."
            yield Caveat("median", text, "seeds")
        if holm_differs(each):
            excludes = not crosses_zero((each.low or 0.0, each.high or 0.0))
            said = "does not resolve" if excludes else "resolves"
            text = f"The paired t-test with Holm's correction {said} {pair}; the interval here "
            text += "does." if excludes else "does not."
            yield Caveat("holm", text, "variants")
