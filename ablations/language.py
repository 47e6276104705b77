"""The words of a grid: its keys, the settings it may name, and what reading it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias, get_type_hints

from ablations.tree import Node
from components.catalogue import Catalogue
from pipelines.cell import PART_KINDS, Data, Training

GRID_KEYS = (
    "question",
    "preset",
    "baseline",
    "set",
    "axes",
    "exclude",
    "variants",
    "seeds",
    "margin",
    "interval",
    "hold",
    "evaluate",
    "compare",
    "claim",
)

NOT_YET = (
    "when",
    "together",
    "leave_out",
    "match",
    "tune",
    "search",
    "looks",
    "final",
    "budget",
    "retries",
    "deadline",
    "stop_after_failures",
    "keep",
)
"""Keys that are planned: refused by name, so that nobody believes they had an effect."""

MACHINE_KEYS = ("grid", "workers", "executor", "storage", "only", "name")
"""How to run, never what: keys of the command line that no grid has."""

ONE_ONLY = ("optimizer", "schedule", "batching")
"""Kinds of which a cell has one member; a list of another kind is a chain or a pattern."""

MEMORY_ORDER = ("pause", "registers", "rmt", "compressive", "xl", "sliding", "memorizing", "infini")
"""From the tokens outwards, whatever the order in a list; memories not named here come last."""

FIELD_SECTIONS = ("model", "training", "data")

Settings: TypeAlias = Mapping[str, Node]
"""Dotted key -> value as written: `positions`, `positions.base`, `memory.xl.windows`."""


@dataclass(frozen=True)
class Variant:
    """One point of a grid without its seed.

    Fields:
        name: what differs from the baseline, `linspace` or `heads=1`; or its key under `variants`.
        label: the name for a page, `no positions`.
        differs: dotted key -> value, where it is not the baseline's.
        settings: dotted key -> value of everything, every default filled in.
    """

    name: str
    label: str
    differs: Mapping[str, Any]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Declared:
    """What a grid compares, as it is written; `ablations.expand` makes variants of it.

    Fields:
        preset: the settings of the scale.
        fixed: the settings under `set`.
        baseline: one value for each axis; or, with `variants`, a variant of its own.
        baseline_node: the whole baseline, for messages.
        axes: key -> values.
        exclude: partial points.
        variants: name -> settings that replace the baseline's.
    """

    preset: Settings
    fixed: Settings
    baseline: Settings
    baseline_node: Node
    axes: Mapping[str, Node] = field(default_factory=dict)
    exclude: tuple[tuple[Node, Settings], ...] = ()
    variants: Mapping[str, tuple[Node, Settings]] = field(default_factory=dict)


def field_types(section: str, catalogue: Catalogue) -> dict[str, Any]:
    """Return the fields of `model`, `training` or `data` with their types."""
    if section == "model":
        return {each.name: each.annotation for each in catalogue.entry("model", "decoder").options}
    owner = Training if section == "training" else Data
    hints = get_type_hints(owner)
    return {each.name: hints[each.name] for each in fields(owner)}


def known_settings(catalogue: Catalogue) -> tuple[str, ...]:
    """Return every setting that does not depend on the chosen components."""
    named = [
        f"{section}.{name}"
        for section in FIELD_SECTIONS
        for name in field_types(section, catalogue)
    ]
    return (*PART_KINDS, *named)
