"""Where in a grid something was written that only building a cell could find wrong."""

from dataclasses import replace

from ablations.expand import expand
from ablations.grid import Grid
from ablations.language import Settings
from ablations.points import points
from ablations.resolve import Layers, written_options
from ablations.tree import Node
from components.catalogue import Catalogue
from components.errors import Problem, UserError
from pipelines.cell import PART_KINDS


def located(error: UserError, grid: Grid, variant: str, catalogue: Catalogue) -> UserError:
    """Return the error with the file, the line and the key of every setting that it names.

    Args:
        error: of building a cell; its keys are settings such as `positions.base`.
        grid: the grid that the cell is from.
        variant: the name of the cell's variant.
        catalogue: of the components that may be named.
    """
    names = [each.name for each in expand(grid.declared, catalogue).variants]
    layers = Layers(grid.declared.preset, grid.declared.fixed)
    point = points(grid.declared, layers, catalogue)[0][names.index(variant)]
    settings = {**point.settings, **grid.declared.solved.get(variant, {})}

    def placed(problem: Problem) -> Problem:
        if problem.place:
            return problem
        given = (problem.key, layers, settings, catalogue)
        node = _writer(*given) if problem.key else point.node
        if node is None:
            return replace(problem, place=point.node.place)
        return replace(problem, place=node.place, key=node.key, value=problem.value or node.text)

    return UserError(*(placed(problem) for problem in error.problems))


def _writer(key: str, layers: Layers, point: Settings, catalogue: Catalogue) -> Node | None:
    """Return what gave a setting its value; None where that is a default."""
    kind, _, rest = key.partition(".")
    if kind not in PART_KINDS:
        return {**layers.preset, **layers.fixed, **point}.get(key)
    name, _, option = rest.rpartition(".")
    for member, options in written_options(kind, layers, point, catalogue):
        if name in ("", member.name):
            return options.get(option, member.node)
    return None
