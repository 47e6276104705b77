"""`leave_out`: from the baseline, one component at a time replaced by its kind's `none`."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablations.language import Settings
from ablations.members import read_members
from ablations.resolve import Layers
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import nearest
from components.options import shown
from pipelines.cell import PART_KINDS

EVERYTHING = (True, "all")

NONE = "none"


@dataclass(frozen=True)
class LeaveOut:
    """What a grid leaves out.

    Fields:
        kinds: kind -> its `none`.
        stays: why kinds that are named stay, for a reader.
    """

    kinds: Settings
    stays: Sequence[str]


def read_leave_out(
    node: Node, baseline: Layers, catalogue: Catalogue, problems: Problems
) -> LeaveOut:
    """Read `all`, `true` or a list of kinds; what is wrong is added to `problems`.

    A kind without a component `none` stays, and so does one that is `none` in the baseline.
    """
    named = problems.attempt((), _named, node)
    kinds: dict[str, Node] = {}
    stays: list[str] = []
    for each in named:
        kind = str(each.value)
        why = problems.attempt("", _why_it_stays, kind, each, baseline, catalogue)
        if not why:
            kinds[kind] = Node(NONE, each.key, each.place)
        elif node.value not in EVERYTHING:
            stays.append(f"leave_out: {kind} stays: {why} ({each.place})")
    if named and not kinds:
        hint = f"kinds with a component none: {', '.join(_kinds_with_none(catalogue))}"
        problems.found.append(node.problem("there is nothing to leave out", *stays, hint))
    return LeaveOut(kinds, stays)


def _named(node: Node) -> tuple[Node, ...]:
    """Return the kinds that are named, each with its place.

    Raises:
        UserError: what is named is no list, or holds what is no kind, or one twice.
    """
    if node.value is True or node.value == "all":
        return tuple(Node(kind, node.key, node.place) for kind in PART_KINDS)
    if not isinstance(node.value, tuple) or not node.value:
        hint = "write [positions, memory]; or all, for every kind that has a component none"
        raise node.refuse("leave_out is a list of kinds", hint)
    problems = Problems()
    for index, each in enumerate(node.value):
        if each.value not in PART_KINDS:
            known = f"expected some of {', '.join(PART_KINDS)}"
            what = f"{shown(each.plain)} is no kind of component"
            close = nearest(str(each.value), PART_KINDS)
            problems.found.append(each.problem(what, known, *close))
        elif each.value in node.plain[:index]:
            hint = f"it is leave_out[{node.plain.index(each.value)}] already"
            problems.found.append(each.problem(f"{each.value} is named twice", hint))
    problems.settle()
    return node.value


def _why_it_stays(kind: str, node: Node, baseline: Layers, catalogue: Catalogue) -> str:
    if NONE not in catalogue.names(kind):
        return f"there is no {kind}/{NONE}"
    written = baseline.fixed.get(kind, baseline.preset.get(kind, node))
    names = {member.name for member in read_members(kind, written, catalogue)}
    return f"it is {NONE} in the baseline" if names == {NONE} else ""


def _kinds_with_none(catalogue: Catalogue) -> list[str]:
    return [kind for kind in PART_KINDS if NONE in catalogue.names(kind)]
