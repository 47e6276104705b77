"""The command that does something again, quoted for a shell."""

import shlex

from ablations.grid import GRIDS, Grid


def command_of(grid: Grid, cell: str | None = None) -> str:
    """Return the command that runs a grid, or one of its cells."""
    named = grid.name if grid.path.parent == GRIDS else str(grid.path)
    arguments = [f"grid={named}", *grid.overrides]
    if cell is not None:
        arguments.append(f"only={cell}")
    return shlex.join(["python", "-m", "ablations.run", *arguments])
