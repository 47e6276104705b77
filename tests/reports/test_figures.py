import numpy as np
import pytest

from reports.drawings.cost import cost
from reports.drawings.drawing import Mark, Table, end_labels, plain_text, right_margin, short, token
from reports.drawings.profile import Axis, Difference, profile
from reports.drawings.seeds import seeds
from reports.drawings.volatility import Panel, Starts, panels, spread_between
from reports.sections import seeds_section
from reports.summaries import Interval
from tests.reports.test_unpaired import SOURCE, unpaired

ROTARY = Mark("rotary", 0, "circle")
NONE = Mark("no positions", 1, "diamond")
GHOST = Mark("var(--ink)", None, "star")


def colours(value: object, key: str = "") -> list[str]:
    """Every colour of a figure."""
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in colours(each, name)]
    if isinstance(value, list):
        return [found for each in value for found in colours(each, key)]
    return [value] if isinstance(value, str) and key.endswith("color") else []


def drawings():
    differences = [Difference(NONE, np.array([0.1, 0.2]), np.array([0.05, 0.05]))]
    points = [
        (ROTARY, Interval(12.0, 11.0, 13.0), Interval(3.2, 3.1, 3.3)),
        (GHOST, Interval(14.0, None, None), Interval(3.4, None, None)),
    ]
    spread = np.array([np.nan, 0.1, 0.2, 0.1])
    return {
        "profile": profile(Axis(np.array([1.0, 2.0]), 1, 1), differences, ROTARY),
        "seeds": seeds([ROTARY, GHOST], [0, 1], [[3.2, 3.3], [3.4, None]], 0),
        "cost": cost(points, Table(("a",), (("b",),)), "cpu"),
        "volatility": panels([Panel(ROTARY, spread, (Starts((2,)),)), Panel(NONE, spread, ())], 2)[
            0
        ][1],
    }


@pytest.mark.parametrize("name", ["profile", "seeds", "cost", "volatility"])
def test_every_colour_is_a_token_of_the_theme(name):
    found = colours(drawings()[name].as_json())
    assert found
    assert all(each.startswith("@") for each in found)


@pytest.mark.parametrize("name", ["profile", "seeds", "cost", "volatility"])
def test_no_figure_asks_for_webgl_or_carries_a_template(name):
    drawn = drawings()[name].as_json()
    assert {trace["type"] for trace in drawn["data"]} == {"scatter"}
    assert "template" not in drawn["layout"]


def test_words_that_look_like_a_token_stay_words():
    ticks = drawings()["seeds"].as_json()["layout"]["xaxis"]["ticktext"]
    assert ticks == ["rotary", "var(--ink)"]


def test_a_token_with_opacity_passes_through_plotly():
    drawn = drawings()["profile"].as_json()
    fills = [trace["fillcolor"] for trace in drawn["data"] if "fillcolor" in trace]
    assert fills == ["@v1/0.2"]
    assert token("v1", 0.2) == "var(--v1/0.2)"


def test_plotly_shows_tags_and_obeys_none():
    assert plain_text("<b>&") == "&lt;b&gt;&amp;"
    assert short("x" * 40) == "x" * 25 + "…"


def test_end_labels_keep_their_distance():
    labels = end_labels([(1.0, ROTARY), (1.01, NONE), (3.0, GHOST)], gap=0.1)
    assert [label["y"] for label in labels] == [1.0, 1.1, 3.0]
    assert right_margin([ROTARY, NONE]) > 12 * 7


def test_many_variants_are_drawn_as_paired_differences():
    marks = [Mark(str(place), None, "circle") for place in range(8)]
    losses = [[3.0 + place / 10, 3.1] for place in range(8)]
    drawn = seeds(marks, [0, 1], losses, baseline=2).as_json()
    assert len(drawn["data"]) == 7
    assert drawn["data"][0]["y"] == [pytest.approx(-0.2), 0.0]


def test_a_missing_cell_leaves_a_gap_and_a_dash():
    drawn = drawings()["seeds"]
    assert drawn.as_json()["data"][-1]["y"] == [3.4, None]
    assert drawn.table.rows[1] == ("1", "3.3000", "–")


def test_the_front_keeps_what_nothing_else_beats():
    points = [
        (ROTARY, Interval(10.0, None, None), Interval(3.5, None, None)),
        (NONE, Interval(11.0, None, None), Interval(3.6, None, None)),
        (GHOST, Interval(12.0, None, None), Interval(3.2, None, None)),
    ]
    front = cost(points, Table((), ()), "cpu").as_json()["data"][0]
    assert (front["x"], front["y"]) == ([10.0, 12.0], [3.5, 3.2])


def test_spread_is_the_deviation_of_window_means():
    curves = np.random.default_rng(0).normal(size=(4, 50))
    curves[0, 30] = np.nan
    spread = spread_between(curves, 5)
    assert np.isnan(spread[:4]).all()
    assert spread[10] == pytest.approx(np.std(curves[:, 6:11].mean(axis=1), ddof=1))
    assert np.isnan(spread[30])


def test_window_borders_stand_between_the_windows():
    positions = np.arange(1.0, 13.0)
    line = Difference(NONE, np.zeros(12), None)
    shapes = profile(Axis(positions, 1, 4), [line], ROTARY).as_json()["layout"]["shapes"]
    assert [shape["x0"] for shape in shapes[1:]] == [4, 8]


def test_spikes_of_the_batches_are_drawn_apart_and_counted_apart():
    spread = np.array([np.nan, 0.1, 0.2, 0.1])
    given = [Panel(NONE, spread, (Starts((2,), (3,)), Starts((), (3,))))]
    ((_, drawn),) = panels(given, 2)
    rugs = [each for each in drawn.as_json()["data"] if each["mode"] == "markers"]
    assert [(each["x"], each["marker"]["line"]["color"]) for each in rugs] == [
        ([3], "@muted"),
        ([2], "@v1"),
        ([3], "@muted"),
        ([], "@v1"),
    ]
    assert drawn.subtitle.endswith("3 spikes in 2 runs, 2 of the batches")


def test_runs_that_are_too_short_to_judge_spikes_have_no_count_of_them():
    spread = np.array([np.nan, 0.1, 0.2, 0.1])
    ((_, drawn),) = panels([Panel(NONE, spread, (Starts((), is_short=True),) * 2)], 2)
    assert drawn.subtitle.endswith("too few points to judge spikes")
    ((_, drawn),) = panels([Panel(NONE, spread, (Starts((2,)), Starts((), is_short=True)))], 2)
    assert drawn.subtitle.endswith("1 spike in 2 runs")


def lines_of(drawn) -> int:
    return sum(each.get("mode") == "lines" for each in drawn.as_json()["data"])


def test_only_runs_that_share_something_are_joined(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.19], "none": [3.3, 3.32, 3.31]}
    drawn = {}
    for is_paired in (True, False):
        frames = unpaired(tmp_path, losses, SOURCE | {"paired": is_paired})
        drawn[is_paired] = seeds_section(frames, [ROTARY, NONE])
    assert [lines_of(drawn[each]) for each in (True, False)] == [3, 0]
    assert "A line joins" in drawn[True].subtitle
    assert drawn[False].subtitle == (
        "Each point is one run; runs of equal seed have nothing in common but a number."
    )
    texts = [each["text"] for each in drawn[False].as_json()["layout"].get("annotations", [])]
    assert not [each for each in texts if "seed" in each]
    points = [each["y"] for each in drawn[False].as_json()["data"]]
    assert points == list(losses.values())


def test_many_unpaired_variants_stand_beside_the_mean_of_the_baseline():
    marks = [Mark(str(place), None, "circle") for place in range(8)]
    losses = [[3.0 + place / 10, 3.1] for place in range(8)]
    found = seeds(marks, [0, 1], losses, baseline=2, pairing="unpaired")
    drawn = found.as_json()["data"]
    assert len(drawn) == 8
    assert drawn[0]["y"] == pytest.approx([-0.15, -0.05])
    assert drawn[2]["y"] == pytest.approx([0.05, -0.05])
    assert "one run's difference to the mean of 2" in found.subtitle
