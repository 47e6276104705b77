"""Planned cells as workers, the study and the board know them."""

from collections.abc import Sequence

from ablations.backlog import loss_of
from ablations.board import QUEUED, Row
from ablations.planning import Plan, Planned
from ablations.project import Project
from ablations.study import Point, parameters
from pipelines.events import Job
from pipelines.runs import Run, locked


def jobs_of(planned: Plan, chosen: Sequence[Planned], project: Project) -> dict[str, Job]:
    """Return what workers are given, by fingerprint."""
    return {
        each.fingerprint: Job(
            each.cell,
            each.fingerprint,
            each.document,
            each.data.folder,
            project.store,
            planned.grid.evaluate,
            project.components,
        )
        for each in chosen
    }


def is_free(project: Project, fingerprint: str) -> bool:
    """Say whether no process works on a cell."""
    with locked(project.store, fingerprint) as ours:
        return ours


def open_points(planned: Plan, chosen: Sequence[Planned]) -> list[Point]:
    """Return the cells that a study shall hand out."""
    return [point_of(planned, each, None) for each in chosen]


def point_of(planned: Plan, cell: Planned, run: Run | None) -> Point:
    """Return a cell for the study, with what the store has of it."""
    settings = {each.name: each.settings for each in planned.variants}[cell.variant]
    keys = list(dict.fromkeys(key for each in planned.variants for key in each.differs))
    return Point(
        cell.fingerprint,
        cell.variant,
        cell.cell.seed,
        {"variant": cell.variant, **parameters(settings, keys, cell.cell.seed)},
        run.status if run is not None else "missing",
        loss_of(run) if run is not None else None,
    )


def row_of(cell: Planned) -> Row:
    """Return a cell for the board."""
    state = QUEUED if cell.to_do else "cached"
    return Row(cell.name, cell.variant, cell.cell.training.steps, cell.seconds, state)
