"""Two figures at one place; where one of them has nothing to draw there is no switch, and why."""

import json
import re
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from reports.document import document
from reports.drawings.drawing import Drawing
from reports.frames import read_frames
from reports.marks import marks
from reports.material import Material
from reports.page import page
from reports.profiles import level_section, profile_switch
from reports.spending import cost_switch, flops_section
from reports.summaries import summarise
from reports.switches import Shown, Switch
from reports.verdict import judge
from tests.results import BATCH, CONTEXT, results

BUILT = datetime(2026, 11, 24, 8, 41, tzinfo=UTC)
LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}


def _without(folder, *columns):
    path = folder / "cells.parquet"
    frame = pl.read_parquet(path)
    empty = [pl.lit(None).cast(frame[name].dtype).alias(name) for name in columns]
    frame.with_columns(empty).write_parquet(path)
    return read_frames(folder)


def _section(frames, name):
    text = page(frames, judge(frames), BUILT)
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


def test_a_switch_draws_what_can_be_drawn_and_says_what_not():
    good, bad = Drawing("Good", "how"), Drawing("Bad", "", problem="There is none.")
    both = Switch("s", "as", (Shown("a", "a", good), Shown("b", "b", good)))
    assert ([each.id for each in both.drawn], both.notes) == (["a", "b"], ())
    one = Switch("s", "as", (Shown("a", "a", bad), Shown("b", "b", good)))
    assert ([each.id for each in one.drawn], one.notes) == (["b"], ("There is none.",))
    none = Switch("s", "as", (Shown("a", "a", bad), Shown("b", "b", bad)))
    assert ([each.id for each in none.drawn], none.title) == (["a"], "Bad")


def test_the_page_has_both_figures_of_both_sections(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    for name, anchors in {
        "cost": ["cost", "cost-flops"],
        "profile": ["profile", "profile-absolute"],
    }.items():
        section = _section(frames, name)
        assert re.findall(r'id="figure-([\w-]+)"', section) == anchors
        assert re.findall(r'type="radio".*?value="([\w-]+)"', section) == anchors
        assert re.findall(r'data-shows="([\w-]+)" (checked)?', section)[0][1] == "checked"
        assert "hidden" not in section.split("<h3>")[0]
    figures = document(Material(frames, judge(frames), BUILT))["figures"]
    assert {"cost", "cost-flops", "profile", "profile-absolute"} <= set(figures)
    json.dumps(figures, allow_nan=False)


@pytest.mark.parametrize(
    ("column", "anchor", "sentence"),
    [
        ("flops", "cost", "cells.parquet has no FLOPs of a finished cell"),
        ("seconds", "cost-flops", "cells.parquet has no time of a finished cell."),
    ],
)
def test_without_one_of_the_costs_there_is_no_switch_but_a_sentence(
    tmp_path, column, anchor, sentence
):
    section = _section(_without(results(tmp_path, LOSSES), column), "cost")
    assert re.findall(r'id="figure-([\w-]+)"', section) == [anchor]
    assert 'type="radio"' not in section
    assert sentence in section


def test_without_any_cost_the_section_says_why(tmp_path):
    frames = _without(results(tmp_path, LOSSES), "flops", "seconds")
    section = _section(frames, "cost")
    assert "figure-cost" not in section
    assert "cells.parquet has no time of a finished cell." in section


def test_flops_stand_in_powers_of_ten_with_the_loss(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    drawing = flops_section(frames, marks(frames), summarise(frames))
    points = drawing.figure.data[1:]
    tokens = 60 * CONTEXT * BATCH
    assert [each.x[0] for each in points] == pytest.approx(
        [tokens * 7.2e5 / 1e9, tokens * (7.2e5 + 1) / 1e9]
    )
    assert [each.y[0] for each in points] == pytest.approx([3.205, 3.255])
    assert drawing.figure.layout.xaxis.title.text == "training FLOPs of one cell (10⁹)"
    # All cells of a variant cost the same, so there is no interval to draw.
    assert [each.error_x.visible for each in points] == [False, False]
    assert [each.error_y.visible for each in points] == [None, None]
    assert "10⁹ " not in points[0].hovertemplate
    assert points[0].hovertemplate.endswith("5.53 × 10⁹<extra></extra>".replace(" ", "\u202f"))


def test_flops_that_differ_between_seeds_have_an_interval(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "cells.parquet"
    frame = pl.read_parquet(path)
    frame.with_columns(flops=pl.col("flops") * (1 + 0.1 * pl.col("seed"))).write_parquet(path)
    frames = read_frames(folder)
    (_, flops) = cost_switch(frames, marks(frames), summarise(frames)).choices
    point = flops.drawing.figure.data[1]
    # Student's t at one degree of freedom: 12.706 times half the distance of two values.
    half = 12.7062 * 0.05 * 60 * CONTEXT * BATCH * 7.2e5 / 1e9
    assert point.error_x.array[0] == pytest.approx(half, rel=1e-4)


def test_long_cells_are_drawn_in_minutes(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "cells.parquet"
    pl.read_parquet(path).with_columns(seconds=pl.lit(1800.0)).write_parquet(path)
    frames = read_frames(folder)
    (time, _) = cost_switch(frames, marks(frames), summarise(frames)).choices
    assert time.drawing.figure.layout.xaxis.title.text == "minutes of one cell (cpu)"
    assert time.drawing.figure.data[1].x == (30.0,)


def test_levels_are_the_profiles_of_the_cells_and_the_baseline_is_among_them(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    drawing = level_section(frames, marks(frames))
    lines = {each.name: each for each in drawing.figure.data if each.name}
    assert list(lines) == ["rotary", "no positions"]
    last = frames.evaluations.filter(pl.col("step") == 60)
    for name, label in (("rotary", "rotary"), ("none", "no positions")):
        own = last.filter(pl.col("variant") == name)["profile"].to_list()
        assert lines[label].y == pytest.approx(np.mean(own, axis=0))
    low, high = drawing.figure.layout.yaxis.range
    assert low < min(lines["rotary"].y) < max(lines["no positions"].y) < high
    assert drawing.table.columns == ("position", "rotary", "no positions")


def test_levels_remain_where_nothing_pairs_with_the_baseline(tmp_path):
    losses = {"rotary": [3.20, None], "none": [None, 3.25]}
    frames = read_frames(results(tmp_path, losses))
    switch = profile_switch(frames, marks(frames))
    assert [each.id for each in switch.drawn] == ["profile-absolute"]
    assert switch.notes == ("No variant shares a finished seed with the baseline.",)


def test_without_a_profile_the_section_says_why(tmp_path):
    frames = read_frames(results(tmp_path, {"rotary": [None, None], "none": [None, None]}))
    section = _section(frames, "profile")
    assert "evaluations.parquet has no profile of a finished cell of the baseline." in section
    assert "radio" not in section
