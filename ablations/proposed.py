"""Cells that are trained to choose by: variants with proposed settings, on other seeds."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ablations.checking import refuse_broken
from ablations.earlier import Earlier
from ablations.grid import Grid
from ablations.left_open import laid_in
from ablations.looks import VALIDATION
from ablations.planning import Plan, Planned, plan
from ablations.project import Project
from components.errors import UserError
from pipelines.fingerprint import evaluation_digest
from pipelines.runs import Run, has_evaluation, read_run


def choosing_grid(
    grid: Grid, variants: Collection[str], others: Collection[str], seeds: Sequence[int]
) -> Grid:
    """Return a grid of which some variants are trained on seeds that choose, others on none.

    They are evaluated as their training goes, and not at other lengths.

    Args:
        grid: as it was read.
        variants: those that are trained.
        others: the rest.
        seeds: that choose.
    """
    return replace(
        grid,
        seeds=tuple(seeds),
        looks=None,
        asked={**dict.fromkeys(others, ()), **dict.fromkeys(variants, tuple(seeds))},
        evaluate=(VALIDATION,),
        judge=VALIDATION,
    )


class Proposed:
    """The cells of one variant, by the settings that are proposed for it.

    Args:
        grid: with seeds that choose, and no cells of other variants.
        variant: the name of the variant.
        project: where components, data and runs are.
        earlier: the runs of the store.
    """

    def __init__(self, grid: Grid, variant: str, project: Project, earlier: Earlier) -> None:
        self._grid = grid
        self._variant = variant
        self._project = project
        self._earlier = earlier
        self._plans: dict[str, Plan] = {}
        self._cells: dict[str, Planned] = {}

    def plan(self, settings: Mapping[str, Any]) -> Plan:
        """Return the plan of the cells with these settings.

        Raises:
            UserError: there are no such cells; a model of theirs lets a token see its future.
        """
        key = json.dumps(settings, sort_keys=True)
        if key not in self._plans:
            open_ = self._grid.left_open
            declared = laid_in(open_, self._grid.declared, [self._variant], settings)
            grid = replace(self._grid, declared=declared)
            planned = plan(grid, self._project, _silently, self._earlier)
            refuse_broken(planned, planned.to_train, self._project, _silently)
            self._plans[key] = planned
            self._cells |= {each.fingerprint: each for each in planned.cells}
        return self._plans[key]

    def cell(self, settings: Mapping[str, Any], seed: int) -> Planned:
        """Return one cell.

        Raises:
            UserError: there is no such cell.
        """
        return next(each for each in self.plan(settings).cells if each.cell.seed == seed)

    def fingerprints(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the fingerprints of the cells by seed; none where they cannot be built."""
        try:
            return tuple(each.fingerprint for each in self.plan(settings).cells)
        except UserError:
            return ()

    def run(self, fingerprint: str) -> Run | None:
        """Return what the store has of a cell; None also where it was trained and not evaluated.

        Args:
            fingerprint: of a cell of a plan; others are of other variants.
        """
        planned = self._cells.get(fingerprint)
        run = read_run(self._project.store, fingerprint)
        if planned is None or run is None or run.status != "complete":
            return run
        return (
            run if has_evaluation(run.folder, evaluation_digest(VALIDATION, planned.cell)) else None
        )


def _silently(_text: str) -> None:
    """Tell nothing: a board is shown meanwhile."""
