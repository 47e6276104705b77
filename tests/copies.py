"""A copy of the repository, in which a test may edit what it likes."""

import os
import shutil
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "runs", "results", "data", "tmp"
)


def copied(folder: Path) -> Path:
    """Copy the working tree, without what commands have made, and return where it is."""
    return Path(shutil.copytree(PROJECT, folder / "project", ignore=LEFT_OUT))


def environment() -> dict[str, str]:
    """Return the environment of a user in that copy, with this Python first on the path."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "ABLATIONS_STORE")}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "OMP_NUM_THREADS": "1"}
