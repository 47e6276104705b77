"""The page of all grids, written anew by a process of its own where more is known of one."""

import subprocess
import sys


def index(*, current: str = "", stale: str = "") -> None:
    """Write `results/index.html`, told of one grid whether its cells are as they would be trained.

    Args:
        current: results of which every cell is.
        stale: results of which some cell is not, since code or data changed.
    """
    words = [f"{key}={name}" for key, name in (("current", current), ("stale", stale)) if name]
    program = [sys.executable, "-m", "reports.index", *words]
    # a page that could not be written is no reason to say that the sweep failed
    subprocess.run(program, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
