"""What a sweep would do: which cells are cached, which are stale and why, what the rest costs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal

from ablations.alike import (
    prepared_of,
    refuse_equal,
    refuse_other_text,
    refuse_same_function,
)
from ablations.cells import named_cells, variants
from ablations.earlier import Earlier, Pace, pace_of, why_stale
from ablations.grid import Grid
from ablations.language import Variant
from ablations.located import located
from ablations.project import Project
from ablations.solve import solved
from components.errors import Problem, UserError
from pipelines.cell import Cell
from pipelines.cost import Cost, measure, remembered
from pipelines.device import device_class
from pipelines.fingerprint import describe, evaluation_digest, fingerprint
from pipelines.prepare import Prepared
from pipelines.runs import Run, damaged, has_evaluation, read_run

CHECKPOINT = "checkpoint.pt"
"""What a training that was stopped leaves in the folder of its run."""

MANY_LAYERS = 100
"""Of a model that is minutes in building, on shapes alone."""

State = Literal["cached", "stale", "missing", "failed"]


@dataclass(frozen=True)
class Planned:
    """A cell and what is known of it before anything is trained.

    Fields:
        name: `none/3`.
        variant: the name of its variant.
        cell, data, fingerprint, document: what would be trained on what, and its identity.
        state: cached, complete or diverged; stale, an earlier version of it was trained, or its own
            run is damaged; missing; failed.
        why: the first thing that differs from the earlier version, or why it failed.
        run: what the store has; None unless cached or failed.
        cost: of the model, None where building it was not asked for.
        seconds: of training it, from measured runs; None where nothing like it was measured.
        unevaluated: names of evaluations that a cached cell still lacks.
        begun: whether it was stopped in mid-training, and goes on from its checkpoint.
    """

    name: str
    variant: str
    cell: Cell
    data: Prepared
    fingerprint: str
    document: Mapping[str, Any]
    state: State
    why: str | None
    run: Run | None
    cost: Cost
    seconds: float | None
    unevaluated: tuple[str, ...]
    begun: bool = False

    @property
    def flops(self) -> float:
        """Floating-point operations of training the whole cell."""
        training = self.cell.training
        tokens = training.context * training.batch * training.steps
        return self.cost.flops_per_token * tokens

    @property
    def to_do(self) -> bool:
        """Whether a worker has something to do for it."""
        return self.state != "cached" or bool(self.unevaluated)


@dataclass(frozen=True)
class Plan:
    """Every cell of a grid in grid order.

    Fields:
        grid, variants: what is compared.
        cells: variant by variant.
        device: class of device they would be trained on.
    """

    grid: Grid
    variants: tuple[Variant, ...]
    cells: tuple[Planned, ...]
    device: str

    @property
    def to_train(self) -> tuple[Planned, ...]:
        """The cells that would be trained, in grid order."""
        return tuple(each for each in self.to_do if each.state != "cached")

    @property
    def to_do(self) -> tuple[Planned, ...]:
        """The cells that would be trained or evaluated, in grid order; equal ones once."""
        first = {each.fingerprint: each for each in reversed(self.cells) if each.to_do}
        return tuple(each for each in self.cells if first.get(each.fingerprint) is each)

    def about(self, workers: int) -> float | None:
        """Return the seconds the sweep would take with so many workers; None if not known."""
        seconds = [each.seconds for each in self.to_train]
        if any(each is None for each in seconds):
            return None
        known = [each for each in seconds if each is not None]
        return max([sum(known) / workers, *known], default=0.0)


def plan(
    grid: Grid, project: Project, report: Callable[[str], None], earlier: Earlier | None = None
) -> Plan:
    """Look every cell of a grid up in the run store, and estimate what is missing.

    Without torch where every model was measured before. Data that is not there yet is prepared.

    Args:
        grid: what is compared.
        project: where components, data and runs are.
        report: is told what takes long.
        earlier: the runs of the store, where they were read before.

    Raises:
        UserError: text that cannot be read, a cell that cannot be built, two variants that are the
            same cell or the same function, or whose losses are of different text.
    """
    device = device_class()
    grid = solved(grid, project, report)
    named = variants(grid, project.catalogue)
    everything = named_cells(grid, project.catalogue)
    texts = [(variant.name, cell.data) for variant, cell in everything]
    prepared = prepared_of(texts, grid, project, report)
    drafts = [
        _draft(cell, variant, prepared[cell.data], device, project) for variant, cell in everything
    ]
    refuse_equal(drafts, grid, project)
    refuse_other_text(drafts, grid, project)
    costs = _costs(grid, drafts, project, report)
    refuse_same_function(drafts, costs, grid, project)
    earlier = earlier or Earlier(project.store)
    looked_up = [_look_up(each, grid, costs[each.variant], project, earlier) for each in drafts]
    return Plan(grid, named, tuple(_with_seconds(looked_up, earlier)), device)


@dataclass(frozen=True)
class _Draft:
    name: str
    variant: str
    cell: Cell
    data: Prepared
    fingerprint: str
    document: Mapping[str, Any]


def _draft(cell: Cell, variant: Variant, data: Prepared, device: str, project: Project) -> _Draft:
    document = describe(cell, data.digest, device, project.components)
    name = f"{variant.name}/{cell.seed}"
    return _Draft(name, variant.name, cell, data, fingerprint(document), document)


def _costs(
    grid: Grid, drafts: Sequence[_Draft], project: Project, report: Callable[[str], None]
) -> dict[str, Cost]:
    """Measure each variant once, a seed changes no cost; tell all that cannot be built at once."""
    found: dict[str, Cost] = {}
    problems: list[Problem] = []
    told = False
    for draft in drafts:
        if draft.variant in found:
            continue
        found[draft.variant] = Cost(0, 0.0, 0)
        asked = (draft.cell, draft.data.vocabulary, project.store, project.components)
        try:
            known = remembered(*asked)
            if known is None and not told:
                told = True
                report("building every variant once, to see that it can be built and what it costs")
            layers = draft.cell.model.options["layers"]
            if known is None and isinstance(layers, int) and layers >= MANY_LAYERS:
                report(f"building {draft.variant}: {layers} layers take a while")
            found[draft.variant] = known or measure(*asked)
        except UserError as error:
            problems += located(error, grid, draft.variant, project.catalogue).problems
    if problems:
        raise UserError(*dict.fromkeys(problems))  # a setting that several variants share, once
    return found


def _look_up(draft: _Draft, grid: Grid, cost: Cost, project: Project, earlier: Earlier) -> Planned:
    run = read_run(project.store, draft.fingerprint)
    state: State = "missing"
    why = None
    unevaluated: tuple[str, ...] = ()
    if run is not None and run.status == "failed":
        state, why = "failed", run.reason
    elif run is not None:
        state, unevaluated = "cached", _unevaluated(draft, grid, run)
    elif (file := damaged(project.store, draft.fingerprint)) is not None:
        state, why = "stale", f"{file} of its run cannot be read"
    elif (before := earlier.nearest(draft.document)) is not None:
        state, why = "stale", why_stale(before, draft.document, draft.cell.data)
    return Planned(
        draft.name, draft.variant, draft.cell, draft.data, draft.fingerprint, draft.document,
        state, why, run, cost, None, unevaluated,
        state != "cached" and (project.store / draft.fingerprint / CHECKPOINT).exists(),
    )  # fmt: skip


def _unevaluated(draft: _Draft, grid: Grid, run: Run) -> tuple[str, ...]:
    if run.status != "complete":
        return ()
    return tuple(
        each.name
        for each in grid.evaluate
        if not has_evaluation(run.folder, evaluation_digest(each, draft.cell))
    )


def _with_seconds(cells: Sequence[Planned], earlier: Earlier) -> Iterator[Planned]:
    """Estimate each cell that is not cached: by runs of its variant, else by its FLOPs."""
    if all(each.state == "cached" for each in cells):
        yield from cells
        return
    cached = _paces(cells, lambda each: pace_of(each.run) if each.run is not None else None)
    before = _paces(cells, lambda each: _pace_before(each, earlier))
    known = [pace for own in (cached or before).values() for pace in own]
    anywhere = known or earlier.paces(cells[0].document["device"])
    for each in cells:
        own = cached.get(each.variant) or before.get(each.variant)
        if each.state == "cached" or not (own or anywhere):
            yield each
        elif own:
            per_step = median(pace.seconds_per_step for pace in own)
            yield replace(each, seconds=per_step * each.cell.training.steps)
        else:
            speed = median(pace.flops_per_second for pace in anywhere)
            yield replace(each, seconds=each.flops / speed)


def _paces(
    cells: Sequence[Planned], pace: Callable[[Planned], Pace | None]
) -> dict[str, list[Pace]]:
    found: dict[str, list[Pace]] = {}
    for each in cells:
        if (measured := pace(each)) is not None:
            found.setdefault(each.variant, []).append(measured)
    return found


def _pace_before(cell: Planned, earlier: Earlier) -> Pace | None:
    """Return how fast the earlier version of a stale cell was."""
    before = earlier.nearest(cell.document) if cell.state == "stale" else None
    return None if before is None else earlier.pace(before)
