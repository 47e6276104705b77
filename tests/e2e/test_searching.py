"""The sections about tuning and search in a real browser, wide and narrow, light and dark."""

from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from tests.browser import opened, write_page
from tests.chosen import RATE, search, usual_tuning
from tests.results import results

pytestmark = pytest.mark.e2e

LOSSES = {"baseline": [3.30, 3.31, 3.29], "best": [3.22, 3.233, 3.208]}
STATUSES = {3: "pruned", 7: "diverged", 11: "pruned", 12: "failed", 20: "pruned"}
MATCH = {"quantity": "flops", "key": "mlp.width", "tolerance": 0.02, "solved": {"best": 171}}
TAGS = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    blocks = {
        "search": search(40, statuses=STATUSES, at_edge=[RATE]),
        "tuning": usual_tuning("baseline", "best"),
        "match": MATCH,
    }
    return write_page(results(tmp_path_factory.mktemp("s"), LOSSES, name="lr", blocks=blocks))


def test_all_figures_are_drawn_and_nothing_is_said_on_the_console(browser, path):
    with opened(browser, path) as seen:
        assert seen.messages == []
        empty = """() => [...document.querySelectorAll('#search .plot')]
            .filter(place => !place.querySelector('.main-svg path')).map(place => place.id)"""
        assert seen.run(empty) == []
        assert seen.page.locator("#search .plot").count() == 6
        hollow = seen.run(
            """() => document.getElementById('figure-search-history').data
            .find(trace => trace.meta.what === 'pruned').marker.color"""
        )
        assert hollow == "rgb(255, 255, 255)"


def test_words_of_an_axis_are_shown_as_they_are(browser, path):
    with opened(browser, path) as seen:
        ticks = seen.page.locator("#figure-search-slice-2 .xtick text").all_text_contents()
        assert ticks == ["gelu", "<b>silu</b>", "relu"]


def test_lines_have_the_width_of_their_place_and_their_words_stand_above_the_axes(browser, path):
    for width in (1440, 390):
        with opened(browser, path, width=width) as seen:
            box = seen.page.locator(".parallel svg").bounding_box()
            assert box["width"] == seen.page.locator(".parallel").bounding_box()["width"]
            for place, axis in enumerate(seen.page.locator(".parallel .axis").all()):
                name = seen.page.locator(".parallel p").nth(place).bounding_box()
                line = axis.bounding_box()["y"]
                assert name["y"] + name["height"] == pytest.approx(line, abs=2)
                assert name["x"] >= box["x"]


def test_without_script_the_tables_and_the_lines_remain(browser, path):
    with opened(browser, path, script="off") as seen:
        assert seen.page.locator(".parallel svg").is_visible()
        assert seen.page.locator("#tuning tbody tr").first.is_visible()
        assert not seen.page.locator("#search .plot").first.is_visible()
        seen.page.locator("#search summary").first.click()
        assert seen.page.locator("#search tbody tr").first.is_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_and_nothing_scrolls_sideways(browser, path, width, scheme):
    with opened(browser, path, width=width, scheme=scheme) as seen:
        seen.run(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        for place in ("#variants", "#tuning", "#search"):
            found = seen.run(
                f"async place => (await axe.run(place, {{runOnly: {TAGS}}})).violations.map(each =>"
                "[each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])",
                place,
            )
            assert found == []
        assert seen.run("() => document.documentElement.scrollWidth") == width
        small = """() => [...document.querySelectorAll('#search *, #tuning *')].filter(each =>
            [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
            && parseFloat(getComputedStyle(each).fontSize) < 12).map(each => each.textContent)"""
        assert seen.run(small) == []
