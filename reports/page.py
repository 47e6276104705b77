"""frames + verdict -> one self-contained HTML file, and the same for machines."""

from datetime import datetime
from functools import cache

from reports.claims import Verdict
from reports.context import page_of
from reports.document import page_data
from reports.encode import packed, plotly_source, rounded, script_json, shuffled, source_digest
from reports.frames import Frames
from reports.material import Material
from reports.provenance import package_version
from reports.templating import asset, templates

_POLICY = (
    "default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def page(frames: Frames, verdict: Verdict, built: datetime) -> str:
    """Return the whole page: the same bytes for the same results, code and build time.

    The policy lets it run its own script and plotly, and load nothing.
    """
    return render(Material(frames, verdict, built))


def render(material: Material) -> str:
    """Return the whole page of what is given."""
    script = "\n".join(asset(name) for name in ("series.js", "view.js", "figures.js", "report.js"))
    digests = f"{source_digest(script)} {source_digest(plotly_source())}"
    words = page_of(material)
    return (
        templates()
        .get_template("grid.html.j2")
        .render(
            page=words,
            title=words.title,
            policy=_POLICY.format(digests=digests),
            version=package_version(),
            css=asset("report.css"),
            js=script,
            data=script_json(page_data(material)),
            curves=packed(shuffled(rounded(material.matrix))),
            plotly=_packed_plotly(),
        )
    )


@cache
def _packed_plotly() -> str:
    return packed(plotly_source().encode("utf-8"))
