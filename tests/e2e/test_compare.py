"""Pages of several grids in a real browser: from the disk, offline, wide and narrow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser

from reports import build, compare, index
from tests.browser import Opened, chromium
from tests.results import edit_manifest, results
from tests.scales import LARGE, SMALL, at_preset, refingerprint

pytestmark = pytest.mark.e2e

HOSTILE = "</script><img src=x onerror=alert(1)>"
MEMORY = {"rotary": SMALL["rotary"], "xl": [3.15, 3.151, 3.149, 3.155, 3.15]}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TINY = """() => [...document.querySelectorAll('body *')].filter(each => {
    if (!each.checkVisibility() || each.closest('.unseen')
        || getComputedStyle(each.closest('thead') ?? each).clipPath !== 'none') return false;
    const own = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || each.tagName === 'title') return false;
    const drawing = each.closest('svg[viewBox]');
    const size = parseFloat(getComputedStyle(each).fontSize);
    if (!drawing) return size < 11.95;
    return size * drawing.clientWidth / drawing.viewBox.baseVal.width < 11.95;
}).map(each => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Write every kind of page: on one scale, at two scales, hostile, and the index of all."""
    folder = tmp_path_factory.mktemp("several")
    many = {f"variant {place} with a long name": SMALL["none"] for place in range(9)}
    results(folder, SMALL | many, status={"linspace/1": "diverged", "none/0": "failed"})
    other = results(folder, MEMORY, name="memory", question="Which memory helps?", margin=0.02)
    refingerprint(other, "rotary")
    at_preset(folder, LARGE | many, status={"none/3": "diverged"})
    at_preset(folder, SMALL, "pythia-160m", factor=500)
    hostile = {"rotary": SMALL["rotary"], HOSTILE: SMALL["none"], "{{ 7 * 7 }}": LARGE["none"]}
    results(folder, hostile, name="hostile", question=HOSTILE)
    results(folder, hostile, name="<b>bold", question=HOSTILE)
    old = results(folder, MEMORY, name="old")
    edit_manifest(old, schema="ablations.results/0")
    results(folder, {"rotary": [3.2, None]}, name="partial")
    asked = {
        "one scale": ("positions", "memory"),
        "scales": ("positions", "positions@pythia-14m", "positions@pythia-160m"),
        "hostile": ("hostile", "<b>bold"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert build.main(["grid=positions", "--plain"]) == 0
        assert [compare.main(names) for names in asked.values()] == [0, 0, 0]
        assert index.main(["stale=memory", "current=positions"]) == 0
    found = {kind: f"compare-{'-'.join(names)}" for kind, names in asked.items()}
    return {kind: folder / f"results/{name}.html" for kind, name in (found | INDEX).items()}


INDEX = {"index": "index"}
KINDS = ["one scale", "scales", "hostile", "index"]


@contextmanager
def shown(
    browser: Browser, path: Path, width: int = 1440, scheme: str = "light"
) -> Iterator[Opened]:
    """Open a page that has no script, offline, in a browser that would run one."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    seen = Opened(page)
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    yield seen
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_says_nothing_on_the_console_and_asks_for_nothing(browser, pages, kind):
    with shown(browser, pages[kind]) as seen:
        assert seen.messages == []
        assert seen.dialogs == []
        assert [each for each in seen.requests if not each.startswith("data:")] == [
            pages[kind].as_uri()
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_violation(browser, pages, kind, width, scheme):
    with shown(browser, pages[kind], width, scheme) as seen:
        seen.run("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        seen.run(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        found = seen.run(
            """async rules => (await axe.run({runOnly: rules})).violations.map(each =>
                [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])""",
            RULES,
        )
    assert found == []


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("kind", KINDS)
def test_never_scrolls_sideways_and_no_text_is_tiny(browser, pages, kind, width):
    with shown(browser, pages[kind], width) as seen:
        assert seen.run("() => document.documentElement.scrollWidth") == width
        assert seen.run(TINY) == []


def test_hostile_names_are_shown_and_not_obeyed(browser, pages):
    with shown(browser, pages["hostile"]) as seen:
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("h1").inner_text() == HOSTILE
        names = seen.page.locator("#variants tbody .name").all_inner_texts()
        assert names == ["rotary", HOSTILE, "{{ 7 * 7 }}"]
        assert seen.page.locator("#grids h3").all_inner_texts() == ["hostile", "<b>bold"]


def test_names_in_a_drawing_do_not_overlap_and_stay_inside_the_page(browser, pages):
    boxes = """() => [...document.querySelectorAll('.scale-figure svg')].map(each =>
        [...each.querySelectorAll('.end')].map(text => text.getBoundingClientRect())
            .map(box => [box.top, box.bottom, box.right]))"""
    for width in (390, 1440):
        with shown(browser, pages["scales"], width) as seen:
            drawings = seen.run(boxes)
        assert [len(each) for each in drawings] == [6, 5]
        for labels in drawings:
            for (_, bottom, right), (top, *_) in zip(
                sorted(labels), sorted(labels)[1:], strict=False
            ):
                assert top >= bottom - 4
                assert right <= width


def test_every_point_of_a_drawing_says_what_it_is(browser, pages):
    with shown(browser, pages["scales"]) as seen:
        titles = seen.page.locator(".scale-figure title").all_text_contents()
    assert "linspace at pythia-14m: 2.833, 95\u202f% 2.828 to 2.838" in titles
    assert any(each.startswith("no positions at laptop: +0.0") for each in titles)


def test_the_drawing_has_the_colours_of_the_theme(browser, pages):
    inks = """() => [...document.querySelectorAll('.scale-figure g path:last-child')]
        .map(each => getComputedStyle(each).fill)"""
    for scheme, ink in (("light", "rgb(22, 25, 29)"), ("dark", "rgb(238, 240, 242)")):
        with shown(browser, pages["scales"], scheme=scheme) as seen:
            # The baseline has a point at each of three scales, and no other variant is ink.
            assert seen.run(inks).count(ink) == 3


def test_the_index_leads_to_the_pages(browser, pages):
    with shown(browser, pages["index"]) as seen:
        rows = seen.page.locator("tbody tr")
        states = dict(
            zip(
                rows.locator("th").evaluate_all("all => all.map(e => e.firstChild.textContent)"),
                rows.locator(".word").all_inner_texts(),
                strict=True,
            )
        )
        assert (states["memory"], states["positions"]) == ("stale", "done")
        assert (states["old"], states["partial"]) == ("unknown", "partial")
        seen.page.locator("tbody a", has_text="positions").first.click()
        assert seen.page.url.endswith("results/positions.html")


def test_print_has_all_of_it_on_paper(browser, pages):
    with shown(browser, pages["scales"], scheme="dark") as seen:
        seen.page.emulate_media(media="print")
        assert not seen.page.locator("nav").is_visible()
        assert seen.page.locator("#headline").is_visible()
        assert seen.run("() => getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
