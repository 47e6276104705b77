"""Show what a grid would do, and train nothing."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from ablations.command import Command, arguments, main_of
from ablations.decided import at_look, gone_to
from ablations.grid import Grid
from ablations.plan_table import show
from ablations.planning import Plan, plan
from ablations.progress import say
from ablations.project import Project, named_grid, project_of, replayed
from ablations.resolvable import resolvable
from ablations.selection import selected
from ablations.workers import places
from components.options import plain

USAGE = """\
python -m ablations.plan grid=NAME [preset=NAME] [key=value ...]

Shows the cells of a grid, which are cached, stale (and why), missing or failed, what the rest would
cost, and which difference the seeds can resolve. Trains nothing; text that was never prepared is
prepared.
"""

PLAIN_WIDTH = 100


def main(argv: Sequence[str]) -> int:
    """Plan one grid."""
    command = replayed(arguments(argv, USAGE))
    project = project_of(command)
    grid = named_grid(command, project)
    for warning in grid.warnings:
        say(f"warning: {warning}")
    planned = _planned(grid, project)
    selected(planned, command.only)  # refuses names that the grid does not have
    found = resolvable(planned)
    if command.json:
        told = {**as_json(planned), "resolvable": found}
        sys.stdout.write(json.dumps(told, indent=1, allow_nan=False) + "\n")
        return 0
    console = _console(command)
    show(planned, len(places(planned.device, command.workers)), console)
    for sentence in found["sentences"] if found else ():
        console.print(Text(sentence))
    return 0


def _planned(grid: Grid, project: Project) -> Plan:
    """Plan a grid; one with looks as far as its results have gone."""
    if grid.looks is None:
        return plan(grid, project, say)
    first = plan(at_look(grid, grid.looks[0], {}), project, say)
    reached = gone_to(grid, first, project.results / grid.results_name)
    return first if reached == first.grid else plan(reached, project, say)


def as_json(planned: Plan) -> dict[str, Any]:
    """Return the plan for machines; a diverged cell is `cached`, divergence is a result."""
    return {
        "grid": planned.grid.results_name,
        "preset": planned.grid.preset,
        "device": planned.device,
        "cells": [
            {
                "cell": each.name,
                "variant": plain(dict(each.cell.variant)),
                "seed": each.cell.seed,
                "fingerprint": each.fingerprint,
                "state": each.state,
                "why": each.why,
                "parameters": each.cost.parameters,
                "flops_per_token": each.cost.flops_per_token,
                "memory_bytes": each.cost.memory_bytes,
                "seconds": each.seconds,
                "unevaluated": list(each.unevaluated),
                "begun": each.begun,
            }
            for each in planned.cells
        ],
    }


def _console(command: Command) -> Console:
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(
        file=sys.stdout, highlight=False, markup=False, width=width,
        no_color=command.plain or None, force_terminal=False if command.plain else None,
    )  # fmt: skip


if __name__ == "__main__":
    main_of(main)
