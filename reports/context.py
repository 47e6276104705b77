"""What the templates say: one frozen value with every word of the page, nothing left to compute."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports import provenance, settle
from reports.alongside import difference_table, loss_table
from reports.cellviews import CellView, cell_views, cells_title, counts
from reports.claims import Caveat
from reports.figures import Drawing, Table
from reports.marks import Look, Tick, scale_ticks
from reports.material import Material
from reports.measures import finding, measures_table, sentences
from reports.numbers import THIN, amount, count, date, percent
from reports.rows import Row
from reports.settle import Plan

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
OPEN_PLANS = 3


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
class Multiple:
    """A small figure with the look of its variant."""

    id: str
    drawing: Drawing
    look: Look


@dataclass(frozen=True)
class Page:
    """Every word of the page, by section."""

    title: str
    built: str
    banner: str
    codes: tuple[str, ...]
    scale: tuple[str, ...]
    contents: tuple[tuple[str, str], ...]
    # verdict
    question: str
    headline: tuple[Words, ...]
    because: tuple[str, ...]
    folded: tuple[str, ...]
    scope: str
    reported: tuple[str, ...]
    caveats: tuple[Warned, ...]
    further_caveats: tuple[Warned, ...]
    # variants
    baseline: str
    level: str
    variants_note: str
    scale_ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    # curves
    curves_problem: str
    difference_problem: str
    x_axes: tuple[tuple[str, str], ...]
    seeds: tuple[int, ...]
    curves_label: str
    loss_table: Table
    difference_table: Table
    # volatility
    volatility_title: str
    volatility_note: str
    volatility_sentences: tuple[str, ...]
    multiples: tuple[Multiple, ...]
    volatility_table: Table
    # profile, seeds, cost
    profile: Drawing
    seed_drawing: Drawing
    cost: Drawing
    # settle
    settle_title: str
    settle_note: str
    plans: tuple[Plan, ...]
    further_plans: int
    # cells
    cells_title: str
    unfinished: tuple[CellView, ...]
    missing: int
    # provenance
    facts: tuple[tuple[str, str], ...]
    command: str
    grid_file: str
    grid_text: str
    settings_table: Table
    differences_table: Table
    licences_table: Table
    files_table: Table
    runs: tuple[CellView, ...]


def page_of(material: Material) -> Page:
    """Say everything that the page says."""
    manifest, verdict = material.frames.manifest, material.verdict
    told = tuple(claim.text for claim in verdict.claims)
    warned = tuple(_warned(each) for each in verdict.caveats)
    views = tuple(cell_views(material.frames).values())
    has_curves = bool(np.isfinite(material.matrix).any())
    return Page(
        title=f"{title_sentences(verdict.text)} · {manifest.name}",
        built=date(material.built),
        banner=_banner(material),
        codes=(f"grid={manifest.grid}", f"preset={manifest.preset}", *manifest.overrides),
        scale=_scale(material),
        contents=CONTENTS,
        question=manifest.question,
        headline=headline(verdict.text, verdict.lead),
        because=told[:OPEN_SENTENCES],
        folded=told[OPEN_SENTENCES:],
        scope=verdict.scope,
        reported=tuple(each.text for each in verdict.reported),
        caveats=warned[:OPEN_CAVEATS],
        further_caveats=warned[OPEN_CAVEATS:],
        baseline=material.baseline,
        level=_level(material),
        variants_note=_variants_note(material),
        scale_ticks=() if material.scale is None else scale_ticks(material.scale),
        rows=material.rows,
        curves_problem="" if has_curves else "No cell has a curve: steps.parquet has no loss.",
        difference_problem=_difference_problem(material),
        x_axes=_x_axes(material),
        seeds=manifest.seeds,
        curves_label=_curves_label(material),
        loss_table=loss_table(manifest, material.marks, material.matrix),
        difference_table=difference_table(manifest, material.marks, material.matrix),
        volatility_title=finding(material.marks, tuple(material.measures.values())),
        volatility_note=_volatility_note(material),
        volatility_sentences=sentences(material.marks, tuple(material.measures.values())),
        multiples=tuple(
            Multiple(each.id, each.drawing, Look(each.mark)) for each in material.multiples
        ),
        volatility_table=measures_table(material.marks, tuple(material.measures.values())),
        profile=material.drawings["profile"],
        seed_drawing=material.drawings["seeds"],
        cost=material.drawings["cost"],
        settle_title=settle.heading(material.plans, verdict),
        settle_note=settle.note(material.plans, verdict),
        plans=material.plans[:OPEN_PLANS],
        further_plans=len(material.plans[OPEN_PLANS:]),
        cells_title=cells_title(material.frames),
        unfinished=tuple(view for view in views if view.status not in {"done", "missing"}),
        missing=sum(view.status == "missing" for view in views),
        facts=provenance.facts(material.frames),
        command=manifest.command,
        grid_file=manifest.grid_file,
        grid_text=manifest.grid_text,
        settings_table=provenance.settings_table(manifest),
        differences_table=provenance.differences_table(manifest),
        licences_table=provenance.licences_table(manifest),
        files_table=_files_table(material),
        runs=views,
    )


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
    return f"{ran} of {len(statuses)} cells; this page is of {at}. {counts(statuses)}."


def _scale(material: Material) -> tuple[str, ...]:
    manifest = material.frames.manifest
    variants, seeds = len(manifest.variants), len(manifest.seeds)
    size = f"{variants} variants × {seeds} seed{'' if seeds == 1 else 's'}"
    steps, tokens = manifest.training.get("steps"), manifest.training.get("tokens_per_step")
    if not steps or not tokens:
        return (size,)
    return (size, f"{count(steps)} steps, {amount(steps * tokens)} tokens a cell")


def _warned(caveat: Caveat) -> Warned:
    link = dict(CONTENTS).get(caveat.anchor, "See there")
    return Warned(caveat.text, caveat.anchor, link, caveat.kind in {"diverged", "failed"})


def _level(material: Material) -> str:
    levels = [each.level for each in material.verdict.claims if each.low is not None]
    return percent(levels[0] if levels else 0.95)


def _variants_note(material: Material) -> str:
    if len(material.frames.manifest.seeds) == 1:
        return (
            "Final validation loss of one seed; dashed: the baseline. There are no intervals from "
            "one seed. Lower is better."
        )
    return (
        f"Mean final validation loss. Thin bar: 95{THIN}% interval of the variant's own mean; "
        f"thick bar: 50{THIN}%; ticks below: one for each seed; dashed: the baseline. The bars "
        "are not simultaneous: verdicts come from the paired difference. Lower is better."
    )


def _difference_problem(material: Material) -> str:
    manifest = material.frames.manifest
    if len(manifest.variants) < 2:  # noqa: PLR2004 (a difference needs two)
        return "The grid has one variant."
    base = [row for row, each in enumerate(manifest.cells) if each.variant == manifest.baseline]
    if not np.isfinite(material.matrix[base]).any():
        return f"No cell of {material.baseline} has a curve, so there is no difference to draw."
    return ""


def _x_axes(material: Material) -> tuple[tuple[str, str], ...]:
    base = material.summaries[material.baseline_place]
    known = (
        ("step", "steps", 1.0),
        ("tokens", "tokens", base.tokens_per_step),
        ("seconds", "seconds", base.seconds_per_step),
        ("flops", "FLOPs", base.flops_per_step),
    )
    return tuple((value, name) for value, name, factor in known if factor is not None)


def _curves_label(material: Material) -> str:
    ended = [each for each in zip(material.summaries, material.marks, strict=True) if each[0].wide]
    order = sorted(ended, key=lambda each: each[0].wide.mean if each[0].wide else 0.0)
    if not order:
        return "Training loss over steps."
    low, high = order[0][1].label, order[-1][1].label
    return f"Training loss over steps. {low} ends lowest, {high} highest."


def _volatility_note(material: Material) -> str:
    lines = (
        f"Line: standard deviation between seeds of the mean loss over the last 2{THIN}% of steps, "
        "grey: the other variants. Ticks on top: loss spikes, a row for each seed. "
        if material.multiples
        else ""
    )
    return (
        f"{lines}Step-to-step noise is mostly the batch's, common to all variants; own noise is "
        "what a variant adds to it."
    )


def _files_table(material: Material) -> Table:
    listed = provenance.files(material.frames.folder)
    rows = tuple((file.name, count(file.bytes), file.digest) for file in listed)
    return Table(("file", "bytes", "BLAKE2b, 20 digits"), rows)
