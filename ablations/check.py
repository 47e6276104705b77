"""Fail if a cell of a grid failed: the last DVC stage, after the report has been built."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablations.command import arguments, main_of
from ablations.progress import say
from ablations.project import named_grid, project_of, replayed
from components.errors import Problem, UserError
from pipelines.files import read_json

USAGE = """\
python -m ablations.check grid=NAME [key=value ...]

Exits with 1 if a cell of the gathered results failed or is missing, and names each with its log.
"""


def main(argv: Sequence[str]) -> int:
    """Check the results of one grid."""
    command = replayed(arguments(argv, USAGE, ("name",), ("--components", "--help")))
    project = project_of(command)
    grid = named_grid(command, project)
    path = project.results / grid.results_name / "manifest.json"
    if not path.exists():
        hint = f"python -m ablations.run grid={command.grid} makes them"
        raise UserError(Problem("there are no results to check", str(path), hints=(hint,)))
    manifest = read_json(path)
    wrong = [cell for cell in manifest["cells"] if cell["status"] in ("failed", "missing")]
    for cell in wrong:
        say(told(cell, project.store.as_posix()))
    if wrong:
        say(f"{len(wrong)} of {len(manifest['cells'])} cells without a result")
    return 1 if wrong else 0


def told(cell: Mapping[str, Any], store: str) -> str:
    """Return the lines about a cell that has no result: why, the end of its log, what to do."""
    lines = [
        f"{cell['status']}: {cell['cell']}" + (f": {cell['reason']}" if cell["reason"] else "")
    ]
    if cell["status"] == "failed":
        lines.append(f"  log: {store}/{cell['fingerprint']}/log.txt")
    lines += [f"    {line}" for line in (cell["log"] or "").splitlines()[-5:]]
    return "\n".join([*lines, f"  again: {cell['command']}"])


if __name__ == "__main__":
    main_of(main)
