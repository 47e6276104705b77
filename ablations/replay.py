"""The command that does something again, quoted for a shell."""

import shlex
from collections.abc import Sequence

from ablations.grid import GRIDS, Grid


def command_of(grid: Grid, options: Sequence[str] = (), cell: str | None = None) -> str:
    """Return the command that runs a grid, or one of its cells.

    Args:
        grid: with the changes of the command line.
        options: of the command line that it takes as well: `--components`, `name=`.
        cell: `none/3`; None for all.
    """
    named = grid.name if grid.path.parent == GRIDS else str(grid.path)
    arguments = [f"grid={named}", *grid.overrides, *options]
    if cell is not None:
        arguments.append(f"only={cell}")
    return shlex.join(["python", "-m", "ablations.run", *arguments])
