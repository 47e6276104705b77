"""Layers of settings -> one cell with every default filled in.

A preset and `set` choose components and give named components their options; a point of the grid
chooses anew. Options that preset and `set` give to `optimizer/adamw` hold wherever adamw is chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ablations.language import FIELD_SECTIONS, Settings, field_types
from ablations.members import Member, fill, fitted, read_members
from ablations.ranges import check_ranges
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import Problem, UserError
from components.layout import LAYER_KINDS
from components.options import Choice
from pipelines.canonical import shortest, with_sizes
from pipelines.cell import PART_KINDS, Cell, Data, Training


@dataclass(frozen=True)
class Layers:
    """What is the same for every point of a grid.

    Fields:
        preset: the settings of the scale.
        fixed: those of the grid's `set`.
    """

    preset: Settings
    fixed: Settings


def resolve(layers: Layers, point: Settings, catalogue: Catalogue) -> Cell:
    """Return the cell of a point, with seed 0 and no variant.

    Raises:
        UserError: everything that is wrong with its settings, with the place of each.
    """
    problems = Problems()
    parts: dict[str, tuple[Choice, ...]] = {}
    for kind in PART_KINDS:
        parts[kind] = problems.attempt((), choices, kind, layers, point, catalogue)
    written = {**layers.preset, **layers.fixed, **point}
    sections = {
        section: problems.attempt({}, _fields, section, written, catalogue)
        for section in FIELD_SECTIONS
    }
    problems.settle()
    cell = Cell(
        variant={},
        seed=0,
        model=Choice("model", "decoder", sections["model"]),
        parts=parts,
        data=Data(**sections["data"]),
        training=Training(**sections["training"]),
    )
    check_ranges(cell, written)
    return _canonical(cell)


def choices(kind: str, layers: Layers, point: Settings, catalogue: Catalogue) -> tuple[Choice, ...]:
    """Return the members of a kind at a point of the grid.

    Raises:
        UserError: unknown components and options, wrong types, options of what is not chosen.
    """
    problems = Problems()
    filled = [
        problems.attempt(None, fill, member, options, catalogue)
        for member, options in written_options(kind, layers, point, catalogue)
    ]
    problems.settle()
    return tuple(each for each in filled if each is not None)


def written_options(
    kind: str, layers: Layers, point: Settings, catalogue: Catalogue
) -> list[tuple[Member, dict[str, Node]]]:
    """Return the members of a kind at a point, each with the options that somebody wrote.

    Raises:
        UserError: unknown components, options of what is not chosen.
    """
    members = chosen(kind, layers, point, catalogue)
    found = [(member, defaults(member, layers, catalogue)) for member in members]
    if kind in point:
        found = [(member, {**given, **member.options}) for member, given in found]
    for key, node in {**_shared(kind, layers.fixed), **_below(kind, point)}.items():
        name, _, option = key.rpartition(".")
        reached = [options for member, options in found if name in ("", member.name)]
        _check_reached(key, node, members, len(reached), catalogue)
        for options in reached:
            options[option] = node
    return found


def defaults(member: Member, layers: Layers, catalogue: Catalogue) -> dict[str, Node]:
    """Return the options that preset and `set` give to a component wherever it is chosen."""
    found: dict[str, Node] = {}
    for layer in (layers.preset, layers.fixed):
        node = layer.get(member.kind)
        chosen = read_members(member.kind, node, catalogue) if node else ()
        for each in (member,) if member in chosen else chosen:
            found |= each.options if each.name == member.name else {}
        for key, node in _below(member.kind, layer).items():
            name, _, option = key.rpartition(".")
            if name == member.name or (not name and layer is layers.preset):
                found[option] = node
    return found


def chosen(kind: str, layers: Layers, point: Settings, catalogue: Catalogue) -> tuple[Member, ...]:
    """Return the members of a kind at a point, with the options that stand beside their names.

    Raises:
        UserError: unknown components; nobody chose one.
    """
    for layer in (point, layers.fixed, layers.preset):
        if kind in layer:
            return read_members(kind, layer[kind], catalogue)
    names = ", ".join(catalogue.names(kind))
    raise UserError(Problem(f"no {kind} is chosen", key=kind, hints=(f"name one of {names}",)))


def _below(kind: str, layer: Settings) -> dict[str, Node]:
    """Return the option keys of a kind, without the kind: `base`, `rotary.base`."""
    prefix = f"{kind}."
    return {key.removeprefix(prefix): node for key, node in layer.items() if key.startswith(prefix)}


def _shared(kind: str, layer: Settings) -> dict[str, Node]:
    """Return the option keys that name no component: they go to whatever is chosen."""
    return {key: node for key, node in _below(kind, layer).items() if "." not in key}


def _check_reached(
    key: str, node: Node, members: tuple[Member, ...], reached: int, catalogue: Catalogue
) -> None:
    kind = members[0].kind
    names = ", ".join(member.name for member in members)
    if not reached:
        name = key.rpartition(".")[0]
        hint = f"choose it, or move the option to where it is chosen: {{{name}: {{...}}}}"
        raise node.refuse(f"{kind}/{name} is not chosen here: {kind} is {names}", hint)
    if "." not in key and len(members) > 1:
        having = [each.name for each in members if _has(each, key, catalogue)]
        hint = f"name the component: {' or '.join(f'{kind}.{name}.{key}' for name in having)}"
        none = f"none of them has an option {key}"
        raise node.refuse(f"{kind} has several members: {names}", hint if having else none)


def _has(member: Member, option: str, catalogue: Catalogue) -> bool:
    entry = catalogue.entry(member.kind, member.name)
    return option in {each.name for each in entry.options}


def _fields(section: str, written: Settings, catalogue: Catalogue) -> dict[str, Any]:
    types = field_types(section, catalogue)
    problems = Problems()
    values: dict[str, Any] = {}
    for name, annotation in types.items():
        if (node := written.get(f"{section}.{name}")) is not None:
            values[name] = problems.attempt(None, fitted, node, f"{section}.{name}", annotation)
    problems.settle()
    if section == "model":
        return dict(catalogue.choice("model", "decoder", values).options)
    return values


def _canonical(cell: Cell) -> Cell:
    """Give two spellings of one cell one form: sizes that are null, patterns that repeat.

    What else its fingerprint holds equal keeps the words of the grid, which variants are called by.
    """
    model = with_sizes(cell.model)
    layers: Any = model.options["layers"]
    parts = {
        kind: shortest(members, layers) if kind in LAYER_KINDS else members
        for kind, members in cell.parts.items()
    }
    return replace(cell, model=model, parts=parts)


def lookup(cell: Cell, key: str) -> Any:
    """Return the value of a dotted setting in a resolved cell; None where nothing has it.

    A kind gives its members (`Choice`), any other key a plain value.
    """
    head, _, rest = key.partition(".")
    if not rest:
        return cell.parts[head]
    if head == "model":
        return cell.model.options.get(rest)
    if head in FIELD_SECTIONS:
        return getattr(cell.training if head == "training" else cell.data, rest)
    name, _, option = rest.rpartition(".")
    return next(
        (each.options.get(option) for each in cell.parts[head] if name in ("", each.name)), None
    )


def is_comparable(key: str, cell: Cell, base: Cell) -> bool:
    """Say whether a cell has a setting of another one: an option only of the same component."""
    kind, _, rest = key.partition(".")
    if not rest or kind in FIELD_SECTIONS:
        return True
    name = rest.rpartition(".")[0]
    here, there = ([each.name for each in one.parts[kind]] for one in (cell, base))
    return name in here if name else here == there


def flat(cell: Cell) -> dict[str, Any]:
    """Return everything that a resolved cell is made of, dotted key -> value."""
    settings: dict[str, Any] = {}
    for kind, members in cell.parts.items():
        names = [member.name for member in members]
        settings[kind] = names[0] if len(names) == 1 else tuple(names)
        for index, member in enumerate(members):
            place = kind if len(names) == 1 else f"{kind}[{index}]"
            settings |= {f"{place}.{member.name}.{name}": v for name, v in member.options.items()}
    for section, values in _sections(cell).items():
        settings |= {f"{section}.{name}": value for name, value in values.items()}
    return settings


def _sections(cell: Cell) -> dict[str, Mapping[str, Any]]:
    return {"model": cell.model.options, "training": vars(cell.training), "data": vars(cell.data)}
