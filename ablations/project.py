"""Where a command works: the components it may load, and the folders it reads and writes."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from ablations.command import Command, bare_arguments, grid_of, results_name
from ablations.grid import Grid, grid_names
from ablations.settings import DATA, RESULTS, component_paths
from components.catalogue import Catalogue, read_catalogue
from pipelines.files import read_json
from pipelines.runs import store


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


def replayed(command: Command) -> Command:
    """Return the command that made the results it names; other commands as they are.

    `grid=positions+7e2397` is no grid, but it may be a folder of results, whose manifest says of
    which grid and with which changes it is.
    """
    path = RESULTS / command.grid / "manifest.json"
    if command.grid in grid_names() or Path(command.grid).name != command.grid or not path.exists():
        return command
    _, _, _, *words = shlex.split(read_json(path)["command"])  # python -m ablations.run
    before = bare_arguments(words, "")
    return replace(
        command,
        grid=before.grid,
        overrides=(*before.overrides, *command.overrides),
        name=command.name or before.name,
        components=(*before.components, *command.components),
    )


def named_grid(command: Command, project: Project) -> Grid:
    """Read the command's grid, called as its results are called.

    Raises:
        UserError: everything that is wrong with it.
    """
    grid = grid_of(command, project.catalogue)
    return replace(grid, results_name=results_name(command, grid))
