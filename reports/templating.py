"""Templates and assets of every page."""

from functools import cache
from pathlib import Path

import jinja2

FOLDER = Path(__file__).parent


def asset(name: str) -> str:
    """Return a style sheet or a script."""
    return (FOLDER / "assets" / name).read_text(encoding="utf-8")


@cache
def templates() -> jinja2.Environment:
    """Return the templates: what they are given is text, never HTML, and must be given."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
