"""frames + verdict -> one self-contained HTML file, and the same for machines."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from reports.claims import Verdict
from reports.context import page_of
from reports.document import document, page_data
from reports.encode import packed, plotly_source, script_json, source_digest
from reports.frames import Frames
from reports.material import Material
from reports.provenance import package_version
from reports.templating import asset, templates
from reports.tiers import (
    COARSEST,
    Stored,
    kept_whole,
    most_bytes,
    resolution,
    steps_file,
    store_most,
)

LONG = 400_000
"""Characters of data above which it is packed; before that it can be read in the file."""

SCRIPTS = ("series", "view", "figures", "picks", "tables", "downloads", "switch", "report")
_POLICY = (
    "default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def page(frames: Frames, verdict: Verdict, built: datetime) -> str:
    """Return the whole page: the same bytes for the same results, code and build time.

    The policy lets it run its own script and plotly, and load nothing.
    """
    return render(Material(frames, verdict, built))


def render(material: Material, most: int | None = None) -> str:
    """Return the whole page of what is given.

    Args:
        material: of the page.
        most: bytes that it may have, by which it is decided how finely curves are stored; those of
            its size unless said. What is not curves is never left out.
    """
    script = "\n".join(asset(f"{name}.js") for name in SCRIPTS)
    digests = f"{source_digest(script)} {source_digest(plotly_source())}"
    words, losses, said = page_of(material), material.matrix, document(material)
    fixed = {
        "page": words,
        "title": words.title,
        "policy": _POLICY.format(digests=digests),
        "version": package_version(),
        "css": asset("report.css"),
        "js": script,
        "plotly": _packed_plotly(),
    }
    kept = kept_whole(material)
    # What is not curves, and longest where some cells stand in buckets.
    some = (1, *[COARSEST] * len(losses))[: len(losses)]
    bare = _filled(fixed, said, material, Stored(some, "", losses.shape))
    limit = most_bytes(*losses.shape) if most is None else most
    found = store_most(losses, kept, limit - len(bare.encode("utf-8")))
    return _filled(fixed, said, material, found)


def _filled(
    fixed: Mapping[str, object], said: Mapping[str, Any], material: Material, stored: Stored
) -> str:
    kind, data = _as_text(script_json({**said, **page_data(material, stored)}))
    return (
        templates()
        .get_template("grid.html.j2")
        .render(
            **fixed,
            resolution=resolution(stored, steps_file(material)),
            data_type=kind,
            data=data,
            curves=stored.text,
        )
    )


def _as_text(json_text: str) -> tuple[str, str]:
    """Return the type of the data's element and its text: packed where it is long."""
    if len(json_text) <= LONG:
        return "application/json", json_text
    return "application/octet-stream", packed(json_text.encode("utf-8"))


@cache
def _packed_plotly() -> str:
    return packed(plotly_source().encode("utf-8"))
