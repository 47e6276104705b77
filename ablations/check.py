"""Fail if a cell of a grid failed: the last DVC stage, after the report has been built."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ablations.command import arguments, main_of
from ablations.progress import say
from ablations.project import named_grid, project_of, replayed
from components.errors import Problem, UserError
from components.options import shown
from pipelines.files import read_json

USAGE = """\
python -m ablations.check grid=NAME [key=value ...]

Exits with 1 if a cell of the gathered results failed or is missing, and names each with its log;
and if a cell failed by which tuning would have chosen.
"""


def main(argv: Sequence[str]) -> int:
    """Check the results of one grid."""
    command = replayed(arguments(argv, USAGE, ("name",), ("--components", "--help")))
    project = project_of(command)
    grid = named_grid(command, project)
    path = project.results / grid.results_name / "manifest.json"
    if not path.exists():
        hint = f"python -m ablations.run {shlex.quote('grid=' + command.grid)} makes them"
        raise UserError(Problem("there are no results to check", str(path), hints=(hint,)))
    manifest = read_json(path)
    wrong = [cell for cell in manifest["cells"] if cell["status"] in ("failed", "missing")]
    for cell in wrong:
        say(told(cell, project.store.as_posix()))
    if wrong:
        say(f"{len(wrong)} of {len(manifest['cells'])} cells without a result")
    untried = failed_points(manifest)
    for line in untried:
        say(line)
    return 1 if wrong or untried else 0


def failed_points(manifest: Mapping[str, Any]) -> list[str]:
    """Return a line for each point that tuning could not try: its variant chose among fewer.

    Where a sampler proposes, points that cannot be built are no failure.
    """
    tuning = manifest.get("tuning")
    if tuning is None or tuning["sampler"] is not None:
        return []
    again = f"  again: {manifest['command']}"
    return [
        f"failed: tuning {name} with {shown(each['settings'])}\n{again}"
        for name, variant in tuning["variants"].items()
        for each in variant["trials"]
        if "failed" in each["statuses"]
    ]


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
