"""What the templates say: one frozen value with every word of the page, nothing left to compute."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import costviews, effectviews, matched, misleadviews, parts, searchviews, tuning
from reports.cellviews import counts
from reports.claims import Caveat, Claim, Verdict
from reports.drawings.drawing import Drawing, Table
from reports.judged import loss_name
from reports.lengthviews import Section
from reports.manifest import Manifest
from reports.material import Material
from reports.measures import along_table, worth_table
from reports.numbers import amount, count, date
from reports.rows import Row
from reports.spending import choosing
from reports.switches import Switch
from reports.wording import listed

CONTENTS = (
    ("verdict", "Verdict"),
    ("variants", "Variants"),
    ("curves", "Loss curves"),
    ("mislead", "Where the picture misleads"),
    ("volatility", "Volatility"),
    ("profile", "Loss by position"),
    ("seeds", "Seeds"),
    ("cost", "Cost"),
    ("settle", "What would settle it"),
    ("cells", "Cells"),
    ("provenance", "Provenance"),
)
# Sentences of contrasts that stand open below the headline; the others are folded.
OPEN_SENTENCES = 5
OPEN_CAVEATS = 4
DISPLAYED = 240  # characters of a headline that are set in the largest type


@dataclass(frozen=True)
class Words:
    """A stretch of the headline, in bold or not."""

    text: str
    is_lead: bool


@dataclass(frozen=True)
class Warned:
    """A caveat with the name of the section that it points to."""

    text: str
    anchor: str
    link: str
    is_bad: bool


@dataclass(frozen=True)
class Said:
    """The verdict with what a reader must know before believing it."""

    question: str
    headline: tuple[Words, ...]
    is_long: bool
    because: tuple[str, ...]
    folded: tuple[str, ...]
    scope: str
    reported: tuple[str, ...]
    caveats: tuple[Warned, ...]
    further_caveats: tuple[Warned, ...]


@dataclass(frozen=True)
class Page:
    """Every word of the page.

    Fields:
        title, built, banner, codes, scale, contents: of its head.
        loss: what judges, `validation loss` or `loss at 1,024 tokens`.
        baseline, seeds, rows, command: of the whole grid, which several sections name.
        verdict to provenance: the sections, in their order; `along` and `worth` belong to
            volatility.
    """

    title: str
    built: str
    banner: str
    codes: tuple[str, ...]
    scale: tuple[str, ...]
    contents: tuple[tuple[str, str], ...]
    loss: str
    baseline: str
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    command: str
    verdict: Said
    variants: parts.Variants
    match: matched.Section | None
    effects: effectviews.View | None
    tuning: tuning.Section | None
    search: searchviews.Section | None
    curves: parts.Curves
    mislead: misleadviews.Section
    volatility: parts.Volatility
    along: Table
    worth: Table
    profile: Switch
    lengths: Section | None
    seed_drawing: Drawing
    cost: Switch
    choosing: str
    equal: costviews.Equal
    settle: parts.Settling
    cells: parts.Cells
    provenance: parts.Provenance


def page_of(material: Material) -> Page:
    """Say everything that the page says."""
    manifest = material.frames.manifest
    return Page(
        title=f"{title_sentences(material.verdict.text)} · {manifest.name}",
        built=date(material.built),
        banner=_banner(material),
        codes=(f"grid={manifest.grid}", f"preset={manifest.preset}", *manifest.overrides),
        scale=_scale(material),
        contents=_contents(material),
        loss=loss_name(manifest),
        baseline=material.baseline,
        seeds=manifest.seeds,
        rows=material.rows,
        command=manifest.command,
        verdict=_said(manifest, material.verdict, _contents(material)),
        variants=parts.variants(material),
        match=material.match_section,
        effects=material.effect_view,
        tuning=material.tuning_section,
        search=material.search_section,
        curves=parts.curves(material),
        mislead=material.picture_section,
        volatility=parts.volatility(material),
        along=along_table(material.marks, tuple(material.measures.values())),
        worth=worth_table(material.marks, tuple(material.measures.values())),
        profile=material.profile,
        lengths=material.by_length,
        seed_drawing=material.drawings["seeds"],
        cost=material.cost,
        choosing=choosing(manifest),
        equal=material.equal,
        settle=parts.settling(material),
        cells=parts.cells(material),
        provenance=parts.origin(material),
    )


def _contents(material: Material) -> tuple[tuple[str, str], ...]:
    """Return the sections: of effects, tuning, search, lengths those that the grid has."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    beyond = (
        ("effects", "Effects", material.effect_view),
        ("tuning", "Tuning", material.tuning_section),
        ("search", "Search", material.search_section),
    )
    found["variants"] = tuple((id_, name) for id_, name, view in beyond if view is not None)
    if material.by_length is not None:
        found["profile"] = (("lengths", material.by_length.drawing.title),)
    return tuple(one for each in CONTENTS for one in (each, *found.get(each[0], ())))


def _said(manifest: Manifest, verdict: Verdict, contents: Sequence[tuple[str, str]]) -> Said:
    said = [claim.text for claim in _in_order(verdict.claims)]
    told = tuple(text for text in said if text not in verdict.text)  # nothing is said twice
    effects = [" ".join(verdict.effects)] if verdict.effects else []
    rerun = [f"The re-run of the best: {manifest.command}"] if verdict.kind == "search" else []
    named = _candidates(manifest, verdict)
    opened = (*rerun, *effects, *named, *told[:OPEN_SENTENCES], *verdict.robust)
    warned = tuple(_warned(each, dict(contents)) for each in verdict.caveats)
    return Said(
        question=manifest.question,
        headline=headline(verdict.text, verdict.lead),
        is_long=len(verdict.text) > DISPLAYED,
        because=opened,
        folded=told[OPEN_SENTENCES:],
        scope=verdict.scope,
        reported=tuple(each.text for each in verdict.reported),
        caveats=warned[:OPEN_CAVEATS],
        further_caveats=warned[OPEN_CAVEATS:],
    )


def _in_order(claims: Sequence[Claim]) -> Sequence[Claim]:
    """Of more than stand open, those with a verdict come first."""
    if len(claims) <= OPEN_SENTENCES:
        return claims
    return sorted(claims, key=lambda each: each.verdict in {"unresolved", "one_seed"})


def _candidates(manifest: Manifest, verdict: Verdict) -> list[str]:
    """Name all that could be the best, where the headline has no room for them."""
    labels = [manifest.label(each) for each in verdict.set]
    if verdict.kind != "set" or all(label in verdict.text for label in labels):
        return []
    return [f"Could be the best: {listed(labels, limit=len(labels))}."]


def title_sentences(text: str) -> str:
    """Return the first and the last sentence of the headline."""
    sentences = re.split(r"(?<=[.!?]) (?=\S)", text)
    return sentences[0] if len(sentences) == 1 else f"{sentences[0]} {sentences[-1]}"


def headline(text: str, leads: str | Sequence[str]) -> tuple[Words, ...]:
    """Cut the headline at its decisive words; the parts joined are the headline."""
    parts: list[Words] = []
    rest = text
    for lead in [leads] if isinstance(leads, str) else leads:
        before, found, after = rest.partition(lead)
        if lead and found:
            parts += [Words(before, is_lead=False), Words(lead, is_lead=True)]
            rest = after
    return tuple(part for part in [*parts, Words(rest, is_lead=False)] if part.text)


def _banner(material: Material) -> str:
    manifest = material.frames.manifest
    if manifest.state == "complete":
        return ""
    statuses = [each.status for each in manifest.cells]
    ran = len(statuses) - statuses.count("missing")
    at = date(material.built)
    return (
        f"{ran} of {len(statuses)} cells; this page is of {at}. {counts(statuses)}. While the "
        "sweep runs it is written anew about once a minute: reload it to see more."
    )


def _scale(material: Material) -> tuple[str, ...]:
    manifest = material.frames.manifest
    variants, seeds = len(manifest.variants), len(manifest.seeds)
    plural = ["" if many == 1 else "s" for many in (variants, seeds)]
    size = f"{variants} variant{plural[0]} × {seeds} seed{plural[1]}"
    steps, tokens = manifest.training.get("steps"), manifest.training.get("tokens_per_step")
    if not steps or not tokens:
        return (size,)
    return (size, f"{count(steps)} steps, {amount(steps * tokens)} tokens a cell")


def _warned(caveat: Caveat, titles: Mapping[str, str]) -> Warned:
    link = titles.get(caveat.anchor, "See there")
    return Warned(caveat.text, caveat.anchor, link, caveat.kind in {"diverged", "failed"})
