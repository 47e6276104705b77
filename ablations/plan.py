"""Show what a grid would do, and train nothing."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from ablations.command import Command, arguments, main_of
from ablations.plan_table import show
from ablations.planning import Plan, plan
from ablations.progress import say
from ablations.project import named_grid, project_of, replayed
from ablations.selection import selected
from ablations.workers import places
from components.options import plain

USAGE = """\
python -m ablations.plan grid=NAME [preset=NAME] [key=value ...]

Shows the cells of a grid, which are cached, stale (and why), missing or failed, and what the rest
would cost. Trains nothing; text that was never prepared is prepared.
"""

PLAIN_WIDTH = 100


def main(argv: Sequence[str]) -> int:
    """Plan one grid."""
    command = replayed(arguments(argv, USAGE))
    project = project_of(command)
    grid = named_grid(command, project)
    for warning in grid.warnings:
        say(f"warning: {warning}")
    planned = plan(grid, project, say)
    selected(planned, command.only)  # refuses names that the grid does not have
    if command.json:
        sys.stdout.write(json.dumps(as_json(planned), indent=1, allow_nan=False) + "\n")
    else:
        show(planned, len(places(planned.device, command.workers)), _console(command))
    return 0


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
