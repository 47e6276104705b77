"""The first stage of a sweep whose grid leaves something open: tuning, or a search."""

from collections.abc import Mapping

from ablations.ahead import ahead, so_far, what_comes_first
from ablations.choices import Choices, choices
from ablations.command import Command
from ablations.grid import Grid
from ablations.progress import say
from ablations.project import Project
from ablations.searches import search
from ablations.selection import refuse_unknown
from ablations.study import View, write_study
from ablations.training import Trained, train
from ablations.warned import tell_of_models
from ablations.workers import places


def choose(grid: Grid, command: Command, project: Project) -> tuple[Choices, Trained | None]:
    """Return what is chosen for a grid, having trained what that takes, and how far this came.

    Raises:
        UserError: everything that is wrong with the grid; nothing was trained then.
    """
    found = choices(grid, project, say)
    if found.outline is None:
        return found, None
    refuse_unknown(found.outline, command.only)
    trained = None
    if found.to_do:
        tell_of_models(found.outline)
        say(ahead(found, len(places(found.outline.device, command.workers))))
        trained = _trained(found, command, project)
        found = choices(grid, project, say)
        _write_view(grid.results_name, found.views, project)
    if trained is None or trained.signal is None:
        for line in so_far(found):
            say(line)
    return found, trained


def _trained(found: Choices, command: Command, project: Project) -> Trained:
    if found.listed is not None:
        counts = what_comes_first(found)
        return train(found.listed, found.listed.to_do, command, project, counts=counts)
    device = found.outline.device if found.outline is not None else "cpu"
    return search(found.sought, device, command, project)


def _write_view(name: str, views: Mapping[str, View], project: Project) -> None:
    """Show what was tried before the first cell is judged, also where no more than that is done."""
    write_study(project.store / "studies" / f"{name}.log", name, (), views)
