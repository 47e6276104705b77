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

from reports import numbers
from reports.best import standings
from reports.caveats import caveats
from reports.claims import Caveat, Claim, Reported, Verdict, Word
from reports.contrasts import Contrast, family, final_losses
from reports.errors import Problem, UserError, nearest
from reports.estimates import (
    ALPHA,
    Interval,
    flip_probability,
    holm,
    paired_p,
    pairing_efficiency,
)
from reports.frames import Frames, read_grid_frames
from reports.headlines import Judged, headline
from reports.intervals import (
    FEWEST_PAIRS,
    Method,
    Shares,
    intervals,
    level_of,
    method_of,
    planned_critical,
    shares_of,
)
from reports.manifest import Manifest
from reports.others import documents_by_cell, on_other_documents
from reports.power import deviation_limit, seeds_needed
from reports.reported import against_reported
from reports.wording import Price, sentence

__all__ = ["Caveat", "Claim", "Reported", "Verdict", "judge", "main"]

USAGE = """usage: python -m reports.verdict grid=NAME [--json]

Prints the verdict of results/NAME/: the headline, a sentence for each contrast, and caveats.

  grid=NAME  the folder under results/: a grid, grid@preset, or the name given to `run`
  --json     the same for a machine, with every number
"""


def judge(frames: Frames) -> Verdict:
    """Return the verdict of a grid; what cannot be said is said."""
    manifest = frames.manifest
    contrasts = family(frames)
    claims = _claims(frames, contrasts)
    losses = final_losses(frames)
    candidates = _candidates(manifest, losses)
    against = [index for index, each in enumerate(claims) if each.b == manifest.baseline]
    judged = Judged(
        frames,
        tuple(claims[index] for index in against),
        tuple(contrasts[index] for index in against),
        _best(manifest, claims, candidates),
        tuple(candidates),
        losses,
    )
    chosen = headline(judged)
    return Verdict(
        chosen.kind,
        chosen.text,
        chosen.lead,
        _scope(frames),
        judged.best if chosen.kind in NAMES_BEST else (),
        claims,
        caveats(frames, claims, contrasts),
        against_reported(manifest, claims),
    )


WIDTH_OF_A_FILE = 100
NAMES_BEST = {"equivalent", "wins", "set", "partly", "unresolved"}


def _claims(frames: Frames, contrasts: Sequence[Contrast]) -> tuple[Claim, ...]:
    manifest = frames.manifest
    found = intervals(contrasts, manifest)
    adjusted = _holm(contrasts)
    price = _price(frames)
    shares = shares_of(manifest, contrasts)
    documents = documents_by_cell(frames)
    usual = method_of(manifest, shares.against_baseline, shares.floored_alpha)
    claims = []
    for each in contrasts:
        interval, method = found.get((each.a, each.b), (None, usual))
        claim = _claim(manifest, each, interval, method, shares)
        second = on_other_documents(documents, each, interval)
        claim = replace(claim, holm_p=adjusted.get((each.a, each.b)), documents=second)
        claims.append(replace(claim, text=sentence(claim, each, manifest, price)))
    return tuple(claims)


def _claim(
    manifest: Manifest,
    contrast: Contrast,
    interval: Interval | None,
    method: Method,
    shares: Shares,
) -> Claim:
    differences = contrast.differences
    several = contrast.pairs >= FEWEST_PAIRS
    word = _word(contrast, interval, manifest)
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
        seeds_needed=_needed(interval, method, contrast.pairs, manifest, shares)
        if word == "unresolved" and interval and manifest.margin and method != "always-valid"
        else None,
        comparisons=shares.comparisons,
        critical=interval.critical if interval else None,
        size=_size(interval, word, manifest.margin),
        documents=None,
        seeds=contrast.seeds,
        differences=tuple(float(each) for each in differences),
    )


def _word(contrast: Contrast, interval: Interval | None, manifest: Manifest) -> Word:
    """The first line that applies."""
    if contrast.diverged:
        return "diverged"
    if contrast.is_identical:
        return "identical"
    if contrast.pairs < FEWEST_PAIRS:
        return "one_seed"
    if interval is None or manifest.state == "partial":
        return "unresolved"
    if interval.high < 0:
        return "better"
    if interval.low > 0:
        return "worse"
    margin = manifest.margin
    if margin is not None and -margin < interval.low and interval.high < margin:
        return "equivalent"
    return "unresolved"


def _size(interval: Interval | None, word: Word, margin: float | None) -> Any:
    if interval is None or margin is None or word not in {"better", "worse"}:
        return None
    near, far = sorted((abs(interval.low), abs(interval.high)))
    if near > margin:
        return "beyond"
    return "inside" if far < margin else None


def _needed(
    interval: Interval, method: Method, pairs: int, manifest: Manifest, shares: Shares
) -> tuple[int | None, int | None]:
    """Seeds for a true difference of the margin, from the noise seen and from its upper limit."""
    deviation = interval.half_width / interval.critical * math.sqrt(pairs)
    critical = partial(planned_critical, shares, method)
    margin = manifest.margin or 0.0
    low = seeds_needed(margin, deviation, critical)
    return low, seeds_needed(margin, deviation_limit(deviation, pairs), critical)


def _holm(contrasts: Sequence[Contrast]) -> Mapping[tuple[str, str], float]:
    tested = [
        each
        for each in contrasts
        if each.pairs >= FEWEST_PAIRS and not each.is_identical and not each.has_no_variance
    ]
    adjusted = holm([paired_p(each.differences) for each in tested])
    return {(each.a, each.b): p for each, p in zip(tested, adjusted, strict=True)}


def _price(frames: Frames) -> Price:
    finished = frames.cells.filter(pl.col("status") == "complete")
    median = finished["seconds"].median()
    seconds = float(median) if isinstance(median, int | float) else None
    return Price(seconds, str(frames.manifest.environment.get("device", "cpu")))


def _candidates(
    manifest: Manifest, losses: Mapping[str, Mapping[int, float]]
) -> Mapping[str, bool]:
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
    found = standings(finished, comparisons, method_of(manifest, comparisons, alpha), alpha)
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


def _scope(frames: Frames) -> str:
    manifest = frames.manifest
    tokens = frames.cells.filter(pl.col("status") == "complete")["tokens"].max()
    parameters = manifest.variant(manifest.baseline).parameters
    if not isinstance(tokens, int):
        return ""
    size = f"{numbers.amount(tokens)} tokens, {numbers.amount(parameters)} parameters"
    tuned = "these hyperparameters, which were tuned for no variant"
    return f"At {size}, this data and {tuned}."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 for bad input."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--help" in given or "-h" in given:
        sys.stdout.write(USAGE)
        return 0
    try:
        name, as_json = _arguments(given)
        verdict = judge(read_grid_frames(name))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if as_json:
        json.dump(verdict.as_json(), sys.stdout, indent=1, allow_nan=False, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        width = shutil.get_terminal_size((WIDTH_OF_A_FILE, 24)).columns
        sys.stdout.write("\n".join(_wrapped(_lines(verdict), width)) + "\n")
    return 0


def _arguments(given: Sequence[str]) -> tuple[str, bool]:
    name = None
    problems = []
    for each in given:
        key, joint, value = each.partition("=")
        if key == "grid" and joint and value:
            name = value
        elif each != "--json":
            hints = ("known: grid=NAME, --json, --help", *nearest(key, ["grid", "--json"]))
            problems.append(Problem("unknown argument", "command line", each, "", hints))
    if name is None and not problems:
        hints = ("python -m reports.verdict grid=positions",)
        problems.append(Problem("no grid was named", "command line", "grid", "", hints))
    if problems or name is None:
        raise UserError(*problems)
    return name, "--json" in given


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Break between words alone: half a number is another number."""
    wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).wrap
    return [part for line in lines for part in (wrap(line) or [""])]


def _lines(verdict: Verdict) -> list[str]:
    lines = [verdict.text, ""]
    lines += [each.text for each in verdict.claims]
    lines += [f"Caveat: {each.text}" for each in verdict.caveats]
    lines += [each.text for each in verdict.reported]
    return [*lines, verdict.scope] if verdict.scope else lines


if __name__ == "__main__":
    sys.exit(main())
