import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.drawings.drawing import Mark
from reports.scalepicture import GAP, Value, scale_picture

FEET = ((1e5, "100 k", "laptop"), (1e7, "10 M", "pythia-14m"))


def value(scale, mean, half=0.1):
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Value(scale, FEET[scale][0], mean, low, high, f"{mean}")


def drawn(*means, zero="", slots=None):
    series = [
        (Mark(f"variant {place}", place if slots is None else slots[place], "circle"), own)
        for place, own in enumerate(
            [value(scale, mean) for scale, mean in enumerate(pair) if mean is not None]
            for pair in means
        )
    ]
    return scale_picture("Loss", "said", series, FEET, zero=zero)


def test_heights_are_linear_and_lower_losses_stand_lower():
    picture = drawn((3.0, 2.0), (2.5, 2.5))
    first, second = picture.lines
    high, low = (point.y for point in first.points)
    assert second.points[0].y == pytest.approx((high + low) / 2, abs=0.11)
    assert high < low
    top, bottom = first.points[0].bar
    assert (top + bottom) / 2 == pytest.approx(high, abs=0.11)
    assert (bottom - top) / (low - high) == pytest.approx(0.2, abs=0.005)


def test_places_are_logarithmic_in_size():
    middle = Value(1, 1e6, 2.5, None, None, "middle")
    own = [value(0, 3.0), middle, value(1, 2.0)]
    picture = scale_picture("Loss", "said", [(Mark("a", 0, "circle"), own)], FEET)
    left, between, right = (point.x for point in picture.lines[0].points)
    assert between == pytest.approx((left + right) / 2, abs=0.11)
    assert [foot.x for foot in picture.feet] == pytest.approx([left, right], abs=0.11)


def test_without_an_interval_there_is_no_bar():
    own = [value(0, 3.0, None), value(1, 2.0, None)]
    picture = scale_picture("Loss", "said", [(Mark("a", 0, "circle"), own)], FEET)
    assert [point.bar for point in picture.lines[0].points] == [None, None]


def test_the_line_of_the_baseline_is_inside_even_when_all_differences_are_above():
    picture = drawn((0.3, 0.2), zero="rotary")
    _, _, top, bottom = picture.frame
    assert picture.zero is not None
    assert top < picture.zero < bottom
    assert drawn((0.3, 0.2)).zero is None


def test_one_scale_alone_has_a_point_and_no_line():
    (line,) = drawn((3.0, None)).lines
    assert len(line.points) == 1
    assert line.path == ""


def test_variants_stand_aside_of_each_other():
    left, right = (line.points[0].x for line in drawn((3.0, 2.0), (3.0, 2.0)).lines)
    assert right - left == pytest.approx(3.5, abs=0.2)


@given(st.lists(st.tuples(st.floats(1, 4), st.floats(1, 4)), min_size=1, max_size=6))
def test_names_are_apart_and_inside_and_in_the_order_of_their_lines(means):
    picture = drawn(*means)
    _, _, top, bottom = picture.frame
    named = sorted(picture.lines, key=lambda line: line.name_at[1])
    heights = [line.name_at[1] for line in named]
    assert all(b - a >= GAP - 0.2 for a, b in itertools.pairwise(heights))
    assert heights[-1] <= bottom
    assert heights[0] >= top - 0.2
    ends = [line.points[-1].y for line in named]
    assert ends == sorted(ends)
    for line in picture.lines:
        assert all(top <= point.y <= bottom and math.isfinite(point.x) for point in line.points)


def test_a_variant_without_a_colour_is_drawn_and_not_named():
    ghost, named = drawn((3.0, 2.0), (3.1, 2.1), slots=[0, None]).lines
    assert (named.name, ghost.name) == ("variant 0", "")
    assert ghost.path


def test_long_names_are_cut_and_scales_that_are_near_stand_on_two_lines():
    feet = (
        (1e5, "100 k", "laptop"),
        (1.2e5, "120 k", "a-preset-with-a-long-name"),
        (1e7, "10 M", "x"),
    )
    own = [Value(0, 1e5, 3.0, None, None, ""), Value(2, 1e7, 2.0, None, None, "")]
    picture = scale_picture("Loss", "said", [(Mark("a", 0, "circle"), own)], feet)
    assert [foot.y > 0 for foot in picture.feet] == [False, True, False]
    assert picture.feet[1].name == "a-preset-with…"
    assert picture.view_box == "0 0 360 320"


def test_nothing_to_draw_is_said():
    assert scale_picture("Loss", "said", [], FEET).problem == "No variant has a result to draw."


def test_ticks_have_a_real_minus():
    assert any(tick.text.startswith("−") for tick in drawn((-0.3, 0.2), zero="a").ticks)


def test_many_variants_stay_at_their_scale():
    xs = [line.points[0].x for line in drawn(*[(3.0, 2.0)] * 60, slots=[None] * 60).lines]
    assert max(xs) - min(xs) < 24.5


def test_what_has_no_colour_lies_below_what_has():
    lines = drawn((3.0, 2.0), (3.1, 2.1), (3.2, 2.2), slots=[0, None, 1]).lines
    assert [line.look.mark.slot for line in lines] == [None, 0, 1]
