"""Figures that share a place, in a real browser: by keyboard, wide and narrow, on paper."""

from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from tests.browser import opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

LOSSES = {"rotary": [3.201, 3.198, 3.209], "none": [3.255, 3.247, 3.260]}
SECTIONS = [("profile", "profile-absolute"), ("cost", "cost-flops")]

DRAWN = """id => {
    const place = document.getElementById('figure-' + id);
    const svg = place.querySelector('.main-svg');
    return svg && place.dataset.ready === '1' ? svg.getBoundingClientRect().width : 0;
}"""


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return write_page(results(tmp_path_factory.mktemp("switches"), LOSSES, steps=120))


def width_of(seen, name):
    return seen.run("id => document.getElementById('figure-' + id).clientWidth", name)


def fits(seen, name):
    """Wait until a figure is as wide as its place, which plotly does a while after it is shown."""
    assert width_of(seen, name) > 0
    fit = f"([id, width]) => ({DRAWN})(id) === width"
    seen.page.wait_for_function(fit, arg=[name, width_of(seen, name)], timeout=10_000)


def shown(seen, *names):
    return [seen.page.locator(f"#figure-{name}").is_visible() for name in names]


def test_one_figure_is_shown_and_the_keyboard_chooses(browser, path):
    with opened(browser, path) as seen:
        for pair in SECTIONS:
            assert shown(seen, *pair) == [True, False]
            seen.page.locator(f"input[value={pair[0]}]").focus()
            seen.page.keyboard.press("ArrowRight")
            assert shown(seen, *pair) == [False, True]
            outline = "() => getComputedStyle(document.activeElement).outlineWidth"
            assert seen.run(outline) == "3px"
            seen.page.keyboard.press("ArrowLeft")
            assert shown(seen, *pair) == [True, False]
        assert seen.messages == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_figure_that_was_drawn_while_hidden_fits_once_it_is_shown(browser, path, width):
    with opened(browser, path, width=width) as seen:
        for _, second in SECTIONS:
            seen.page.locator(f"input[value={second}]").check()
            fits(seen, second)
        assert seen.run("() => document.documentElement.scrollWidth") == width
        assert seen.messages == []


def test_a_figure_that_was_never_near_is_drawn_when_it_is_shown(browser, path):
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready='1']", state="attached", timeout=60_000)
    for first, second in SECTIONS:
        page.locator(f"#figure-{first}").scroll_into_view_if_needed()
        page.wait_for_selector(f"#figure-{first}[data-ready='1']", timeout=30_000)
        assert page.evaluate(DRAWN, second) == 0
        page.locator(f"input[value={second}]").check()
        page.wait_for_selector(f"#figure-{second}[data-ready='1']", timeout=30_000)
        assert page.evaluate(DRAWN, second) > 600
    context.close()


def test_a_change_of_the_theme_reaches_the_hidden_figure(browser, path):
    ink = "() => document.getElementById('figure-cost-flops').layout.font.color"
    with opened(browser, path) as seen:
        before = seen.run(ink)
        for _ in range(2):
            seen.page.locator("#theme").click()
        seen.settle()
        seen.page.locator("input[value=cost-flops]").check()
        seen.settle()
        assert (before, seen.run(ink)) == ("rgb(22, 25, 29)", "rgb(238, 240, 242)")
        fits(seen, "cost-flops")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_no_violation_with_either_figure(browser, path, width, scheme):
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    script = """async rules => (await axe.run('#profile, #cost', {runOnly: rules})).violations.map(
        each => [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])"""
    with opened(browser, path, width=width, scheme=scheme) as seen:
        seen.run(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        opens = "() => document.querySelectorAll('details').forEach(d => { d.open = true; })"
        seen.run(opens)
        assert seen.run(script, rules) == []
        for _, second in SECTIONS:
            seen.page.locator(f"input[value={second}]").check()
        assert seen.run(script, rules) == []


def test_what_was_chosen_is_printed(browser, path):
    with opened(browser, path, scheme="dark") as seen:
        seen.page.locator("input[value=cost-flops]").check()
        seen.page.emulate_media(media="print")
        seen.run("() => { dispatchEvent(new Event('beforeprint')); }")
        seen.settle()
        assert shown(seen, "cost", "cost-flops", "profile", "profile-absolute") == [
            *(False, True, True, False)
        ]
        assert not seen.page.locator("input[value=cost-flops]").is_visible()
        assert "Loss against the FLOPs of one cell" in seen.page.locator("#cost").inner_text()
        points = seen.page.locator("#figure-cost-flops .scatterlayer .point")
        assert points.count() == 2
        box, figure = points.first.bounding_box(), seen.page.locator("#figure-cost-flops")
        assert figure.bounding_box()["y"] < box["y"]


def test_without_script_the_tables_of_both_are_there(browser, path):
    with opened(browser, path, script="off") as seen:
        for name, rows in (("cost", 2), ("profile", 10)):
            tables = seen.page.locator(f"#{name} details")
            assert tables.count() == 2
            for table in tables.all():
                table.locator("summary").click()
                assert table.locator("tbody tr").count() == rows
                assert table.locator("tbody tr").first.is_visible()
        assert not seen.page.locator("input[value=cost-flops]").is_visible()
