"""Figures for a notebook: what the page draws, with colours, title and subtitle in the figure."""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from reports.curvelines import CURVES, Choice, curve_drawing
from reports.drawings.drawing import STYLE, Drawing, Mark, plain_text, token
from reports.errors import Problem, UserError, nearest
from reports.frames import Frames
from reports.material import Material
from reports.themes import Theme, palette, resolved
from reports.verdict import judge

HEIGHT, TALL = 380, 470
"""Pixels below the title; curves are taller."""

LINE, TITLE_LINES = 18, 46
"""Pixels of a line of the subtitle, and of the title with what surrounds it."""

WIDE = 104
"""Letters of a line of the subtitle."""

# Part of the page alone; a figure does not say when it was drawn.
_NEVER = datetime.fromtimestamp(0, UTC)


def names(frames: Frames) -> dict[str, str]:
    """Return the name of every figure that these results have, with its title."""
    curves = {name: title for name, title in CURVES.items() if _has_curves(frames)}
    return curves | {name: each.title for name, each in _drawings(frames).items() if _drawn(each)}


def figure(frames: Frames, name: str, theme: Theme) -> go.Figure:
    """Draw one of `names`.

    Raises:
        UserError: there is no such figure, or these results have nothing to draw in it.
    """
    if name in CURVES:
        return curves(frames, name, theme)
    drawings = _drawings(frames)
    if name not in drawings:
        known = [*CURVES, *drawings]
        hints = (f"figures: {', '.join(known)}", *nearest(name, known))
        raise UserError(Problem("unknown figure", frames.manifest.name, "name", name, hints))
    drawing = drawings[name]
    if drawing.problem:
        hints = (drawing.problem, *((drawing.command,) if drawing.command else ()))
        what = f"the figure {name} has nothing to draw"
        raise UserError(Problem(what, str(frames.folder), hints=hints))
    return dressed(drawing, material(frames).marks, theme, HEIGHT)


def curves(frames: Frames, name: str, theme: Theme, **chosen: Any) -> go.Figure:
    """Draw `curves` or `difference` as the fields of a `Choice` say.

    Raises:
        UserError: the choice names what is not there, or nothing is left to draw.
    """
    marks = material(frames).marks
    return dressed(curve_drawing(frames, marks, name, Choice(**chosen)), marks, theme, TALL)


@lru_cache(maxsize=2)
def material(frames: Frames) -> Material:
    """Return what a page of these results is made of; kept, since its verdict takes a while."""
    return Material(frames, judge(frames), _NEVER)


def dressed(drawing: Drawing, marks: Sequence[Mark], theme: Theme, height: int) -> go.Figure:
    """Return the figure of a drawing with the page's style, in the colours of a theme."""
    colours, own = palette(theme), drawing.figure.layout.to_plotly_json()
    given = {key: value for key, value in own.items() if key not in {"template", "meta"}}
    layout = _merged(STYLE["layout"], given)
    for key in layout:
        if key.startswith(("xaxis", "yaxis")):
            layout[key] = _merged(STYLE["axis"], layout[key])
    subtitle = textwrap.wrap(drawing.subtitle, WIDE)
    top = TITLE_LINES + LINE * len(subtitle)
    layout |= {
        "title": _title(drawing.title, subtitle),
        "margin": {**layout["margin"], "t": top},
        "height": height + top,
        "paper_bgcolor": "@page",
        "annotations": [each for each in layout.get("annotations", ()) if not _is_muted(each)],
    }
    ghosts = {mark.place for mark in marks if mark.slot is None}
    data = _coloured_above([each.to_plotly_json() for each in drawing.figure.data], ghosts)
    figure = go.Figure(resolved(data, colours), resolved(layout, colours))
    # The notebook's own template would colour what the style leaves open.
    figure.layout.template = go.layout.Template()
    return figure


def _title(title: str, subtitle: list[str]) -> dict[str, Any]:
    return {
        "text": plain_text(title),
        "font": {"size": 17, "color": "@ink", "weight": 600},
        "subtitle": {
            "text": "<br>".join(plain_text(line) for line in subtitle),
            "font": {"size": 13, "color": "@muted"},
        },
        "x": 0,
        "xref": "container",
        "xanchor": "left",
        "yref": "container",
        "y": 1,
        "yanchor": "top",
        "pad": {"l": 16, "t": 14},
    }


def _coloured_above(
    data: Sequence[dict[str, Any]], ghosts: Collection[int | None]
) -> list[dict[str, Any]]:
    """Draw the variants that have a colour above the others, which are ghosts without a name."""
    named = [each for each in data if _place(each) not in ghosts]
    others = [each for each in data if _place(each) in ghosts]
    return [*(ghost for each in others for ghost in _ghost(each)), *named]


def _place(trace: Mapping[str, Any]) -> int:
    """Return the place of a variant among others; 0 where the figure is about one alone."""
    meta = trace.get("meta") or {}
    return 0 if meta.get("is_panel") else meta.get("place") or 0


def _ghost(trace: Mapping[str, Any]) -> list[dict[str, Any]]:
    if trace["mode"].startswith("markers"):
        return [{**trace, "mode": "markers"}]
    if trace["line"].get("width") == 0 or trace.get("visible") is False:
        return []
    kept = {key: each for key, each in trace.items() if key not in {"hovertemplate", "error_y"}}
    thin = {**trace["line"], "color": "@ghost", "width": 1.2}
    return [{**kept, "mode": "lines", "hoverinfo": "skip", "line": thin}]


def _is_muted(note: Mapping[str, Any]) -> bool:
    """Whether it names the end of a line without a colour: there may be very many."""
    return note.get("name") == "end" and note["font"]["color"] == token("muted")


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _drawings(frames: Frames) -> Mapping[str, Drawing]:
    made = material(frames)
    return {**made.drawings, **{each.id: each.drawing for each in made.multiples}}


def _drawn(drawing: Drawing) -> bool:
    return not drawing.problem


def _has_curves(frames: Frames) -> bool:
    return bool(frames.steps["loss"].is_finite().any())
