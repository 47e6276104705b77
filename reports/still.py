"""Pages that need no script: one self-contained HTML file that draws everything with SVG."""

from typing import Any

from reports.provenance import package_version
from reports.templating import asset, templates

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def still(template: str, title: str, **words: Any) -> str:
    """Return the page: the same bytes for the same words. Its policy lets no script run."""
    return (
        templates()
        .get_template(template)
        .render(
            **words,
            title=title,
            policy=POLICY,
            version=package_version(),
            css="".join(asset(name) for name in ("report.css", "still.css")),
            js="",
            data="",
            curves="",
            plotly="",
        )
    )
