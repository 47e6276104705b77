"""Seeds until decided: what a grid with looks trains next, asked of the report as a process."""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablations.grid import Grid
from ablations.looks import question_digest
from ablations.planning import Plan
from components.errors import Problem, UserError
from pipelines.files import read_json, write_json

OPEN = ("unresolved", "one_seed")
"""Verdicts after which a contrast gets more seeds; every other one stands."""

ENDS = {
    "decided": "every contrast is decided",
    "exhausted": "that was the last look",
    "budget": "the seeds of the next one would not stay within the budget",
}
"""Why there is no further look -> how it is told."""

HOUR = 3600


def at_look(grid: Grid, look: int, decided: Mapping[str, Sequence[int]]) -> Grid:
    """Return the grid at one of its looks.

    Args:
        grid: with its looks.
        look: number of seeds of the baseline and of every variant that is open.
        decided: the other variants, with the seeds that they had.
    """
    return replace(grid, seeds=grid.seeds[:look], asked={k: tuple(v) for k, v in decided.items()})


def judged(name: str) -> list[dict[str, Any]]:
    """Return the claims of `python -m reports.verdict`, which alone knows how to judge.

    Raises:
        UserError: it could not; the message is what it said.
    """
    program = [sys.executable, "-m", "reports.verdict", f"grid={name}", "--json"]
    ended = subprocess.run(program, check=False, capture_output=True, text=True)
    if ended.returncode:
        told = tuple(ended.stderr.strip().splitlines()[-5:])
        raise UserError(Problem(f"the results of {name} could not be judged", hints=told))
    claims: list[dict[str, Any]] = json.loads(ended.stdout)["claims"]
    return claims


def open_variants(claims: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the variants, the baseline among them, of which a contrast is not decided."""
    return {name for each in claims if each["verdict"] in OPEN for name in (each["a"], each["b"])}


def still_decided(grid: Grid, names: Sequence[str], going_on: Collection[str]) -> dict[str, Any]:
    """Return the variants that get no more seeds, with those that they have.

    The baseline goes on with every other one, since it is the other half of each pair.
    """
    stays = {*going_on, grid.baseline}
    return {name: grid.seeds_of(name) for name in names if name not in stays}


def is_over(grid: Grid, planned: Plan) -> bool:
    """Say whether the cells of a look, those that are done among them, take more than the budget.

    What was never measured counts nothing.
    """
    if grid.budget is None:
        return False
    done = [each.run.outcome.get("seconds") for each in planned.cells if each.run is not None]
    known = [
        seconds for seconds in (*done, *(each.seconds for each in planned.to_train)) if seconds
    ]
    return sum(known) > grid.budget * HOUR


def ended(folder: Path, manifest: dict[str, Any], why: str) -> dict[str, Any]:
    """Write into the manifest of the results why there is no further look, and return it."""
    whole = {**manifest, "looks": {**manifest["looks"], "stopped": why}}
    write_json(folder / "manifest.json", whole)
    return whole


def gone_to(grid: Grid, first: Plan, folder: Path) -> Grid:
    """Return the grid at the look that its results have reached; at the first without any.

    Args:
        grid: with its looks.
        first: the plan of its first look.
        folder: of its results.
    """
    path = folder / "manifest.json"
    manifest = read_json(path) if path.is_file() else {}
    looks = manifest.get("looks", {})
    question = question_digest((e.document for e in first.cells), grid.judge, grid.final)
    if looks.get("declared") != list(grid.looks or ()) or looks.get("question") != question:
        return first.grid
    seeds: dict[str, list[int]] = {}
    for cell in manifest["cells"]:
        seeds.setdefault(cell["variant"], []).append(cell["seed"])
    look = len(manifest["seeds"])
    return at_look(grid, look, {name: own for name, own in seeds.items() if len(own) < look})
