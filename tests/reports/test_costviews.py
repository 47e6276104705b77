"""The table at equal tokens, seconds, FLOPs as text."""

import re

import pytest

from reports.costviews import equal
from reports.efficiency import equal_budgets
from reports.frames import read_frames
from reports.page import page
from reports.targets import Ratio, Targets, tokens_to_target
from reports.verdict import judge
from tests.browser import BUILT
from tests.reference import written
from tests.results import results

LOSSES = {
    "rotary": [3.2] * 4,
    "none": [3.255, 3.247, 3.260, 3.25],
    "alibi": [3.15, 3.16, 3.14, 3.15],
}


def table(tmp_path, losses=LOSSES, **options):
    frames = read_frames(results(tmp_path, losses, **options))
    claims = judge(frames).claims
    found = equal(frames.manifest, equal_budgets(frames, claims), tokens_to_target(frames, claims))
    rows = {label: [(c.number, c.word, c.limits) for c in cells] for label, cells in found.rows}
    return found, rows


def test_every_budget_is_a_column_and_all_but_the_first_are_secondary(tmp_path):
    found, _ = table(tmp_path)
    assert [name for name, _ in found.columns] == [
        "Equal tokens",
        "Equal seconds",
        "Equal FLOPs",
        "Tokens to 3.200",
    ]
    assert [("secondary" in below) for _, below in found.columns] == [False, True, True, True]


def test_a_row_has_the_number_the_word_and_the_limits(tmp_path):
    _, rows = table(tmp_path)
    assert list(rows) == ["no positions", "alibi"]
    number, word, limits = rows["no positions"][0]
    assert (number, word) == ("+0.053", "worse")
    assert re.fullmatch(r"\+0\.0\d\d to \+0\.0\d\d", limits)
    assert rows["no positions"][3] == ("at least 1.00", "", "")
    assert rows["alibi"][3][1] == "fewer"


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.8, 0.9, "fewer"), (0.8, 1.2, "not resolved"), (1.1, 1.2, "more")],
)
def test_a_ratio_is_read_off_its_limits(tmp_path, low, high, word):
    frames = read_frames(results(tmp_path, LOSSES))
    budgets = equal_budgets(frames, judge(frames).claims)
    ratio = Ratio("none", "rotary", "is", 1.0, low, high, (0, 1, 2, 3), 4)
    found = equal(frames.manifest, budgets, Targets(3.2, (ratio,)))
    assert found.rows[0][1][-1].word == word


def test_two_machines_leave_the_column_out_and_say_why(tmp_path):
    found, rows = table(tmp_path, hardware={"none/1": "Another CPU"})
    assert [name for name, _ in found.columns][1] == "Equal FLOPs"
    assert found.notes[-1].startswith("Seconds are not compared: ")
    assert len(rows["alibi"]) == 3


def test_one_seed_has_no_limits_and_no_verdict(tmp_path):
    _, rows = table(tmp_path, {name: losses[:1] for name, losses in LOSSES.items()})
    assert rows["no positions"][0] == (written("+0.055"), "no verdict", "")


def test_nothing_to_compare_is_said(tmp_path):
    found, _ = table(tmp_path, {"rotary": [None, None], "none": [None, None]})
    assert found.rows == ()
    assert found.notes[0] == "No finished cell was evaluated over its tokens."


def test_where_another_length_judges_all_columns_are_secondary(tmp_path):
    evaluations = (("long", 128), ("validation", None))
    found, _ = table(tmp_path, evaluations=evaluations)
    assert all("secondary" in below for _, below in found.columns)
    assert found.notes[0].startswith("Loss at the trained length less that of rotary, ")
    assert found.notes[0].endswith(
        "about the loss at 128 tokens, four times the trained length at equal tokens; all columns "
        "are secondary."
    )


def test_the_table_stands_in_the_cost_section(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES))
    text = page(frames, judge(frames), BUILT)
    section = text[text.index('<section id="cost"') : text.index('<section id="settle"')]
    assert "At equal tokens, seconds, FLOPs" in section
    assert section.count("secondary</small>") == 3
