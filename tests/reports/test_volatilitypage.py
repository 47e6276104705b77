"""The section on volatility as the page and report.json have it."""

import re
from datetime import UTC, datetime

import pytest

from reports.document import document
from reports.frames import read_frames
from reports.material import Material
from reports.page import render
from reports.verdict import judge
from tests.results import results

LOSSES = {"rotary": [3.20, 3.21, 3.19], "none": [3.26, 3.25, 3.26], "linspace": [3.3, 3.31, 3.28]}


def material(tmp_path, **settings):
    frames = read_frames(results(tmp_path, LOSSES, **settings))
    return Material(frames, judge(frames), datetime(2026, 11, 24, tzinfo=UTC))


def section(page):
    return re.search(r'<section id="volatility".*?</section>', page, re.DOTALL).group()


def test_every_cell_of_the_table_names_its_column(tmp_path):
    found = section(render(material(tmp_path, steps=400)))
    cells = re.findall(r'<td role="cell" class="wrap" data-label="([^"]+)">', found)
    assert cells[:7] == [
        "step-to-step noise",
        "own noise, × baseline&#39;s",
        "share of jumping",
        "correlated over",
        "spikes a run",
        "SD between seeds",
        "lead settled since",
    ]
    assert cells == cells[:7] * 3
    assert len(re.findall(r'role="rowheader"', found)) == 3


def test_further_lines_of_a_cell_stand_small_below_the_first(tmp_path):
    found = section(render(material(tmp_path, steps=400)))
    assert len(re.findall(r">0\.0\d{3}<small>wander 0\.0\d{3}</small></td>", found)) == 3
    assert len(re.findall(r"<small>ahead for [^<]+ of tokens</small></td>", found)) == 2


def test_the_end_of_the_curves_is_one_paragraph(tmp_path):
    found = section(render(material(tmp_path, steps=400)))
    (ends,) = re.findall(r"<p>[^<]*over the last 20[^<]*</p>", found)
    assert "The learning rate decays there" in ends
    assert "went on" not in ends


def test_the_stretches_along_the_run_are_a_table_of_ten_rows(tmp_path):
    found = section(render(material(tmp_path, steps=400)))
    table = found[found.index("noise / wander along the run") :]
    assert len(re.findall(r'<th scope="row">', table)) == 10


def test_short_runs_have_no_table_of_stretches(tmp_path):
    found = section(render(material(tmp_path, steps=20)))
    assert "along the run, in stretches" not in found
    assert "too few points" in found


def test_report_json_has_a_settled_value_for_each_seed(tmp_path):
    given = material(tmp_path, steps=400, status={"none/1": "failed"})
    variants = {each["id"]: each["volatility"] for each in document(given)["variants"]}
    assert variants["rotary"]["settled_tokens"] == []
    assert len(variants["none"]["settled_tokens"]) == 2
    assert [each["seed"] for each in variants["none"]["leads"]] == [0, 2]
    # These curves lie 0.06 nats apart from the first step on, several times their noise.
    assert variants["none"]["settled_tokens"] == pytest.approx([400 * 128 / 50] * 2)
    assert {"wander", "share_of_jumping", "autocorrelation_steps"} <= set(variants["none"])
