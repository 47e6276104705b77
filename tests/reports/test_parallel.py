"""Parallel coordinates as SVG."""

import re

from hypothesis import given
from hypothesis import strategies as st

from reports.choices import read_search
from reports.parallel import BAND, FIRST, ROW, SIDE, WIDTH, best_tenth, parallel
from tests.chosen import HIDDEN, RATE, search


def read(block):
    return read_search(block, "manifest.json")


def lines(path):
    """Return the places across of every line."""
    return [
        [float(each) for each in re.findall(r"([\d.]+) [\d.]+V", line)]
        for line in path.split("M")[1:]
    ]


@given(count=st.integers(1, 60))
def test_the_tenth_are_the_lowest_and_one_at_least(count):
    found = best_tenth(read(search(count)))
    losses = sorted(each["values"][0] for each in search(count)["trials"])
    assert len(found) == max(1, -(-count // 10))
    assert [each.loss for each in found] == losses[: len(found)]


def test_every_completed_trial_has_one_line():
    drawn = parallel(read(search(40, statuses={3: "pruned", 7: "diverged"})))
    counts = [len(lines(each)) for each in (drawn.others, drawn.tenth, drawn.best)]
    assert counts == [34, 3, 1]


def test_a_line_passes_each_axis_at_its_value():
    block = search(2)
    low, high = sorted(block["trials"], key=lambda each: each["values"][0])
    low["settings"] = {RATE: 1e-3, "model.layers": 8, HIDDEN: "gelu"}
    high["settings"] = {RATE: 1e-4, "model.layers": 5, HIDDEN: "relu"}
    drawn = parallel(read(block))
    middle = WIDTH / 2
    assert lines(drawn.best) == [[middle, WIDTH - SIDE, SIDE, SIDE]]
    assert lines(drawn.others) == [[SIDE, middle, WIDTH - SIDE, WIDTH - SIDE]]


def test_lines_cross_the_words_straight_down():
    drawn = parallel(read(search(1)))
    ends = re.findall(r"[\d.]+ ([\d.]+)V([\d.]+)", drawn.best)
    assert [(int(top), int(axis)) for top, axis in ends] == [
        (FIRST + ROW * place - BAND, FIRST + ROW * place) for place in range(4)
    ]


def test_the_rows_have_the_ends_of_their_ranges():
    drawn = parallel(read(search(20)))
    assert [(row.name, row.low, row.high) for row in drawn.rows[:3]] == [
        (RATE, "0.0001", "0.01"),
        ("model.layers", "2", "8"),
        (HIDDEN, "gelu", "relu"),
    ]
    assert drawn.rows[3].name == "validation loss"
    assert drawn.height > drawn.rows[-1].y


def test_it_is_told_to_those_who_do_not_see_it():
    assert parallel(read(search(20))).spoken == (
        "A line for each of 20 completed trials through its settings down to its loss; the 2 of "
        "the lowest loss (the best 10\u202f%) are in colour."
    )


def test_nothing_is_drawn_without_a_completed_trial():
    assert parallel(read(search(2, statuses={0: "failed", 1: "pruned"}))) is None
