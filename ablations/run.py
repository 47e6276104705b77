"""Run one grid: train what is missing, gather, and let the report be built from the files alone."""

import subprocess
import sys
from collections.abc import Callable, Sequence

from ablations.check import failed_points
from ablations.command import Command, arguments, main_of
from ablations.index import index
from ablations.live import Live
from ablations.progress import say
from ablations.project import Project, project_of
from ablations.sweep import Swept, sweep

USAGE = """\
python -m ablations.run grid=NAME [preset=NAME] [key=value ...]

Plans, trains what is missing, writes results/NAME/ and the report results/NAME.html, which is
written anew once a minute while cells are trained.
"""


def main(argv: Sequence[str]) -> int:
    """Run one grid; exit code 1 if cells failed."""
    command = arguments(argv, USAGE)
    project = project_of(command)
    swept = _watched(command, project)
    if swept.manifest is None:
        say(swept.told)
        return swept.code
    code = report(command, swept.manifest["name"])
    index(current=swept.manifest["name"])
    failed = any(cell["status"] == "failed" for cell in swept.manifest["cells"])
    return code or int(failed or bool(failed_points(swept.manifest)))


def _watched(command: Command, project: Project) -> Swept:
    """Sweep, and write the report anew while cells are trained."""
    shown: list[Live] = []

    def watch(name: str, gathered: Callable[[], object]) -> Callable[[], object]:
        program = [sys.executable, "-m", "reports.build", f"grid={name}", "--plain"]
        shown.append(Live(gathered, program))
        return shown[-1].cell_ended

    try:
        return sweep(command, project, watch)
    finally:
        for each in shown:
            each.close()


def report(command: Command, name: str) -> int:
    """Build the report as a process of its own, which proves that it needs the files alone."""
    flags = [*(["--json"] if command.json else []), *(["--plain"] if command.plain else [])]
    program = [sys.executable, "-m", "reports.build", f"grid={name}", *flags]
    return subprocess.run(program, check=False).returncode


if __name__ == "__main__":
    main_of(main)
