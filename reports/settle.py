"""What it would take to settle what is not settled: seeds, cells, hours, and the command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.claims import Claim, Verdict
from reports.frames import Frames
from reports.looks import asked_seeds
from reports.manifest import Manifest
from reports.numbers import THIN, count, fixed, margin, seconds
from reports.power import MOST_SEEDS
from reports.summaries import Summary
from reports.wording import capital, listed, places, seeds_in_all

# A command that names its seeds already: the last value would win, but a reader would see two.
_SEEDS = re.compile(r"\s+(?:'seeds(?:\.looks)?=[^']*'|seeds(?:\.looks)?=\S*)")


_WIDER = "Seeds that are added after looking are judged with wider intervals."
NO_VERDICT = {"not_run", "not_finished", "search", "no_cells", "no_baseline", "one_seed"}


@dataclass(frozen=True)
class Plan:
    """How one contrast could be settled.

    Fields:
        seeds: in all, from the estimated noise and from its upper limit (None: above 50).
        difference: that they would resolve, in nats per token: the margin, or what was seen where
            the margin takes too many.
        cells: that would have to be trained, of the whole grid, for the larger number of seeds.
        seconds: that these take, at the mean time of a cell.
    """

    claim: Claim
    title: str
    sentence: str
    seeds: tuple[int, int | None]
    difference: float
    cells: int
    seconds: float | None
    command: str

    @property
    def terminal_line(self) -> str:
        """Say it in one line."""
        cost = "" if self.seconds is None else f", about {seconds(self.seconds)} of training"
        return f"{self.title.replace('What would settle', 'To settle', 1)}{cost}"

    def as_json(self) -> dict[str, Any]:
        """Return the plan for machines; hours are those of one device."""
        return {
            "a": self.claim.a,
            "b": self.claim.b,
            "seeds_needed": list(self.seeds),
            "difference": self.difference,
            "cells": self.cells,
            "gpu_hours": None if self.seconds is None else round(self.seconds / 3600, 4),
            "command": self.command,
        }


NOT_ALL_PAIRS = "Every contrast with the baseline has a verdict"


def wider(given: Sequence[Plan], frames: Frames) -> str:
    """Return the price of adding seeds; empty where the grid planned to."""
    own = frames.manifest.command
    return "" if given and all(plan.command == own for plan in given) else _WIDER


def plans(frames: Frames, verdict: Verdict, summaries: Sequence[Summary]) -> tuple[Plan, ...]:
    """Plan every contrast that a reasonable number of further seeds would settle."""
    found = [_plan(frames, claim, verdict, summaries) for claim in verdict.claims]
    # A pair that only a claim needs comes after the comparisons that the grid asks for.
    known = [plan for plan in found if plan is not None]
    return tuple(sorted(known, key=lambda plan: _urgency(plan.claim, frames, verdict)))


def _urgency(claim: Claim, frames: Frames, verdict: Verdict) -> tuple[bool, bool]:
    """Contrasts of what could be the best come first."""
    is_out = bool(verdict.set) and claim.a not in verdict.set
    return claim.b != frames.manifest.baseline, is_out


def heading(given: Sequence[Plan], verdict: Verdict) -> str:
    """Return the heading of the section: its finding, or the plain noun."""
    if len(given) == 1:
        return given[0].title
    if given:
        return f"What would settle the {len(given)} contrasts that are not resolved"
    is_open = verdict.kind in NO_VERDICT or any(
        each.verdict in {"unresolved", "one_seed"} for each in verdict.claims
    )
    if is_open:
        return "What would settle it"
    several = len(verdict.set) > 1 and verdict.kind != "equivalent"
    return NOT_ALL_PAIRS if several else "Nothing is left to settle"


def note(given: Sequence[Plan], verdict: Verdict) -> str:
    """Return the sentence below the heading: the assumptions, or why there is no plan."""
    if given:
        return (
            "Both numbers are estimates from the few pairs there are: the first assumes that pairs "
            "go on scattering as they did, the second that they scatter as widely as is still "
            f"plausible (80{THIN}% upper limit); each finds a true difference of the size that is "
            "named in 80 of 100 cases."
        )
    if verdict.kind in {"not_run", "not_finished"}:
        return "The cells that are missing come first: the command of the whole grid runs them."
    if verdict.kind == "search":
        return "The best of a search is trained again with fresh seeds before anything is settled."
    if verdict.kind in NO_VERDICT and any(c.kind == "unevaluated" for c in verdict.caveats):
        return "No number of seeds settles what cannot be evaluated."
    if _has_failed(verdict):
        return "Cells failed: trying them again comes before any further seed."
    if verdict.kind in NO_VERDICT:
        return "There is no interval yet that more seeds could narrow: this needs a second seed."
    if any(each.verdict == "unresolved" for each in verdict.claims):
        return ""
    if len(verdict.set) > 1 and verdict.kind != "equivalent":
        return (
            "Which of those that could be the best is better than the other is none of them: make "
            "one of them the baseline, or write compare: all."
        )
    return "Every contrast of this grid has a verdict."


def without_plan(frames: Frames, verdict: Verdict) -> tuple[str, ...]:
    """Say of the contrasts that are not resolved and have no plan why no number is named.

    Where cells failed and there is no verdict, give the one command that tries all of them again.
    """
    manifest = frames.manifest
    if verdict.kind in NO_VERDICT:
        return (_again(manifest),) if _has_failed(verdict) else ()
    named: dict[str, list[str]] = {}
    for claim in verdict.claims:
        if claim.verdict == "unresolved" and _aim(claim) is None:
            pair = f"{manifest.label(claim.a)} against {manifest.label(claim.b)}"
            named.setdefault(_why_no_plan(claim, verdict), []).append(pair)
    return tuple(f"{capital(listed(pairs))}: {why}" for why, pairs in named.items())


def _has_failed(verdict: Verdict) -> bool:
    is_over = verdict.kind in NO_VERDICT - {"not_run", "not_finished", "search"}
    return is_over and any(each.kind == "failed" for each in verdict.caveats)


def _again(manifest: Manifest) -> str:
    failed = sum(each.status == "failed" for each in manifest.cells)
    many = f"{count(failed)} of {count(len(manifest.cells))} cells failed."
    if manifest.source is None:
        return f"{many} One command tries all of them again: {manifest.command}"
    return f"{many} Once they have run where these were, all are imported by: {manifest.command}"


def _aim(claim: Claim) -> tuple[float, int, int | None] | None:
    """What can be resolved, with its seeds: the margin, else a difference as large as was seen."""
    for effect, needed in (
        (claim.margin, claim.seeds_needed),
        (abs(claim.difference or 0.0), claim.seeds_for_seen),
    ):
        low, high = needed or (None, None)
        if effect is not None and low is not None:
            return effect, low, high
    return None


def _why_no_plan(claim: Claim, verdict: Verdict) -> str:
    if claim.interval == "always-valid" and verdict.kind == "not_finished" and verdict.looks:
        return "the grid goes on to its next look."
    if claim.interval == "always-valid":
        return (
            "the interval is one that holds whenever one looks; how many more seeds it needs is "
            "not known beforehand."
        )
    if claim.low is None:
        return "there is no interval that more seeds could narrow."
    if claim.margin is None:
        return "the grid has no margin, so there is no difference that the seeds should resolve."
    return (
        f"more than {MOST_SEEDS} seeds would be needed to resolve a difference of "
        f"{margin(claim.margin)}."
    )


def more_seeds(frames: Frames, seeds: int) -> str:
    """Return the command of this grid with so many seeds; finished cells are reused.

    Of imported runs it is the one that imports them again, once there are more.
    """
    if frames.manifest.source is not None:
        return frames.manifest.command
    base = _SEEDS.sub("", frames.manifest.command)
    ours = frames.manifest.seeds
    if ours == tuple(range(len(ours))):
        return f"{base} seeds={seeds}"
    fresh = (number for number in range(max(ours) + 1, max(ours) + 1 + seeds))
    listed = [*ours, *fresh][:seeds]
    return f"{base} 'seeds=[{','.join(map(str, listed))}]'"


def _plan(
    frames: Frames, claim: Claim, verdict: Verdict, summaries: Sequence[Summary]
) -> Plan | None:
    aim = _aim(claim)
    if aim is None:
        return None
    effect, low, high = aim
    manifest = frames.manifest
    total = max(low, high or 0, len(manifest.seeds) + 1)
    is_planned = verdict.looks is not None and total <= verdict.looks.declared[-1]
    cells = _cells(manifest, total, _open_variants(verdict) if is_planned else None)
    time = _time(cells, summaries)
    pair = f"{manifest.label(claim.a)} against {manifest.label(claim.b)}"
    about = f"about {seeds_in_all(low, high)} {manifest.evidence}"
    is_seen = effect != claim.margin
    size = fixed(effect, places(claim)) if is_seen else margin(effect)
    what = f"one as large as was seen, {size}" if is_seen else f"a difference of {size}"
    would = f"{about} in all would resolve {what} nats per token; there are {claim.pairs}."
    does = (
        f"takes what is not decided on to the look at {total} seeds"
        if is_planned
        else f"brings the whole grid to {total} seeds"
    )
    return Plan(
        claim,
        f"What would settle {pair}: {about}{', were it as large as it was seen' * is_seen}",
        f"{capital(pair)}: {would} {_to_train(manifest, cells, time, does)}",
        (low, high),
        effect,
        cells,
        time,
        manifest.command if is_planned else more_seeds(frames, total),
    )


def _to_train(manifest: Manifest, cells: int, time: float | None, does: str) -> str:
    """Say what the command does; of imported runs, what has to be done before it."""
    if manifest.source is not None:
        return (
            f"{count(cells)} more runs have to be trained where these were; the command then "
            "imports all of them again."
        )
    cost = "" if time is None else f", about {seconds(time)} of training"
    return (
        f"The command {does}: {count(cells)} cells to train{cost}; the cells that are done are "
        "reused."
    )


def _open_variants(verdict: Verdict) -> set[str]:
    return {name for pair in (verdict.looks.open if verdict.looks else ()) for name in pair}


def _cells(manifest: Manifest, total: int, only: set[str] | None) -> int:
    """Cells that are asked for beyond those there are, of some variants or of all."""
    return sum(
        max(0, total - asked)
        for name, asked in asked_seeds(manifest).items()
        if only is None or name in only
    )


def _time(cells: int, summaries: Sequence[Summary]) -> float | None:
    times = [each.seconds.mean for each in summaries if each.seconds is not None]
    return cells * sum(times) / len(times) if times else None
