"""Validate every grid that params.yaml lists, then prepare their text: a DVC stage."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablations.alike import prepared_of
from ablations.cells import named_cells
from ablations.command import bare_arguments, main_of
from ablations.grid import Grid, read_grid
from ablations.progress import say
from ablations.project import project_of
from ablations.yaml_source import read_source
from components.errors import Problem, UserError
from components.options import shown
from pipelines.files import write_json

if TYPE_CHECKING:
    from pipelines.cell import Data

PARAMETERS = Path("params.yaml")

HELP = """\
python -m ablations.prepare [--components PATH]

Validates each grid in the list `grids` of params.yaml and its preset, all problems at once, then
prepares the text that they name under data/.
"""


def main(argv: Sequence[str]) -> int:
    """Validate and prepare."""
    project = project_of(bare_arguments(argv, HELP))
    problems: list[Problem] = []
    wanted: dict[str, tuple[Grid, list[tuple[str, Data]]]] = {}
    for name in listed(PARAMETERS):
        try:
            grid = read_grid(name, (), project.catalogue)
            named = named_cells(grid, project.catalogue)
            wanted[name] = grid, [(variant.name, cell.data) for variant, cell in named]
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*problems)
    for name, (grid, used) in wanted.items():
        made = list(prepared_of(used, grid, project, say).values())
        say(f"data: {name} trains on {', '.join(str(each.folder) for each in made)}")
        # what the grid's sweep depends on: other grids' data is no reason to look again
        write_json(project.data / "grids" / f"{name}.json", [each.digest for each in made])
    return 0


def listed(path: Path) -> list[str]:
    """Return the grids that the project's parameters list.

    Raises:
        UserError: there is no list of names.
    """
    source = read_source(path)
    names: Any = source.values.get("grids")
    is_list = isinstance(names, list | tuple) and bool(names)
    if not is_list or not all(isinstance(each, str) for each in names):
        hint = "expected grids: [positions, ...], names of files in ablations/grids"
        place = source.place(("grids",))
        raise UserError(Problem("no list of grids", place, "grids", shown(names), (hint,)))
    return list(names)


if __name__ == "__main__":
    main_of(main)
