"""The colours of the page for figures outside of it: a token becomes what report.css says."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args

from reports.errors import Problem, UserError, nearest
from reports.templating import asset

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)

_PAIR = re.compile(r"--([\w-]+):\s*light-dark\(\s*(#\w{6})\s*,\s*(#\w{6})\s*\)")
_TOKEN = re.compile(r"(?:@|var\(--)(?P<name>[\w-]+)(?:/(?P<opacity>[\d.]+))?\)?")


def palette(theme: Theme) -> Mapping[str, str]:
    """Return token -> colour, `v1` -> `#bd4b00`.

    Raises:
        UserError: there is no such theme.
    """
    if theme not in THEMES:
        hints = (f"themes: {', '.join(THEMES)}", *nearest(str(theme), THEMES))
        raise UserError(Problem("unknown theme", "", "theme", str(theme), hints))
    place = THEMES.index(theme)
    return {name: pair[place] for name, pair in _pairs().items()}


def resolved(value: Any, colours: Mapping[str, str], key: str = "") -> Any:
    """Replace every colour token in plotly's data or layout, `var(--v2)` or `@v2/0.2`."""
    if isinstance(value, str):
        token = _TOKEN.fullmatch(value) if key.endswith("color") else None
        return value if token is None else _colour(token["name"], token["opacity"], colours)
    if isinstance(value, dict):
        return {name: resolved(each, colours, name) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(each, colours, key) for each in value]
    return value


@cache
def _pairs() -> Mapping[str, tuple[str, str]]:
    """Read the custom properties, so that the style sheet is the only place that has them."""
    return {name: (light, dark) for name, light, dark in _PAIR.findall(asset("report.css"))}


def _colour(name: str, opacity: str | None, colours: Mapping[str, str]) -> str:
    if opacity is None:
        return colours[name]
    red, green, blue = (int(colours[name][at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
