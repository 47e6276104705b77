"""Axes that are options of a component which other values of its axis do not choose."""

from collections.abc import Iterator

from ablations.language import Axes
from ablations.members import Member, read_members
from ablations.tree import Node
from components.catalogue import Catalogue
from components.errors import Problem, UserError
from components.options import shown
from pipelines.cell import PART_KINDS


def refuse_unconditional(axes: Axes, catalogue: Catalogue) -> None:
    """Refuse an axis such as `memory.xl.windows` beside `memory: [none, xl]`, without `when`.

    No value of it fits a variant without that component; the message has the axis as it should be
    written.

    Raises:
        UserError: all such axes.
    """
    problems = list(_problems(axes, catalogue))
    if problems:
        raise UserError(*problems)


def _problems(axes: Axes, catalogue: Catalogue) -> Iterator[Problem]:
    for key, node in axes.values.items():
        kind, _, option = key.partition(".")
        if kind not in PART_KINDS or not option or kind not in axes.values or key in axes.when:
            continue
        chosen, others = _divided(axes.values[kind], kind, option, catalogue)
        if chosen and others:
            condition = shown(chosen[0] if _is_one(chosen) else chosen)
            axis = f"{{when: {{{kind}: {condition}}}, values: {shown(node.plain)}}}"
            what = f"{kind} = {shown(others[0])} has no {key}, which is an axis"
            hints = (
                f"write axes.{key}: {axis}",
                "and give the baseline a value of it only if it fulfils the condition",
            )
            yield node.problem(what, *hints)


def _is_one(chosen: list[object]) -> bool:
    """Say whether a condition is one value; a chain is written as a list in the list."""
    return len(chosen) == 1 and not isinstance(chosen[0], list)


def _divided(
    axis: Node, kind: str, option: str, catalogue: Catalogue
) -> tuple[list[object], list[object]]:
    """Return the values of the axis of a kind that have an option, and those that do not."""
    values = axis.value if isinstance(axis.value, tuple) else ()
    chosen: list[object] = []
    others: list[object] = []
    for each in values:
        members = read_members(kind, each, catalogue)
        (chosen if _has(members, option, catalogue) else others).append(each.plain)
    return chosen, others


def _has(members: tuple[Member, ...], option: str, catalogue: Catalogue) -> bool:
    name, _, own = option.rpartition(".")
    return any(
        own in {known.name for known in catalogue.entry(each.kind, each.name).options}
        for each in members
        if name in ("", each.name)
    )
