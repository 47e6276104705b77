"""Where a command works: the components it may load, and the folders it reads and writes."""

from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.runs import store

from ablations.command import Command, grid_of, results_name
from ablations.grid import Grid
from ablations.settings import DATA, RESULTS, component_paths
from components.catalogue import Catalogue, read_catalogue


@dataclass(frozen=True)
class Project:
    """Everything around a grid.

    Fields:
        catalogue: of the components that may be named.
        components: files and folders of the user's components.
        data: folder of prepared data.
        store: folder of runs.
        results: folder of results and reports.
    """

    catalogue: Catalogue
    components: tuple[Path, ...]
    data: Path
    store: Path
    results: Path


def project_of(command: Command) -> Project:
    """Return the project of the working directory, with the components the command line names."""
    components = component_paths(command.components)
    return Project(read_catalogue(components), components, DATA, store(), RESULTS)


def named_grid(command: Command, project: Project) -> Grid:
    """Read the command's grid, called as its results are called.

    Raises:
        UserError: everything that is wrong with it.
    """
    grid = grid_of(command, project.catalogue)
    return replace(grid, results_name=results_name(command, grid))
