"""Run one grid: train what is missing, gather, and let the report be built from the files alone."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial

from ablations.check import failed_points
from ablations.command import Command, arguments, main_of
from ablations.index import index
from ablations.live import Live
from ablations.progress import say
from ablations.project import project_of
from ablations.sweep import sweep

USAGE = """\
python -m ablations.run grid=NAME [preset=NAME] [key=value ...]

Plans, trains what is missing, writes results/NAME/ and the report results/NAME.html, which is
written anew once a minute while cells are trained, and once more where they are stopped.
"""


def main(argv: Sequence[str]) -> int:
    """Run one grid; exit code 1 if cells failed."""
    command = arguments(argv, USAGE)
    project = project_of(command)
    shown: dict[str, Live] = {}
    try:
        swept = sweep(command, project, partial(_watch, shown))
    finally:
        for each in shown.values():
            each.close()
    if swept.manifest is None:
        say(swept.told)
        for name, each in shown.items():
            if each.stopped():
                say(f"what there is so far: results/{name}.html")
        return swept.code
    code = report(command, swept.manifest["name"])
    index(current=swept.manifest["name"])
    failed = any(cell["status"] == "failed" for cell in swept.manifest["cells"])
    return code or int(failed or bool(failed_points(swept.manifest)))


def _watch(
    shown: dict[str, Live], name: str, gathered: Callable[[], object]
) -> Callable[[], object]:
    """Write the report anew while cells are trained."""
    program = [sys.executable, "-m", "reports.build", f"grid={name}", "--plain"]
    shown[name] = Live(gathered, program)
    return shown[name].cell_ended


def report(command: Command, name: str) -> int:
    """Build the report as a process of its own, which proves that it needs the files alone."""
    flags = [*(["--json"] if command.json else []), *(["--plain"] if command.plain else [])]
    program = [sys.executable, "-m", "reports.build", f"grid={name}", *flags]
    return subprocess.run(program, check=False).returncode


if __name__ == "__main__":
    main_of(main)
