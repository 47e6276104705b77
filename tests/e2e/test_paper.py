"""The printed page: names of columns, margins, nothing cut at the right, what stays folded."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser import Opened, opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

FEW = {
    "rotary": [3.20, 3.21, 3.20],
    "none": [3.26, 3.25, 3.26],
    "linspace": [3.30, 3.31, 3.30],
}
MANY = [
    f"norm={norm}, positions={positions}"
    for norm in ("layer", "rms", "dyt", "none")
    for positions in ("rotary", "xpos", "alibi", "none", "learned")
]
MARGIN = 14 / 25.4 * 72
# Between the margins of A4, the narrower of both, in pixels.
PAPER = int((210 - 2 * 14) / 25.4 * 96)


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    return write_page(results(tmp_path_factory.mktemp("paper"), FEW, steps=200))


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    losses = {name: [3.2 + 0.01 * i, 3.21 + 0.012 * i] for i, name in enumerate(MANY)}
    return write_page(results(tmp_path_factory.mktemp("papers"), losses, steps=200))


@contextmanager
def on_paper(browser, path: Path) -> Iterator[Opened]:
    """A page laid out as wide as a sheet has room."""
    with opened(browser, path) as seen:
        seen.run("() => { dispatchEvent(new Event('beforeprint')); }")
        seen.page.set_viewport_size({"width": PAPER, "height": 900})
        seen.page.emulate_media(media="print")
        seen.settle()
        yield seen
        assert seen.messages == []


def test_the_columns_of_the_variants_have_their_names_and_no_arrows(browser, few):
    with on_paper(browser, few) as seen:
        heads = seen.page.locator("#variants thead .sort")
        assert heads.all_inner_texts() == [
            *("Variant", "Validation loss", "Against rotary", "Parameters"),
            *("Time of a cell", "Own noise", "Seeds"),
        ]
        looks = """each => [each.checkVisibility(), getComputedStyle(each, '::after').display,
            getComputedStyle(each).borderStyle]"""
        for head in heads.all():
            assert head.evaluate(looks) == [True, "none", "none"]
        assert not seen.page.locator("#theme").is_visible()


@pytest.mark.parametrize(("paper", "width"), [("A4", 595), ("Letter", 612)])
def test_a_sheet_has_margins_and_letters_of_the_size_that_is_asked_for(browser, few, paper, width):
    with opened(browser, few) as seen:
        sheets = seen.page.pdf(format=paper)
    links = re.findall(rb"/Rect \[([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)\]", sheets)
    assert links
    for left, bottom, right, top in (map(float, each) for each in links):
        assert left >= MARGIN - 1
        assert right <= width - MARGIN + 1
        assert bottom >= MARGIN - 1
        # Chromium makes all letters smaller where anything is wider than the sheet.
        assert top - bottom == pytest.approx(13.5, abs=0.1)


@pytest.mark.parametrize("name", ["few", "many"])
def test_nothing_goes_beyond_the_right_edge_and_no_number_is_lost(browser, request, name):
    path = request.getfixturevalue(name)
    numbers = """() => [...document.querySelectorAll('details td')]
        .filter(each => each.checkVisibility() && each.closest('#curves')).length"""
    beyond = """width => [...document.querySelectorAll('.page *')]
        .filter(each => each.checkVisibility() && !each.closest('.unseen, .plot > *'))
        .filter(each => each.getBoundingClientRect().right > width + 1)
        .map(each => each.outerHTML.slice(0, 120))"""
    with opened(browser, path) as seen:
        seen.run("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        before = seen.run(numbers)
    with on_paper(browser, path) as seen:
        assert seen.run(beyond, PAPER) == []
        assert seen.run(numbers) == before
        drawn = """() => [...document.querySelectorAll('.plot')].filter(each => each.clientWidth)
            .map(each => each.querySelector('.main-svg').clientWidth - each.clientWidth)"""
        assert set(seen.run(drawn)) == {0}


def test_tables_of_many_columns_are_several_on_paper_and_one_on_the_screen(browser, many):
    with opened(browser, many) as seen:
        tables = "() => document.querySelectorAll('#curves table').length"
        whole = seen.run(tables)
        seen.run("() => { dispatchEvent(new Event('beforeprint')); }")
        heads = seen.run(
            """() => [...document.querySelectorAll('#curves details:first-of-type .further')]
                .map(table => [...table.tHead.rows[0].cells].map(cell => cell.textContent))"""
        )
        assert [each[0] for each in heads] == ["step"] * 3
        assert [name for each in heads for name in each[1:]] == MANY
        seen.run("() => { dispatchEvent(new Event('afterprint')); }")
        assert seen.run(tables) == whole
        assert seen.page.locator("#curves table[hidden]").count() == 0
        seen.page.wait_for_function(
            "width => document.querySelector('#figure-curves .main-svg').clientWidth > width",
            arg=PAPER,
            timeout=5000,
        )
        assert seen.messages == []


def test_tables_by_factor_stay_folded_and_say_where_they_are(browser, few):
    with on_paper(browser, few) as seen:
        folded = seen.page.locator(".by-factor details")
        assert folded.count() == 2
        assert {each.get_attribute("open") for each in folded.all()} == {None}
        after = "() => getComputedStyle(document.querySelector('.by-factor'), '::after').content"
        assert "report.json" in seen.run(after)
