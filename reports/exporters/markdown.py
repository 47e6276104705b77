"""A table in Markdown, as GitHub and Pandoc read it."""

import re
from collections.abc import Iterable

from reports.exporters.tables import VariantsTable

MARKUP = re.compile(r"""[\\`*_\[\]{}#$^~|@'"]|-(?=-)|\.(?=\.)""")  # Pandoc makes one of two dashes
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
SIDES = {"left": ":---", "right": "---:"}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def markdown(table: VariantsTable) -> str:
    """Return the caption as a paragraph, then the table."""
    headings = _row(escape(each.heading) for each in table.columns)
    alignment = _row(SIDES[each.side] for each in table.columns)
    cells = zip(*(each.cells for each in table.columns), strict=True)
    rows = [_row(map(escape, each)) for each in cells]
    # It begins with a word of its own, so that no name begins a list or a heading.
    caption = f"Table: {escape(table.caption)}"
    return "\n".join([caption, "", headings, alignment, *rows]) + "\n"


def escape(text: str) -> str:
    """Return a text as Markdown that shows it, in a table and outside of one.

    Line ends and control characters become spaces.
    """
    flat = CONTROL.sub(" ", text)
    for character, entity in ENTITIES.items():
        flat = flat.replace(character, entity)
    return MARKUP.sub(r"\\\g<0>", flat)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
