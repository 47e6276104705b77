"""Slopes at the end: what is resolved is said, and nothing else."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reports.coursejson import outlook_json
from reports.drawings.drawing import Mark
from reports.endings import Line
from reports.estimates import Interval
from reports.frames import read_frames
from reports.numbers import THIN
from reports.outlook import Outlook, outlooks, sentences
from reports.training import training_curves
from tests.results import results

LOSSES = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.25, 3.26]}
ROTARY, NONE = Mark("rotary", None, "circle"), Mark("no positions", None, "circle")
PER_STEP, STEPS = 128, 1000
END = PER_STEP * STEPS
LINE = Line(-1e-8, 1e-9, 3.0, END)
UNIT = f"nats per 10{THIN}% more tokens"


def interval(low, high):
    return Interval((low + high) / 2, low, high, 3.0)


def outlook(slope=(-0.02, -0.01), gap=None, gap_slope=None, *, decays=False):
    given = [None if each is None else interval(*each) for each in (gap, gap_slope)]
    return Outlook((LINE,), interval(*slope), *given, float(END), decays)


def planted(tmp_path, slopes, *, seeds=3, rate=1e-3, gap=0.1):
    """Outlooks of straight curves with noise; slopes in nats for 10 % more tokens."""
    losses = {name: each[:seeds] for name, each in LOSSES.items()}
    frames = read_frames(results(tmp_path, losses, steps=STEPS))
    columns = []
    for (cell,), part in frames.steps.group_by("cell", maintain_order=True):
        name, seed = cell.split("/")
        share = part["step"].to_numpy() / STEPS
        batch = np.random.default_rng([int(seed), 1]).normal(0, 0.05, STEPS)
        own = np.random.default_rng([int(seed), len(name)]).normal(0, 0.004, STEPS)
        above = gap if name == "none" else 0
        columns.append(3 + above + slopes[name] * 10 * (share - 1) + 0.1 * batch + own)
    rates = pl.lit(rate) if rate else pl.col("learning_rate")
    steps = frames.steps.with_columns(loss=np.concatenate(columns), learning_rate=rates)
    return outlooks(["rotary", "none"], "rotary", training_curves(replace(frames, steps=steps)))


def test_planted_slopes_and_the_place_where_a_gap_closes_are_found(tmp_path):
    found = planted(tmp_path, {"rotary": -0.01, "none": -0.03})
    for name, slope in (("rotary", -0.01), ("none", -0.03)):
        assert found[name].slope.low < slope < found[name].slope.high < 0
    none = found["none"]
    assert none.gap_slope.low < -0.02 < none.gap_slope.high
    assert none.direction == "closing"
    assert none.meets == pytest.approx(END * (1 + 0.1 * 0.1 / 0.02), rel=0.1)
    assert found["rotary"].direction is None


def test_a_gap_that_grows_is_opening_and_meets_nowhere(tmp_path):
    found = planted(tmp_path, {"rotary": -0.03, "none": -0.01})["none"]
    assert (found.direction, found.meets) == ("opening", None)


def test_equal_slopes_are_neither_closing_nor_opening(tmp_path):
    assert planted(tmp_path, {"rotary": -0.03, "none": -0.03})["none"].direction == "neither"


def test_a_gap_whose_sign_is_not_resolved_is_only_changing(tmp_path):
    found = planted(tmp_path, {"rotary": -0.03, "none": -0.01}, gap=0.0)["none"]
    assert (found.direction, found.meets) == ("changing", None)


def test_a_rate_that_decays_forbids_drawing_the_gap_out(tmp_path):
    found = planted(tmp_path, {"rotary": -0.01, "none": -0.03}, rate=None)["none"]
    assert (found.direction, found.decays, found.meets) == ("closing", True, None)


def test_one_seed_has_the_slope_of_its_run_and_no_gap(tmp_path):
    found = planted(tmp_path, {"rotary": -0.01, "none": -0.03}, seeds=1)["none"]
    assert found.slope.low < -0.03 < found.slope.high
    assert (found.gap, found.gap_slope, found.direction) == (None, None, None)
    assert outlook_json(found)["gap_direction"] is None


def test_short_runs_have_no_line(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=100))
    found = outlooks(["rotary", "none"], "rotary", training_curves(frames))
    assert found["none"].lines == ()
    (said,) = sentences([ROTARY, NONE], list(found.values()))
    assert said == f"Still falling? Too few steps lie in the last 20{THIN}% of the tokens to tell."


def test_what_falls_is_said_with_its_interval_and_what_is_unclear_without():
    said = sentences([ROTARY, NONE], [outlook(), outlook((-0.01, 0.02))])
    assert said == (
        (
            f"Still falling over the last 20{THIN}% of the tokens: "
            f"rotary by 0.0150 (0.0100 to 0.0200) {UNIT}."
        ),
        "Not shown to be still falling: no positions.",
    )


def test_a_curve_that_rises_is_said_to():
    said = sentences([ROTARY, NONE], [outlook((0.01, 0.02)), outlook((-0.01, 0.02))])
    assert said[0].startswith(f"Rising over the last 20{THIN}% of the tokens: rotary by 0.0150")


def test_many_that_fall_are_said_with_their_range():
    marks = [Mark(name, None, "circle") for name in "abcd"]
    ends = [outlook((-0.02 - place / 100, -0.01)) for place in range(4)]
    assert sentences(marks, ends) == (
        (
            f"Still falling over the last 20{THIN}% of the tokens: "
            f"a, b, c and d, by 0.0150 to 0.0300 {UNIT}."
        ),
    )


@pytest.mark.parametrize(
    ("gap", "slope", "expected"),
    [
        (
            (0.08, 0.12),
            (-0.025, -0.015),
            (
                f"is closing at the end, by 0.0200 (0.0150 to 0.0250) {UNIT}; if it went on "
                f"like this, it would be 0 at 192.0{THIN}k tokens."
            ),
        ),
        (
            (0.08, 0.12),
            (0.015, 0.025),
            f"is opening at the end, by 0.0200 (0.0150 to 0.0250) {UNIT}.",
        ),
        (
            (-0.12, -0.08),
            (-0.025, -0.015),
            f"is opening at the end, by 0.0200 (0.0150 to 0.0250) {UNIT}.",
        ),
        (
            (-0.01, 0.02),
            (-0.025, -0.015),
            (
                "whose sign is not resolved at the end, still moves down by 0.0200 "
                f"(0.0150 to 0.0250) {UNIT}."
            ),
        ),
        ((0.08, 0.12), (-0.01, 0.02), "is not shown to close or to open at the end."),
    ],
)
def test_a_gap_is_said_to_move_only_where_it_is_resolved(gap, slope, expected):
    said = sentences([ROTARY, NONE], [outlook(), outlook(gap=gap, gap_slope=slope)])
    assert said[-1].startswith("The gap of no positions to the baseline")
    assert said[-1].endswith(expected)


def test_a_decaying_rate_is_said_once_and_nothing_is_drawn_out():
    closing = outlook(gap=(0.08, 0.12), gap_slope=(-0.025, -0.015), decays=True)
    said = sentences([ROTARY, NONE], [outlook(decays=True), closing])
    assert "went on" not in " ".join(said)
    assert said[-1].startswith("The learning rate decays there")
    assert outlook_json(closing)["gap_zero_at_tokens"] is None
