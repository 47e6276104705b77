"""The table that is exported has the strings of the page."""

import html
import re

import pytest

from reports.exporters.tables import variants_table
from reports.numbers import THIN
from reports.page import render
from tests.reports.exporters.tables import HOSTILE, LOSSES, made_of, material
from tests.results import as_probe, results

CASES = {
    "done": (LOSSES, {}),
    "half": (LOSSES, {"status": {"none/1": "diverged", "none/2": "missing"}}),
    "one seed": ({"rotary": [3.2], "none": [3.3]}, {}),
    "hostile": (HOSTILE, {}),
    "not begun": ({"rotary": [None], "none": [None]}, {}),
    "looks": (LOSSES, {"declared": [3, 5], "taken": [3]}),
}


def cells_of_page(page: str) -> list[list[list[str]]]:
    """The texts in each cell of the page's variants table, row by row."""
    (section,) = re.findall(r'<section id="variants".*?</section>', page, re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", section.partition("<tbody")[2], re.DOTALL)
    return [
        [texts(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def texts(cell: str) -> list[str]:
    marked = re.sub(r"<wbr>|<svg.*?</svg>", "", cell, flags=re.DOTALL)
    parts = re.sub(r"<[^>]*>", "\x00", marked).split("\x00")
    return [html.unescape(each).strip(" ,\n") for each in parts if each.strip(" ,\n")]


@pytest.mark.parametrize("case", CASES)
def test_every_cell_is_written_as_the_page_writes_it(tmp_path, case):
    losses, settings = CASES[case]
    given = material(tmp_path, losses, **settings)
    columns = (each.cells for each in variants_table(given).columns)
    rows = list(zip(*columns, strict=True))
    shown = cells_of_page(render(given))
    assert len(shown) == len(rows) == len(losses)
    for row, page in zip(rows, shown, strict=True):
        label, loss, *against, seeds, parameters, time, flops, noise, its_interval = row
        difference, limits, word = against
        name, _, *cells, last = page
        word = "" if word == "baseline" else word
        pieces = ([difference, word, limits], [parameters], [time, flops], [noise, its_interval])
        assert cells == [[loss], *([each for each in cell if each] for cell in pieces)]
        assert name[0] == label.strip()
        assert last[-1] == seeds


def test_columns_are_those_of_the_page(tmp_path):
    table = variants_table(material(tmp_path))
    assert [[each.heading for each in stack] for stack in table.stacks] == [
        ["Variant"],
        ["Validation loss"],
        ["Against rotary", f"95{THIN}% interval"],
        ["Verdict", "Seeds"],
        ["Parameters"],
        ["Time of a cell", "Training FLOPs"],
        ["Own noise", "Its interval"],
    ]
    assert table.columns[4].cells == ("baseline", "worse", "equivalent")


def test_a_synthetic_task_has_its_accuracy(tmp_path):
    loss, accuracy = variants_table(made_of(as_probe(results(tmp_path, LOSSES)))).stacks[1]
    assert [loss.heading, accuracy.heading] == ["Validation loss", "Accuracy"]
    assert all(each.endswith(f"{THIN}%") for each in accuracy.cells)


def test_the_caption_says_how_many_contrasts_hold_together(tmp_path):
    both = variants_table(made_of(results(tmp_path, LOSSES))).caption
    assert "paired differences with simultaneous intervals" in both
    two = {name: LOSSES[name] for name in list(LOSSES)[:2]}
    alone = variants_table(made_of(results(tmp_path / "two", two))).caption
    assert "simultaneous" not in alone
    assert "1 comparison" in alone
