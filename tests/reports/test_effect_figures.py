"""Figures of effects: colours of the theme, no template, what is hatched and hollow."""

import numpy as np
import pytest
from scipy import stats

from reports.drawings.effects import Dot, Square, dots, half_normal, squares

ROWS = [
    Dot("positions", "rotary", 0.0, None, None, ""),
    Dot("positions", "<none>", 0.05, 0.03, 0.07, "worse"),
    Dot("heads", "heads = 4", 0.0, None, None, ""),
    Dot("heads", "heads = 1", 0.01, -0.02, 0.04, "unresolved"),
]
SQUARES = [
    Square(0, 0, -0.04, "−0.04", "−0.06 to −0.02", "better"),
    Square(1, 0, 0.01, "+0.01", "−0.02 to +0.04", "unresolved"),
]


def figures():
    return {
        "dots": dots(ROWS),
        "squares": squares(SQUARES, ["heads = 1", "heads = 2"], ["none"], ("heads", "positions")),
        "half_normal": half_normal([("none", 0.05), ("heads = 1", -0.01), ("both", 0.002)]),
    }


def colours(value, key=""):
    if isinstance(value, dict):
        return [each for name, one in value.items() for each in colours(one, name)]
    if isinstance(value, list | tuple):
        return [each for one in value for each in colours(one, key)]
    return [value] if isinstance(value, str) and key.endswith("color") else []


@pytest.mark.parametrize("name", ["dots", "squares", "half_normal"])
def test_every_colour_is_a_token_and_nothing_asks_for_webgl(name):
    plain = figures()[name].to_plotly_json()
    layout = {key: value for key, value in plain["layout"].items() if key != "template"}
    found = colours({"data": plain["data"], "layout": layout})
    assert found
    assert all(each.startswith("var(--") for each in found)
    assert {trace["type"] for trace in plain["data"]} == {"scatter"}


def test_one_row_a_level_below_the_name_of_its_axis():
    axis = figures()["dots"].layout.yaxis
    assert axis.ticktext == (
        "<b>positions</b>",
        "rotary",
        "&lt;none&gt;",
        "<b>heads</b>",
        "heads = 4",
        "heads = 1",
    )
    assert list(axis.tickvals) == [-1, -2, -3, -4, -5, -6]
    assert axis.range == (-6.7, -0.3)


def test_what_is_not_resolved_is_hollow_and_has_its_limits():
    reference, resolved, _, hollow = figures()["dots"].data
    assert (reference.marker.color, resolved.marker.color) == ("var(--v0)", "var(--v0)")
    assert hollow.marker.color == "var(--page)"
    assert hollow.error_x.array == pytest.approx([0.03])
    assert hollow.error_x.arrayminus == pytest.approx([0.03])
    assert reference.error_x.visible is False


def test_lower_is_blue_higher_is_orange_and_unresolved_is_hatched():
    lower, higher = figures()["squares"].data
    assert lower.fillcolor.startswith("var(--v2/")
    assert higher.fillcolor.startswith("var(--v1/")
    assert lower.fillpattern.shape is None
    assert higher.fillpattern.shape == "/"
    strengths = [float(each.fillcolor.split("/")[1].rstrip(")")) for each in (lower, higher)]
    assert strengths[0] > strengths[1]


def test_each_square_has_its_number_and_its_interval():
    texts = [each.text for each in figures()["squares"].layout.annotations]
    assert texts == ["<b>−0.04</b><br>−0.06 to<br>−0.02", "<b>+0.01</b><br>−0.02 to<br>+0.04"]


def test_sizes_stand_at_the_quantiles_of_a_half_normal():
    (points,) = figures()["half_normal"].data
    assert list(points.text) == ["both", "heads = 1", "none"]
    assert list(points.y) == [0.002, 0.01, 0.05]
    ranks = (np.arange(1, 4) - 0.5) / 3
    assert list(points.x) == pytest.approx(stats.halfnorm.ppf(ranks))


def test_what_lies_within_the_margin_is_grey_neither_hollow_nor_hatched():
    (dot,) = dots([Dot("heads", "heads = 1", 0.001, -0.002, 0.004, "equivalent")]).data
    assert dot.marker.color == "var(--muted)"
    square = squares(
        [Square(0, 0, 0.001, "+0.001", "", "equivalent")], ["1"], ["none"], ("heads", "positions")
    ).data[0]
    assert square.fillcolor == "var(--ghost)"
    assert square.fillpattern.shape is None
