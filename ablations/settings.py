"""The project's own settings: where things lie, and which component files may be loaded."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.catalogue import component_files
from components.errors import Problem, UserError

DATA = Path("data")
RESULTS = Path("results")
PROJECT = Path("pyproject.toml")


def component_paths(named: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files and folders of components that the user allows to be loaded.

    They are those of `[tool.ablations] components = [...]` in the working directory's
    pyproject.toml, and those that the command line names; a grid cannot name any.

    Raises:
        UserError: the settings are no list of paths; a folder that is named holds no component.
    """
    for path in named:
        if path.is_dir() and not component_files(path):
            hint = "expected a Python file, or a folder that holds KIND/NAME.py"
            what = "the folder holds no components"
            raise UserError(Problem(what, "command line", "--components", str(path), (hint,)))
    return tuple(dict.fromkeys((*_project_paths(), *named)))


def _project_paths() -> tuple[Path, ...]:
    if not PROJECT.is_file():
        return ()
    try:
        settings = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(Problem(f"not TOML: {error}", str(PROJECT))) from error
    paths: Any = settings.get("tool", {}).get("ablations", {}).get("components", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        hint = 'expected components = ["my_components"], paths from the folder of pyproject.toml'
        key = "tool.ablations.components"
        raise UserError(Problem("no list of paths", str(PROJECT), key, str(paths), (hint,)))
    return tuple(Path(path) for path in paths)
