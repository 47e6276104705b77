"""What a grid leaves open and must know before it trains: options that make variants equal."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ablations.expand import Expansion, expand
from ablations.grid import Grid
from ablations.match import FLOPS_STEPS, Match, solve, steps_of
from ablations.project import Project
from ablations.resolve import lookup
from ablations.tree import Node, Problems
from components.errors import UserError
from pipelines.cell import Cell
from pipelines.cost import Cost, measure, remembered
from pipelines.prepare import prepare

Report = Callable[[str], None]


def solved(grid: Grid, project: Project, report: Report) -> Grid:
    """Return the grid with the options that `match` and `hold: flops` leave open.

    Args:
        grid: as it was read.
        project: where components, data and measured costs are.
        report: is told what takes long.

    Raises:
        UserError: a variant cannot be made equal; the message says by how much it misses.
    """
    if grid.match is not None:
        grid = _with(grid, _matched(grid, grid.match, project, report))
    if grid.hold == "flops":
        grid = _with(grid, _steps(grid, project, report))
    return grid


def _with(grid: Grid, found: Mapping[str, Mapping[str, Node]]) -> Grid:
    before = grid.declared.solved
    joined = {name: {**before.get(name, {}), **settings} for name, settings in found.items()}
    return replace(grid, declared=replace(grid.declared, solved={**before, **joined}))


def _matched(
    grid: Grid, match: Match, project: Project, report: Report
) -> dict[str, dict[str, Node]]:
    """Solve the free option of every variant beside the baseline."""
    expansion = expand(grid.declared, project.catalogue)
    baseline = _cells(expansion)[grid.baseline]
    target = _quantity(match, _cost(baseline, project, report))
    problems = Problems()
    found: dict[str, dict[str, Node]] = {}
    for variant in expansion.variants:
        if variant.name != grid.baseline:
            value = problems.attempt(
                0, _value, grid, match, variant.name, target, (project, report)
            )
            found[variant.name] = {match.key: _node(match.node, match.key, value)}
    problems.settle()
    return found


def _value(
    grid: Grid, match: Match, name: str, target: float, world: tuple[Project, Report]
) -> int:
    project, report = world

    @cache
    def cell_with(value: int) -> Cell:
        trial = _with(grid, {name: {match.key: _node(match.node, match.key, value)}})
        return _cells(expand(trial.declared, project.catalogue))[name]

    def measured(value: int) -> float:
        return _quantity(match, _cost(cell_with(value), project, report))

    own = _cells(expand(grid.declared, project.catalogue))[name]
    start, width = lookup(own, match.key), own.model.options["width"]
    first: Any = start if type(start) is int else width
    try:
        if _remembered(cell_with(first), project, report) is None:
            report(f"solving {match.key} of {name} for equal {match.quantity}")
        measured(first)
    except UserError as error:
        hints = (error.problems[0].what, *error.problems[0].hints)
        what = f"{name} cannot be matched by {match.key}"
        raise match.node.refuse(what, *hints) from error
    return solve(match, target, first, measured, name)


def _steps(grid: Grid, project: Project, report: Report) -> dict[str, dict[str, Node]]:
    """Give every variant the steps that the FLOPs of the baseline allow."""
    cells = _cells(expand(grid.declared, project.catalogue))
    base = cells[grid.baseline]
    flops = {name: _flops_of_step(cell, project, report) for name, cell in cells.items()}
    node = Node("flops", "hold", grid.path.name)
    return {
        name: {
            FLOPS_STEPS: _node(
                node, FLOPS_STEPS, steps_of(base.training.steps, flops[grid.baseline], own)
            )
        }
        for name, own in flops.items()
        if name != grid.baseline
    }


def _flops_of_step(cell: Cell, project: Project, report: Report) -> float:
    tokens = cell.training.context * cell.training.batch
    return _cost(cell, project, report).flops_per_token * tokens


def _cells(expansion: Expansion) -> dict[str, Cell]:
    names = [variant.name for variant in expansion.variants]
    return dict(zip(names, expansion.cells, strict=True))


def _quantity(match: Match, cost: Cost) -> float:
    return float(cost.parameters if match.quantity == "parameters" else cost.flops_per_token)


def _cost(cell: Cell, project: Project, report: Report) -> Cost:
    found = _remembered(cell, project, report)
    vocabulary = prepare(cell.data, project.data, report).vocabulary
    return found or measure(cell, vocabulary, project.store, project.components)


def _remembered(cell: Cell, project: Project, report: Report) -> Cost | None:
    vocabulary = prepare(cell.data, project.data, report).vocabulary
    return remembered(cell, vocabulary, project.store, project.components)


def _node(asks: Node, key: str, value: int) -> Node:
    return Node(value, key, asks.place)
