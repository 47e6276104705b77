"""Pages that need no script: one self-contained HTML file that draws everything with SVG."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from reports.provenance import package_version

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def still(template: str, title: str, **words: Any) -> str:
    """Return the page: the same bytes for the same words. Its policy lets no script run."""
    return (
        _templates()
        .get_template(template)
        .render(
            **words,
            title=title,
            policy=POLICY,
            version=package_version(),
            css="".join(_asset(name) for name in ("report.css", "still.css")),
            js="",
            data="",
            curves="",
            plotly="",
        )
    )


def _asset(name: str) -> str:
    return (FOLDER / "assets" / name).read_text(encoding="utf-8")


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
