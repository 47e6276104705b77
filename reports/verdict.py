"""From the results of a grid to its verdict; `python -m reports.verdict grid=NAME [--json]`."""

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from reports.best import standings
from reports.caveats import caveats
from reports.claims import Caveat, Claim, Reported, Verdict, Word
from reports.contrasts import Losses, final_losses
from reports.details import details_of
from reports.effects import effects
from reports.effectviews import sentences as effect_sentences
from reports.efficiency import equal_budgets
from reports.errors import Problem, UserError, nearest
from reports.estimates import (
    ALPHA,
    Interval,
    flip_probability,
    pairing_efficiency,
)
from reports.frames import Frames, read_grid_frames
from reports.headlines import headline
from reports.importedwords import scope as imported_scope
from reports.intervals import (
    FEWEST_PAIRS,
    Shares,
    level_of,
    method_of,
    planned_critical,
    shares_of,
)
from reports.looks import OPEN, Judgement, Outcome, adjusted_p, asked_seeds, judged, looked
from reports.manifest import Manifest
from reports.others import document_noise, documents_by_cell, on_other_documents
from reports.power import deviation_limit, seeds_needed
from reports.process import as_process
from reports.reported import against_reported
from reports.scope import scope
from reports.sensitivity import at_other_budgets, robust
from reports.standing import Judged
from reports.unpaired import told
from reports.welch import could_be_best

__all__ = ["Caveat", "Claim", "Reported", "Verdict", "judge", "main"]

USAGE = """usage: python -m reports.verdict grid=NAME [--json] [--exit-code]

Prints the verdict of results/NAME/: the headline, a sentence for each contrast, and caveats.

  grid=NAME    the folder under results/: a grid, grid@preset, or the name given to `run`
  --json       the same for a machine, with every number
  --exit-code  exit with 1 while a contrast is open: unresolved, or with one seed

Exit codes: 0 done, 1 open (with --exit-code alone), 2 bad input.
"""
OPTIONS = ("--json", "--exit-code")


def judge(frames: Frames) -> Verdict:
    """Return the verdict of a grid; what cannot be said is said."""
    manifest = frames.manifest
    losses = final_losses(frames)
    judgement = judged(manifest, losses)
    claims = _claims(frames, judgement)
    candidates = _candidates(manifest, losses)
    against = [index for index, each in enumerate(claims) if each.b == manifest.baseline]
    seen = Judged(
        frames,
        tuple(claims[index] for index in against),
        tuple(judgement.outcomes[index].contrast for index in against),
        _best(manifest, claims, candidates),
        tuple(candidates),
        losses,
    )
    chosen = headline(seen)
    looks = looked(manifest, judgement, _seconds(frames))
    budgets = equal_budgets(frames, claims)
    return Verdict(
        chosen.kind,
        chosen.text,
        chosen.lead,
        imported_scope(frames) or scope(frames),
        seen.best if chosen.kind in NAMES_BEST else (),
        claims,
        (
            *caveats(frames, claims, judgement.rounds, looks),
            *at_other_budgets(manifest, claims, budgets),
        ),
        against_reported(manifest, claims),
        looks,
        effect_sentences(effects(frames), manifest.margin),
        robust(manifest, claims, judgement.rounds, budgets),
    )


WIDTH_OF_A_FILE = 100
NAMES_BEST = {"equivalent", "wins", "set", "partly", "unresolved"}


def _claims(frames: Frames, judgement: Judgement) -> tuple[Claim, ...]:
    manifest, outcomes = frames.manifest, judgement.outcomes
    contrasts = [each.contrast for each in outcomes]
    adjusted = adjusted_p(judgement)
    shares = shares_of(manifest, contrasts)
    documents = documents_by_cell(frames)
    noises = {each.pair: document_noise(documents, each.contrast) for each in outcomes}
    details = details_of(manifest, contrasts, noises)
    claims = []
    for each in outcomes:
        claim = _claim(manifest, each, shares)
        second = on_other_documents(documents, each.contrast, each.interval)
        claim = replace(
            claim,
            holm_p=adjusted.get(each.pair),
            documents=second,
            details=details[each.pair],
        )
        claims.append(told(claim, each.contrast, manifest))
    return tuple(claims)


def _claim(manifest: Manifest, outcome: Outcome, shares: Shares) -> Claim:
    contrast, interval, method = outcome.contrast, outcome.interval, outcome.method
    differences, word = contrast.differences, outcome.word
    several = contrast.pairs >= FEWEST_PAIRS
    seen = abs(float(differences.mean())) if contrast.pairs else 0.0
    needed = partial(_needed, outcome, shares)
    return Claim(
        a=contrast.a,
        b=contrast.b,
        verdict=word,
        text="",
        difference=float(differences.mean()) if contrast.pairs else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        level=1 - (ALPHA if method == "always-valid" else level_of(manifest)),
        pairs=contrast.pairs,
        wins=int((differences < 0).sum()),
        interval=method,
        holm_p=None,
        margin=manifest.margin,
        flip_probability=flip_probability(differences) if several else None,
        median=float(np.median(differences)) if contrast.pairs else None,
        rho=pairing_efficiency(contrast.a_losses, contrast.b_losses) if several else None,
        seeds_needed=needed(manifest.margin),
        seeds_for_seen=needed(seen) if seen > (manifest.margin or 0.0) else None,
        comparisons=shares.comparisons,
        critical=interval.critical if interval else None,
        size=_size(interval, word, manifest.margin),
        documents=None,
        seeds=contrast.seeds,
        differences=tuple(float(each) for each in differences),
        decided_at=outcome.decided_at,
    )


def _size(interval: Interval | None, word: Word, margin: float | None) -> Any:
    if interval is None or margin is None or word not in {"better", "worse"}:
        return None
    near, far = sorted((abs(interval.low), abs(interval.high)))
    if near > margin:
        return "beyond"
    return "inside" if far < margin else None


def _needed(
    outcome: Outcome, shares: Shares, effect: float | None
) -> tuple[int | None, int | None] | None:
    """Seeds for a true difference, from the noise seen and from its upper limit.

    None unless the contrast is unresolved and its interval is one that seeds can be planned for.
    """
    interval, method, pairs = outcome.interval, outcome.method, outcome.contrast.pairs
    is_open = outcome.word == "unresolved" and method != "always-valid"
    if not effect or interval is None or not is_open:
        return None
    deviation = interval.half_width / interval.critical * math.sqrt(pairs)
    critical = partial(planned_critical, shares, method)
    low = seeds_needed(effect, deviation, critical)
    return low, seeds_needed(effect, deviation_limit(deviation, pairs), critical)


def _seconds(frames: Frames) -> float | None:
    """Return the median time of a finished cell; None where none was measured."""
    median = frames.cells.filter(pl.col("status") == "complete")["seconds"].median()
    return float(median) if isinstance(median, int | float) else None


def _candidates(manifest: Manifest, losses: Losses) -> Mapping[str, bool]:
    """Whether each could be the best, of the variants that diverged nowhere and can be compared."""
    diverged = {each.variant for each in manifest.cells if each.status == "diverged"}
    finished = {
        each.name: losses[each.name]
        for each in manifest.variants
        if each.name not in diverged and len(losses[each.name]) >= FEWEST_PAIRS
    }
    if len(finished) == 1:
        return dict.fromkeys(finished, True)
    comparisons, alpha = len(manifest.variants) - 1, level_of(manifest)
    method = method_of(manifest, comparisons, alpha)
    if method == "welch":
        return could_be_best(finished, alpha)
    # The critical values of always-valid intervals hold at all numbers of seeds together.
    alpha = ALPHA if method == "always-valid" else alpha
    asked = asked_seeds(manifest) if manifest.looks.declared else None
    found = standings(finished, comparisons, method, alpha, asked)
    return {each.name: each.could_be_best for each in found}


def _best(
    manifest: Manifest, claims: Sequence[Claim], candidates: Mapping[str, bool]
) -> tuple[str, ...]:
    """Those that could be the best and that no verdict calls worse than another."""
    if manifest.state == "partial":
        return ()
    worse = {each.a for each in claims if each.verdict == "worse"}
    worse |= {each.b for each in claims if each.verdict == "better"}
    return tuple(name for name, could in candidates.items() if could and name not in worse)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, 1 where asked and something is open, or 2 for bad input."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--help" in given or "-h" in given:
        sys.stdout.write(USAGE)
        return 0
    try:
        name, options = _arguments(given)
        verdict = judge(read_grid_frames(name))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if "--json" in options:
        json.dump(verdict.as_json(), sys.stdout, indent=1, allow_nan=False, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        width = shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns
        sys.stdout.write("\n".join(_wrapped(_lines(verdict), width)) + "\n")
    is_open = not verdict.claims or any(each.verdict in OPEN for each in verdict.claims)
    return int(is_open and "--exit-code" in options)


def _arguments(given: Sequence[str]) -> tuple[str, set[str]]:
    name = None
    problems = []
    for each in given:
        key, joint, value = each.partition("=")
        if key == "grid" and joint and value:
            name = value
        elif each not in OPTIONS:
            known = ("grid", *OPTIONS)
            hints = (f"known: grid=NAME, {', '.join(OPTIONS)}, --help", *nearest(key, known))
            problems.append(Problem("unknown argument", "command line", each, "", hints))
    if name is None and not problems:
        hints = ("python -m reports.verdict grid=positions",)
        problems.append(Problem("no grid was named", "command line", "grid", "", hints))
    if problems or name is None:
        raise UserError(*problems)
    return name, {each for each in given if each in OPTIONS}


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Break between words alone: half a number is another number."""
    wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).wrap
    return [part for line in lines for part in (wrap(line) or [""])]


def _lines(verdict: Verdict) -> list[str]:
    lines = [verdict.text, ""]
    lines += [" ".join(verdict.effects)] if verdict.effects else []
    lines += [each.text for each in verdict.claims]
    lines += verdict.robust
    lines += [f"Caveat: {each.text}" for each in verdict.caveats]
    lines += [each.text for each in verdict.reported]
    return [*lines, verdict.scope] if verdict.scope else lines


if __name__ == "__main__":
    as_process(main)
