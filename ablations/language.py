"""The words of a grid: its keys, the settings it may name, and what reading it gives."""

from collections.abc import Mapping, Sequence
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
    "together",
    "exclude",
    "variants",
    "leave_out",
    "search",
    "tune",
    "seeds",
    "margin",
    "interval",
    "final",
    "hold",
    "match",
    "budget",
    "evaluate",
    "compare",
    "claim",
)

NOT_YET = (
    "retries",
    "deadline",
    "stop_after_failures",
    "keep",
)
"""Keys that are planned: refused by name, so that nobody believes they had an effect."""

AXIS_KEYS = ("when", "values")
"""Keys of an axis that exists for some variants only."""

MACHINE_KEYS = ("grid", "workers", "executor", "storage", "only", "name")
"""How to run, never what: keys of the command line that no grid has."""

ONE_ONLY = ("optimizer", "schedule", "batching")
"""Kinds of which a cell has one member; a list of another kind is a chain or a pattern."""

FIELD_SECTIONS = ("model", "training", "data")

Settings: TypeAlias = Mapping[str, Node]
"""Dotted key -> value as written: `positions`, `positions.base`, `memory.xl.windows`."""


Condition: TypeAlias = Mapping[str, tuple[Node, ...]]
"""Key of another axis -> the values of it with which an axis exists."""

Group: TypeAlias = tuple[str, ...]
"""The keys of axes that are zipped."""


@dataclass(frozen=True)
class Axes:
    """The axes of a grid.

    Fields:
        values: key -> values.
        when: key of a conditional axis -> its condition.
        conditions: key of a conditional axis -> where its `when` stands.
        together: groups of axes that are zipped, each with where it stands.
    """

    values: Settings = field(default_factory=dict)
    when: Mapping[str, Condition] = field(default_factory=dict)
    conditions: Settings = field(default_factory=dict)
    together: Sequence[tuple[Node, Group]] = ()


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
        baseline: one value for each axis; or, without axes, a variant of its own.
        baseline_node: the whole baseline, for messages.
        axes: what varies; none where the grid has `variants`, `leave_out` or `search`.
        exclude: partial points.
        variants: name -> settings that replace the baseline's.
        leave_out: kind of component -> its `none`, which replaces the baseline's.
        searched: where `search` stands, whose best configuration becomes a variant; None without.
        solved: name of a variant -> settings that were found for it: it keeps its name.
        stays: why kinds that `leave_out` names stay.
    """

    preset: Settings
    fixed: Settings
    baseline: Settings
    baseline_node: Node
    axes: Axes = field(default_factory=Axes)
    exclude: Sequence[tuple[Node, Settings]] = ()
    variants: Mapping[str, tuple[Node, Settings]] = field(default_factory=dict)
    leave_out: Settings = field(default_factory=dict)
    searched: Node | None = None
    solved: Mapping[str, Settings] = field(default_factory=dict)
    stays: Sequence[str] = ()


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
