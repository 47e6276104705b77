"""Train what a grid still misses and gather its results: the DVC stage, and half of `run`.

First what tuning or a search chooses is chosen, then the cells that are judged are trained. As a
stage it exits with 0 when cells failed: the manifest records them, the report shows them, and
`ablations.check` is what fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from ablations.choices import Choices
from ablations.choosing import choose
from ablations.command import BAD_INPUT, Command, arguments, main_of
from ablations.decided import (
    ENDS,
    at_look,
    ended,
    is_over,
    judged,
    open_variants,
    still_decided,
)
from ablations.gather import gather
from ablations.jobs import point_of
from ablations.planning import Plan, plan
from ablations.progress import say
from ablations.project import Project, named_grid, project_of
from ablations.selection import selected
from ablations.study import write_study
from ablations.training import INTERRUPTED, Trained, train
from ablations.warned import tell, tell_of_models
from components.errors import Problem, UserError
from pipelines.runs import read_run

USAGE = """\
python -m ablations.sweep grid=NAME [key=value ...]

Trains the cells of a grid that are missing, and writes results/NAME/. Exits with 0 when cells
failed: python -m ablations.check grid=NAME tells.
"""


Watch: TypeAlias = Callable[[str, Callable[[], object]], Callable[[], object]]
"""Name of results, what gathers them so far -> what is told whenever a cell has ended."""


def unwatched(_name: str, _gather: Callable[[], object]) -> Callable[[], object]:
    """Let nobody see results before the last cell has ended."""
    return lambda: None


@dataclass(frozen=True)
class Swept:
    """What a sweep did.

    Fields:
        manifest: of the results; None if it came to no results.
        told: why it did not.
        code: exit code.
    """

    manifest: dict[str, Any] | None
    told: str = ""
    code: int = 0


def main(argv: Sequence[str]) -> int:
    """Sweep one grid."""
    command = arguments(argv, USAGE)
    swept = sweep(command, project_of(command))
    if swept.told:
        say(swept.told)
    return swept.code


def sweep(command: Command, project: Project, watch: Watch = unwatched) -> Swept:
    """Validate and build every cell, train those that are missing, write results and study.

    A grid with looks is judged at each, and goes on with what is not decided.

    Args:
        command: with its grid.
        project: where components, data and runs are.
        watch: says who is told while cells that are judged are trained.

    Raises:
        UserError: everything that is wrong with the grid; nothing was trained then.
    """
    _refuse_storage(command)
    grid = named_grid(command, project)
    tell(grid)
    chosen, trained = choose(grid, command, project)
    if trained is not None and trained.signal is not None:
        return _stopped(trained)
    if not chosen.is_settled:
        return Swept(None, f"{UserError(*chosen.problems)}\nnothing was judged", BAD_INPUT)
    stage = partial(_stage, chosen=chosen, command=command, project=project, watch=watch)
    if grid.looks is not None:
        return _until_decided(chosen, grid.looks, stage, project)
    planned = plan(chosen.grid, project, say)
    tell_of_models(planned)
    return stage(planned)


def _until_decided(
    chosen: Choices, looks: Sequence[int], stage: Callable[[Plan], Swept], project: Project
) -> Swept:
    """Train the seeds of each look, judge, and go on with what is open and within the budget."""
    grid = chosen.grid
    decided: dict[str, Any] = {}
    swept: Swept | None = None
    for index, look in enumerate(looks):
        here = at_look(grid, look, decided)
        planned = plan(here, project, say)
        if swept is not None and is_over(grid, planned):
            return _ended(swept, grid.results_name, project, "budget")
        if swept is None:
            tell_of_models(planned)
        say(f"look {index + 1} of {len(looks)}, at {look} seeds")
        swept = stage(planned)
        if swept.manifest is None or swept.manifest["state"] != "complete":
            return swept
        going_on = open_variants(judged(grid.results_name))
        if not going_on:
            return _ended(swept, grid.results_name, project, "decided")
        names = [variant.name for variant in planned.variants]
        decided = still_decided(here, names, going_on)
    if swept is None:
        raise AssertionError("a grid with looks has at least one")
    return _ended(swept, grid.results_name, project, "exhausted")


def _ended(swept: Swept, name: str, project: Project, why: str) -> Swept:
    say(f"no further look: {ENDS[why]}")
    return replace(swept, manifest=ended(project.results / name, swept.manifest or {}, why))


def _stage(
    planned: Plan, chosen: Choices, command: Command, project: Project, watch: Watch
) -> Swept:
    """Train what is missing of a plan, and gather."""
    name = planned.grid.results_name
    into = project.results / name
    gathered = partial(gather, planned, project.store, into, command.kept, chosen.blocks)
    on_end = watch(name, gathered)
    asked = selected(planned, command.only)
    trained = train(planned, asked, command, project, on_end=on_end)
    if trained.signal is not None:
        return _stopped(trained)
    manifest = gathered()
    points = [
        point_of(planned, each, read_run(project.store, each.fingerprint)) for each in planned.cells
    ]
    write_study(project.store / "studies" / f"{name}.log", name, points, chosen.views)
    return Swept(manifest)


def _stopped(trained: Trained) -> Swept:
    done = f"{trained.done} of {trained.cells} cells done; the same command resumes"
    return Swept(None, done, INTERRUPTED + (trained.signal or 0))


def _refuse_storage(command: Command) -> None:
    if command.storage is not None:
        hint = "the study is a journal, runs/studies/NAME.log, written anew by every sweep"
        what = "another storage of the study is not supported yet"
        raise UserError(Problem(what, "command line", "storage", command.storage, (hint,)))


if __name__ == "__main__":
    main_of(main)
