"""The rows of a large table of variants, under the levels of the grid's first axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.axes import axes_of
from reports.manifest import Manifest
from reports.rows import Row

# More rows than are taken in at a glance: the table gets headings and a filter.
MANY = 8


@dataclass(frozen=True)
class Group:
    """Rows of the table; `heading` is the level they share, empty where there are no groups."""

    heading: str
    rows: tuple[Row, ...]


def groups(manifest: Manifest, rows: Sequence[Row]) -> tuple[Group, ...]:
    """Group the rows of many variants by the first of at least two axes.

    The baseline's level is first. Within a group rows keep the order of the grid; all other tables
    are one group.
    """
    axes = axes_of(manifest) if len(rows) > MANY else ()
    if not axes:
        return (Group("", tuple(rows)),)
    first = axes[0]
    return tuple(
        Group(
            f"{first.name}: {level}",
            tuple(row for row, own in zip(rows, first.codes, strict=True) if own == code),
        )
        for code, level in enumerate(first.levels)
    )
