"""Options that one section of a grid writes twice, in two spellings."""

from collections.abc import Iterator

from ablations.language import Settings
from ablations.members import read_members
from ablations.tree import Node
from ablations.yaml_source import COMMAND_LINE
from components.catalogue import Catalogue
from components.errors import Problem, UserError
from pipelines.cell import PART_KINDS


def written_twice(settings: Settings, catalogue: Catalogue) -> list[Problem]:
    """Return a problem for each option that a section gives two values, equal ones or not.

    `memory: {xl: {windows: 2}}`, `memory.xl.windows: 2` and, where xl is chosen,
    `memory.windows: 2` are one setting. What the command line says replaces what the file says.

    Args:
        settings: of the section, flattened.
        catalogue: of the components that may be named.
    """
    first: dict[tuple[str, str, str], Node] = {}
    problems = []
    for option, node in _written(settings, catalogue):
        other = first.setdefault(option, node)
        replaces = node.place == COMMAND_LINE and other.place != COMMAND_LINE
        if other is not node and not replaces:
            hint = f"the other is {other.key} at {other.place}"
            problems.append(node.problem(f"{'.'.join(option)} is written twice", hint))
    return problems


def _written(
    settings: Settings, catalogue: Catalogue
) -> Iterator[tuple[tuple[str, str, str], Node]]:
    """Yield every option of a named component with the values written for it, the last one wins."""
    options = [key for key in settings if key.partition(".")[0] in PART_KINDS and "." in key]
    for kind in PART_KINDS:
        chosen = _chosen(settings, kind, catalogue)
        for name, given in chosen.items():
            yield from (((kind, name, option), node) for option, node in given.items())
        own = [key.split(".", 1)[1] for key in options if key.partition(".")[0] == kind]
        named = {each.partition(".")[0] for each in own if "." in each}
        for each in sorted(own, key=lambda each: "." not in each):
            name, _, option = each.rpartition(".")
            for reached in (name,) if name else (chosen or named):
                yield (kind, reached, option), settings[f"{kind}.{each}"]


def _chosen(settings: Settings, kind: str, catalogue: Catalogue) -> dict[str, dict[str, Node]]:
    """Return the components that a section chooses for a kind, with the options beside them."""
    if kind not in settings:
        return {}
    try:
        members = read_members(kind, settings[kind], catalogue)
    except UserError:  # told elsewhere
        return {}
    found: dict[str, dict[str, Node]] = {}
    for each in members:
        found.setdefault(each.name, {}).update(each.options)
    return found
