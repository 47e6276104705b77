"""What the templates say below the verdict: one frozen value for each section of the page."""

from dataclasses import dataclass

import numpy as np

from reports import provenance, settle
from reports.alongside import difference_table, loss_table
from reports.cellviews import CellView, cell_views, cells_title
from reports.drawings.drawing import Drawing, Table
from reports.groups import MANY, Group, groups
from reports.judged import has_answers, judged_length, loss_words
from reports.marks import Look, Tick, scale_ticks
from reports.material import Material
from reports.measures import finding, measures_table, sentences
from reports.numbers import THIN, count, percent
from reports.settle import Plan

OPEN_PLANS = 3


@dataclass(frozen=True)
class Variants:
    """Around the table of variants, and its rows in groups.

    Fields:
        is_long: it gets a filter.
        has_picks: it has more variants than there are colours, and the reader picks some.
    """

    level: str
    pairing: str
    note: str
    noise_note: str
    has_accuracy: bool
    scale_ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]
    is_long: bool
    has_picks: bool


@dataclass(frozen=True)
class Curves:
    """The two figures of curves: why one is not drawn, what can be chosen, their tables."""

    problem: str
    difference_problem: str
    x_axes: tuple[tuple[str, str], ...]
    label: str
    table: Table
    difference_table: Table


@dataclass(frozen=True)
class Multiple:
    """A small figure with the look of its variant.

    Fields:
        follows: whether it is shown only while its variant has a colour.
    """

    id: str
    drawing: Drawing
    look: Look
    follows: bool


@dataclass(frozen=True)
class Volatility:
    """The small figures and the measures."""

    title: str
    note: str
    sentences: tuple[str, ...]
    multiples: tuple[Multiple, ...]
    table: Table


@dataclass(frozen=True)
class Settling:
    """Plans, and why some contrasts have none."""

    title: str
    note: str
    wider: str
    plans: tuple[Plan, ...]
    further_plans: int
    without_plan: tuple[str, ...]


@dataclass(frozen=True)
class Cells:
    """The map of cells, whose rows are the page's, and the cells that are not done."""

    title: str
    unfinished: tuple[CellView, ...]
    missing: int


@dataclass(frozen=True)
class Provenance:
    """Where everything comes from."""

    facts: tuple[tuple[str, str], ...]
    grid_file: str
    grid_text: str
    tables: tuple[tuple[str, Table], ...]
    runs: tuple[CellView, ...]


def variants(material: Material) -> Variants:
    """Say what stands around the table of variants."""
    levels = [each.level for each in material.verdict.claims if each.low is not None]
    return Variants(
        level=percent(levels[0] if levels else 0.95),
        pairing=material.frames.manifest.pairing,
        note=_variants_note(material),
        noise_note=_noise_note(material),
        has_accuracy=has_answers(material.frames.manifest),
        scale_ticks=() if material.scale is None else scale_ticks(material.scale),
        groups=groups(material.frames.manifest, material.rows),
        is_long=len(material.rows) > MANY,
        has_picks=not all(row.is_shown for row in material.rows),
    )


def curves(material: Material) -> Curves:
    """Say what stands around the curves."""
    manifest = material.frames.manifest
    has_curves = bool(np.isfinite(material.matrix).any())
    return Curves(
        problem="" if has_curves else "No cell has a curve: steps.parquet has no loss.",
        difference_problem=_difference_problem(material),
        x_axes=_x_axes(material),
        label=_curves_label(material),
        table=loss_table(manifest, material.marks, material.matrix),
        difference_table=difference_table(manifest, material.marks, material.matrix),
    )


def volatility(material: Material) -> Volatility:
    """Say what stands around the small figures."""
    marks, measures = material.marks, tuple(material.measures.values())
    return Volatility(
        title=finding(marks, measures),
        note=_volatility_note(material),
        sentences=sentences(marks, measures),
        multiples=tuple(
            Multiple(each.id, each.drawing, Look(each.mark), each.follows)
            for each in material.multiples
        ),
        table=measures_table(marks, measures),
    )


def settling(material: Material) -> Settling:
    """Say what would settle what is not resolved."""
    return Settling(
        title=settle.heading(material.plans, material.verdict),
        note=settle.note(material.plans, material.verdict),
        wider=settle.wider(material.plans, material.frames),
        plans=material.plans[:OPEN_PLANS],
        further_plans=len(material.plans[OPEN_PLANS:]),
        without_plan=settle.without_plan(material.frames, material.verdict),
    )


def cells(material: Material) -> Cells:
    """Say what became of the cells."""
    views = tuple(cell_views(material.frames).values())
    return Cells(
        title=cells_title(material.frames),
        unfinished=tuple(view for view in views if view.status not in {"done", "missing"}),
        missing=sum(view.status == "missing" for view in views),
    )


def origin(material: Material) -> Provenance:
    """Say where everything comes from."""
    manifest = material.frames.manifest
    tables = (
        ("settings of the baseline", provenance.settings_table(manifest)),
        ("what each variant changes", provenance.differences_table(manifest)),
        ("sources and licences of the text", provenance.licences_table(manifest)),
        ("files this page was made from", _files_table(material)),
    )
    return Provenance(
        facts=provenance.facts(material.frames),
        grid_file=manifest.grid_file,
        grid_text=manifest.grid_text,
        tables=tables,
        runs=tuple(cell_views(material.frames).values()),
    )


def _variants_note(material: Material) -> str:
    loss = loss_words(material.frames.manifest)
    if len(material.frames.manifest.seeds) == 1:
        return (
            f"Final {loss} of one seed; dashed: the baseline. There are no intervals from "
            "one seed. Lower is better."
        )
    return (
        f"Mean final {loss}. Thin bar: 95{THIN}% interval of the variant's own mean; "
        f"thick bar: 50{THIN}%; ticks below: one for each seed; dashed: the baseline. The bars "
        "are not simultaneous: verdicts come from the "
        f"{material.frames.manifest.pairing} difference. Lower is better.{_unequal_seeds(material)}"
    )


def _unequal_seeds(material: Material) -> str:
    """Say why means and differences do not add up where variants have unlike seeds."""
    done = {each.name: set[int]() for each in material.frames.manifest.variants}
    for cell in material.frames.manifest.cells:
        if cell.status == "complete":
            done[cell.variant].add(cell.seed)
    alike = len({frozenset(seeds) for seeds in done.values() if seeds}) < 2  # noqa: PLR2004
    if alike or not material.frames.manifest.is_paired:
        return ""
    return " A mean is that of the variant's own seeds, a difference that of the seeds of both."


def _noise_note(material: Material) -> str:
    if all(each.estimates.own_ratio is None for each in material.measures.values()):
        return ""
    return (
        "Own noise: how much a variant's training loss jumps from step to step by itself, beyond "
        "what its batches make all variants jump, as a multiple of the baseline's, with "
        "its simultaneous interval. An interval that contains 1 shows no difference."
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
    # A loss at another length says nothing about where these curves end.
    if not order or judged_length(material.frames.manifest) is not None:
        return "Training loss over steps."
    low, high = order[0][1].label, order[-1][1].label
    return f"Training loss over steps. {low} ends lowest, {high} highest."


def _volatility_note(material: Material) -> str:
    lines = (
        f"Line: standard deviation between seeds of the mean loss over the last 2{THIN}% of steps, "
        "grey: the other variants. Ticks on top: loss spikes, a row for each "
        "seed, grey where most variants share them. "
        if material.multiples
        else ""
    )
    if any(each.follows for each in material.multiples):
        lines += "There are panels of the variants that are in colour; the table has all. "
    return (
        f"{lines}Step-to-step noise is mostly the batch's, common to all variants; own noise is "
        "what a variant adds to it."
    )


def _files_table(material: Material) -> Table:
    listed = provenance.files(material.frames.folder)
    rows = tuple((file.name, count(file.bytes), file.digest) for file in listed)
    return Table(("file", "bytes", "BLAKE2b, 20 digits"), rows)
