"""Show what a grid would do, and train nothing."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from ablations.ahead import ahead, so_far, what_comes_first
from ablations.ahead import as_json as ahead_json
from ablations.choices import Choices, choices
from ablations.command import Command, arguments, main_of
from ablations.decided import at_look, gone_to
from ablations.grid import Grid
from ablations.index import index
from ablations.plan_table import show
from ablations.planning import Plan, plan
from ablations.progress import say
from ablations.project import Project, named_grid, project_of, replayed
from ablations.resolvable import resolvable
from ablations.selection import refuse_unknown
from ablations.warned import tell, tell_of_models
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
    tell(grid)
    chosen = choices(grid, project, say)
    planned = chosen.outline
    if planned is None or chosen.is_settled:
        planned = _planned(chosen.grid, project)
    tell_of_models(planned)
    refuse_unknown(planned, command.only)
    _tell_the_index(planned, project)
    found = resolvable(planned, project.store)
    workers = len(places(planned.device, command.workers))
    if command.json:
        told = {**as_json(planned, chosen, workers), "resolvable": found}
        sys.stdout.write(json.dumps(told, indent=1, allow_nan=False) + "\n")
        return 0
    _tell(planned, chosen, workers, found["sentences"] if found else (), _console(command))
    return 0


def _tell(
    planned: Plan, chosen: Choices, workers: int, sentences: Sequence[str], console: Console
) -> None:
    """Print the plan: of the cells that are judged, or of what comes first."""
    if chosen.is_settled:
        show(planned, workers, console)
    elif chosen.listed is not None:
        show(chosen.listed, workers, console, what_comes_first(chosen))
    else:
        console.print(Text(f"{planned.grid.results_name}  {planned.grid.question}\n"))
    lines = [*so_far(chosen), *([ahead(chosen, workers)] if chosen.to_do else [])]
    for line in (*lines, *(problem.what for problem in chosen.problems), *sentences):
        console.print(Text(line))


def _tell_the_index(planned: Plan, project: Project) -> None:
    """Let the page of all grids say whether the results of this one are up to date."""
    name = planned.grid.results_name
    if not (project.results / name / "manifest.json").exists():
        return
    if any(each.state == "stale" for each in planned.cells):
        index(stale=name)
    else:
        index(current=name)


def _planned(grid: Grid, project: Project) -> Plan:
    """Plan a grid; one with looks as far as its results have gone."""
    if grid.looks is None:
        return plan(grid, project, say)
    first = plan(at_look(grid, grid.looks[0], {}), project, say)
    reached = gone_to(grid, first, project.results / grid.results_name)
    return first if reached == first.grid else plan(reached, project, say)


def as_json(planned: Plan, chosen: Choices, workers: int) -> dict[str, Any]:
    """Return the plan for machines; a diverged cell is `cached`, divergence is a result.

    Which cells are judged is known once everything is chosen: before that there are none.
    """
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
            for each in (planned.cells if chosen.is_settled else ())
        ],
        **ahead_json(chosen, workers),
    }


def _console(command: Command) -> Console:
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(
        file=sys.stdout, highlight=False, markup=False, width=width,
        no_color=command.plain or None, force_terminal=False if command.plain else None,
    )  # fmt: skip


if __name__ == "__main__":
    main_of(main)
