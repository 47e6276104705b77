"""Tokens become the colours of report.css."""

import pytest

from reports.errors import UserError
from reports.templating import asset
from reports.themes import palette, resolved


def test_every_pair_of_the_style_sheet_is_a_colour():
    light, dark = palette("light"), palette("dark")
    assert len(light) == asset("report.css").count("light-dark(")
    assert f"--v1: light-dark({light['v1']}, {dark['v1']})" in asset("report.css")
    assert light["page"] != dark["page"]


@pytest.mark.parametrize(
    ("token", "colour"),
    [
        ("@v1", "#bd4b00"),
        ("@v1/0.2", "rgba(189, 75, 0, 0.2)"),
        ("var(--v0)", "#16191d"),
        ("var(--bad-panel/0.5)", "rgba(253, 240, 237, 0.5)"),
        ("rgba(0,0,0,0)", "rgba(0,0,0,0)"),
    ],
)
def test_a_token_becomes_hex_or_rgba(token, colour):
    assert resolved({"line": [{"color": token}]}, palette("light")) == {"line": [{"color": colour}]}


def test_words_that_look_like_a_token_stay_words():
    given = {"text": "@v1", "name": ["@ink", "var(--ink)"], "fillcolor": None, "width": 2}
    assert resolved(given, palette("dark")) == given


def test_an_unknown_theme_is_named_with_the_nearest():
    with pytest.raises(UserError, match="did you mean dark"):
        palette("drak")
