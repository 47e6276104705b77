"""Models are checked before the first cell of a sweep trains, so that none trains in vain."""

from collections.abc import Callable, Sequence

from ablations.located import located
from ablations.planning import Plan, Planned
from ablations.project import Project
from components.errors import Problem, UserError
from pipelines.checked import check, was_checked


def refuse_broken(
    planned: Plan, chosen: Sequence[Planned], project: Project, report: Callable[[str], None]
) -> None:
    """Check the model of every variant that is to be trained and was never checked as it is now.

    The plan does without: it takes about a second for a small model, and minutes for a large one.

    Args:
        planned: the whole grid.
        chosen: its cells that workers are to be given.
        project: where components and runs are.
        report: is told what takes long.

    Raises:
        UserError: of every variant that lets a token see its future, or fails another check.
    """
    to_train = [each for each in reversed(chosen) if each.state != "cached"]
    firsts = {each.name.rpartition("/")[0]: each for each in to_train}
    problems: list[Problem] = []
    told = False
    for each in reversed(firsts.values()):
        asked = (each.cell, each.data.vocabulary, project.store, project.components)
        if was_checked(*asked):
            continue
        if not told:
            told = True
            report("checking every model that is to be trained: no token may see its future")
        try:
            check(*asked)
        except UserError as error:
            problems += located(error, planned.grid, each.variant, project.catalogue).problems
        except Exception:  # noqa: BLE001, S112  # its cell fails with it; the log says where
            continue
    if problems:
        raise UserError(*problems)
