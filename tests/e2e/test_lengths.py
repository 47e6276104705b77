"""The section beyond the trained length in a real browser, where that is what is judged."""

from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from tests.browser import opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

SHORT = {"sinusoidal": [3.20, 3.21], "alibi": [3.22, 3.20], "learned": [3.24, 3.22]}
LONG = {"sinusoidal": [5.1, 5.4], "alibi": [3.15, 3.17], "learned": [None, None]}


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    folder = results(
        tmp_path_factory.mktemp("lengths"),
        LONG,
        evaluations=(("length 128", 128), ("validation", None), ("length 64", 64)),
        beyond={"validation": SHORT, "length 64": SHORT | {"learned": [None, None]}},
        status={"learned/0": "complete", "learned/1": "complete"},
    )
    return write_page(folder)


def test_lines_and_names_are_drawn_at_the_lengths(browser, path):
    with opened(browser, path) as seen:
        assert seen.messages == []
        ticks = seen.page.locator("#figure-lengths .xtick text").all_text_contents()
        assert ticks == ["32", "64", "128"]
        names = seen.page.locator("#figure-lengths .annotation-text").all_text_contents()
        assert sorted(names) == ["alibi", "learned ends here", "sinusoidal"]
        box = seen.page.locator("#figure-lengths .shapelayer path").first.bounding_box()
        tick = seen.page.locator("#figure-lengths .xtick text").first.bounding_box()
        assert box["x"] + box["width"] / 2 == pytest.approx(tick["x"] + tick["width"] / 2, abs=2)


def test_the_link_of_the_caveat_leads_to_the_section(browser, path):
    with opened(browser, path) as seen:
        link = seen.page.locator("#verdict .caveats a[href='#lengths']")
        assert link.inner_text() == "Beyond the trained length"
        assert seen.page.locator("nav a[href='#lengths']").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_no_violation_and_nothing_scrolls_sideways(browser, path, width, scheme):
    with opened(browser, path, width=width, scheme=scheme) as seen:
        seen.run(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        found = seen.run(
            """async () => (await axe.run('#lengths', {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',
                'wcag21aa', 'wcag22aa', 'best-practice']})).violations.map(each =>
                [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])"""
        )
        assert found == []
        assert seen.run("() => document.documentElement.scrollWidth") == width
