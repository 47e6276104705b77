"""Variants that no verdict could tell apart, or that none could compare: refused in the plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Protocol

from ablations.grid import Grid
from ablations.located import located
from ablations.project import Project
from components.errors import Problem, UserError
from pipelines.canonical import canonical
from pipelines.cell import Cell, Data
from pipelines.cost import Cost
from pipelines.prepare import Prepared, prepare
from pipelines.validation import has_the_same_text, has_the_same_tokenizer


class Drafted(Protocol):
    """A cell as it would be trained."""

    @property
    def variant(self) -> str:
        """The name of its variant."""
        ...

    @property
    def cell(self) -> Cell:
        """What would be trained."""
        ...

    @property
    def data(self) -> Prepared:
        """On what."""
        ...

    @property
    def fingerprint(self) -> str:
        """Its identity."""
        ...


def prepared_of(
    named: Sequence[tuple[str, Data]], grid: Grid, project: Project, report: Callable[[str], None]
) -> dict[Data, Prepared]:
    """Prepare the data of all variants, each once; what is wrong is told at once, with its place.

    Args:
        named: variants and their data.
        grid: the grid that they are of.
        project: where data is.
        report: is told what takes long.

    Raises:
        UserError: text that cannot be found, read or divided.
    """
    found: dict[Data, Prepared] = {}
    problems: list[Problem] = []
    for data, variant in _first_of_each(named).items():
        try:
            found[data] = prepare(data, project.data, report)
        except UserError as error:
            keyed = UserError(*(_with_key(each) for each in error.problems))
            problems += located(keyed, grid, variant, project.catalogue).problems
    if problems:
        raise UserError(*dict.fromkeys(problems))
    return found


def _first_of_each(named: Sequence[tuple[str, Data]]) -> dict[Data, str]:
    first: dict[Data, str] = {}
    for variant, data in named:
        first.setdefault(data, variant)
    return first


def _with_key(problem: Problem) -> Problem:
    """Let a problem of the data that has no key be at the setting that chooses the text."""
    return problem if problem.place or problem.key else problem.under("data.corpus")


def refuse_equal(drafts: Sequence[Drafted], grid: Grid, project: Project) -> None:
    """Refuse two variants that would train the same cells.

    Raises:
        UserError: all variants that are equal to one before them.
    """
    if grid.declared.searched:  # what a search has found may be the baseline
        return
    hint = "their settings resolve to the same values; leave one out"
    first: dict[str, Drafted] = {}
    found: list[tuple[str, Problem]] = []
    for draft in drafts:
        other = first.setdefault(draft.fingerprint, draft)
        if other is not draft:
            what = f"the variants {other.variant} and {draft.variant} are the same cell"
            found.append((draft.variant, Problem(what, hints=(hint,))))
    _refuse(found, grid, project)


def refuse_other_text(drafts: Sequence[Drafted], grid: Grid, project: Project) -> None:
    """Refuse variants whose losses are of other text, or of other tokens, than the baseline's.

    Raises:
        UserError: all of them.
    """
    base = next((each for each in drafts if each.variant == grid.baseline), drafts[0])
    distinct = {each.data.digest: each for each in reversed(drafts)}
    found = []
    for draft in reversed(distinct.values()):
        key = _differing(base.cell.data, draft.cell.data)
        names = f"the variants {base.variant} and {draft.variant}"
        hints = (f"make a grid for each value of {key}: under `set` it holds for all variants",)
        if not has_the_same_tokenizer(base.data.folder, draft.data.folder):
            what = f"{names} have different tokenizers, and so losses of different tokens"
        elif not has_the_same_text(base.data.folder, draft.data.folder):
            what = f"{names} are validated on different text, and so have losses of different text"
        else:
            continue
        found.append((draft.variant, Problem(what, key=key, hints=hints)))
    _refuse(found, grid, project)


def _differing(one: Data, other: Data) -> str:
    pairs = zip(asdict(one).items(), asdict(other).values(), strict=True)
    return next((f"data.{name}" for (name, value), its in pairs if value != its), "data.corpus")


def refuse_same_function(
    drafts: Sequence[Drafted], costs: Mapping[str, Cost], grid: Grid, project: Project
) -> None:
    """Refuse variants that differ only in what does nothing; a grid that leaves out may have such.

    Args:
        drafts: of the grid.
        costs: name of a variant -> what was found when it was built.
        grid: what is compared.
        project: where components are.

    Raises:
        UserError: all of them, each with what does nothing in it.
    """
    if grid.declared.leave_out or grid.declared.searched:
        return
    first: dict[object, str] = {}
    found: list[tuple[str, Problem]] = []
    for variant, draft in _firsts(drafts).items():
        cost = costs[variant]
        own = draft.cell
        alike = (str(canonical(own).model), own.training, draft.data.digest, cost.acting)
        other = first.setdefault(alike, variant)
        if other == variant:
            continue
        why = dict.fromkeys((*costs[other].idle.values(), *cost.idle.values()))
        what = f"the variants {other} and {variant} are one model under two names"
        found.append((variant, Problem(what, hints=(*why, "leave one of them out"))))
    _refuse(found, grid, project)


def _firsts(drafts: Sequence[Drafted]) -> dict[str, Drafted]:
    """Return the first cell of each variant, in grid order."""
    found: dict[str, Drafted] = {}
    for draft in drafts:
        found.setdefault(draft.variant, draft)
    return found


def _refuse(found: Sequence[tuple[str, Problem]], grid: Grid, project: Project) -> None:
    problems = [
        placed
        for variant, problem in found
        for placed in located(UserError(problem), grid, variant, project.catalogue).problems
    ]
    if problems:
        raise UserError(*dict.fromkeys(problems))
