"""Figures as files, from a real browser: they arrive, and are what the reader sees."""

import base64
import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reports.exporters.curves import write_curves
from reports.frames import read_frames
from tests.browser import opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.270, 3.262, 3.268],
}
PAGE = {"light": [255, 255, 255], "dark": [20, 23, 26]}
HOSTILE = "</script><b>x</b><img src=x onerror=alert(1)>"

# Size, colour of the first pixel, share of the pixels that differ from it, colours of these.
LOOKED_AT = """async url => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const { naturalWidth: width, naturalHeight: height } = picture;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const first = [...data.slice(0, 4)];
    let ink = 0;
    const colours = new Set();
    for (let i = 0; i < data.length; i += 4) {
        if (first.every((value, k) => value === data[i + k])) continue;
        ink++;
        colours.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
    }
    return { width, height, first, ink: ink / (width * height), colours: [...colours] };
}"""


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return write_page(results(tmp_path_factory.mktemp("downloads"), LOSSES, steps=300))


@pytest.fixture(scope="module")
def wide(browser, path):
    with opened(browser, path) as seen:
        yield seen


@contextmanager
def untouched(browser, path) -> Iterator:
    """Open a page and draw nothing but what it draws by itself."""
    context = browser.new_context(viewport={"width": 1440, "height": 300}, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready='1']", state="attached", timeout=60_000)
    yield page
    context.close()


def saved(page, figure: str, kind: str) -> tuple[str, bytes]:
    """Press the button of a figure; return name and content of the file that arrives."""
    with page.expect_download(timeout=30_000) as arriving:
        page.locator(f"#figure-{figure} + .saves [data-save={kind}]").click()
    return arriving.value.suggested_filename, Path(arriving.value.path()).read_bytes()


def words(svg: bytes) -> str:
    """All text of a drawing, which must be XML: a line for each of its texts."""
    root = ET.fromstring(svg)  # noqa: S314 (the page of this test wrote it)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    return "\n".join(re.sub(" +", " ", " ".join(each.itertext())) for each in texts)


def pixels(page, kind: str, content: bytes) -> dict:
    text = base64.b64encode(content).decode("ascii")
    return page.evaluate(LOOKED_AT, f"data:image/{kind};base64,{text}")


def test_every_figure_has_two_buttons_that_name_it(wide):
    found = wide.run(
        """() => [...document.querySelectorAll('.plot')].map(place =>
            [...place.nextElementSibling.querySelectorAll('button')].map(each =>
                [each.getAttribute('aria-label'), each.tabIndex]))"""
    )
    assert len(found) == len(wide.run("() => window.report.figures"))
    for buttons in found:
        kinds = [re.fullmatch("(SVG|PNG): save the figure “(.+)”", label) for label, _ in buttons]
        assert [match and match[1] for match in kinds] == ["SVG", "PNG"]
        assert [place for _, place in buttons] == [0, 0]
    names = {buttons[0][0] for buttons in found}
    assert len(names) == len(found)


def test_the_buttons_are_large_enough_to_be_hit(wide):
    for button in wide.page.locator(".saves button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("figure", ["curves", "difference", "profile", "cost", "seeds"])
def test_a_drawing_arrives_with_title_background_and_lines(wide, figure):
    name, content = saved(wide.page, figure, "svg")
    assert name == f"positions-{figure}.svg"
    label = wide.page.locator(f"#figure-{figure} + .saves button").first.get_attribute("aria-label")
    title = re.search("“(.+)”", label)[1]
    assert title in words(content)
    assert "Grid:\u00a0positions." in words(content)
    seen = pixels(wide.page, "svg+xml", content)
    assert seen["first"] == [*PAGE["light"], 255]
    assert seen["ink"] > 0.01
    assert "189,75,0" in seen["colours"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_has_the_colours_of_the_theme_and_twice_the_pixels(browser, path, scheme):
    with opened(browser, path, scheme=scheme) as seen:
        name, content = saved(seen.page, "curves", "png")
        assert name == "positions-curves.png"
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        found = pixels(seen.page, "png", content)
        width = seen.run("() => document.getElementById('figure-curves').clientWidth")
        ink = {"light": "22,25,29", "dark": "238,240,242"}[scheme]
        assert found["width"] == 2 * width
        assert found["first"] == [*PAGE[scheme], 255]
        assert found["ink"] > 0.01
        assert ink in found["colours"]
        assert seen.messages == []
        assert [url for url in seen.requests if not url.startswith(("data:", "blob:"))] == [
            path.as_uri()
        ]


def test_the_file_shows_the_readers_smoothing_zoom_and_seeds(browser, path):
    fragment = "#curves?p=0.99&kind=tensorboard&range=120,180&seeds=1"
    with opened(browser, path, fragment=fragment) as seen:
        _, content = saved(seen.page, "curves", "svg")
        said = words(content)
        assert "140" in said.split("\n")
        assert "300" not in said.split("\n")
        assert "seed 1; thick: the same seed, TensorBoard smoothing 0.99." in said
        assert seen.page.locator("#note-curves").inner_text() in said


@pytest.mark.parametrize(
    ("seeds", "said"),
    [("1", "seed 1; thick: the same seed"), ("0,2", "seeds 0, 2; thick: mean over seeds")],
)
def test_the_file_of_a_dashboards_view_says_what_it_is_and_names_no_controls(
    browser, path, seeds, said
):
    fragment = f"#curves?as=ema+0.9,100&range=120,180&seeds={seeds}"
    with opened(browser, path, fragment=fragment) as seen:
        _, content = saved(seen.page, "curves", "svg")
        view = (
            "drawn as a dashboard would draw this window: the last step in each of 100 stretches, "
            "TensorBoard smoothing 0.9, nothing from before the window"
        )
        found = " ".join(words(content).split())
        assert f"Faint: raw, {said}, {view}. " in found
        assert ".." not in found
        assert "Reset" not in found
        assert "Reset" in seen.page.locator("#memory").inner_text()


def curves_file(seen) -> list[dict[str, str]]:
    with seen.page.expect_download() as arriving:
        seen.page.locator("#csv-curves").click()
    with Path(arriving.value.path()).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_curves_have_the_columns_of_the_export_and_name_it_as_the_exact_one(
    browser, path, tmp_path
):
    folder = path.with_suffix("")
    exact = tmp_path / "curves.csv"
    with exact.open("wb") as file:
        write_curves(read_frames(folder), file)
    with exact.open(encoding="utf-8") as file:
        wanted = list(csv.DictReader(file))
    columns = ["variant", "seed", "step", "tokens", "loss"]
    with opened(browser, path) as seen:
        rows = curves_file(seen)
        section = seen.page.locator("#provenance").inner_text()
        assert "python -m reports.export grid=positions curves.csv" in section
        assert "1/4096" in section
    assert list(rows[0]) == columns
    assert list(wanted[0])[:5] == columns
    assert [list(row.values())[:4] for row in rows] == [list(row.values())[:4] for row in wanted]
    for row, known in zip(rows, wanted, strict=True):
        assert float(row["loss"]) == pytest.approx(float(known["loss"]), abs=1 / 8192 + 1e-6)


def test_tokens_that_are_unknown_are_empty(browser, path):
    with opened(browser, path) as seen:
        seen.run("() => { window.report.data.variants[1].tokens_per_step = null; }")
        tokens = {name: set() for name in LOSSES}
        for row in curves_file(seen):
            tokens[row["variant"]].add(row["tokens"])
    assert tokens["none"] == {""}
    assert "" not in tokens["rotary"]


def test_a_figure_that_was_not_drawn_is_drawn_to_be_saved(browser, path):
    with untouched(browser, path) as page:
        drawn = "() => document.getElementById('figure-cost').dataset.ready ?? null"
        assert page.evaluate(drawn) is None
        with page.expect_download(timeout=30_000) as arriving:
            page.evaluate("() => document.querySelector('#figure-cost + .saves button').click()")
        content = Path(arriving.value.path()).read_bytes()
        assert "rotary" in words(content)
        assert pixels(page, "svg+xml", content)["ink"] > 0.01


def test_the_keyboard_reaches_the_buttons_behind_their_figure_and_saves(browser, path):
    with opened(browser, path) as seen:
        seen.page.locator("#figure-curves").focus()
        seen.page.keyboard.press("Tab")
        focused = "() => document.activeElement.getAttribute('aria-label')"
        assert seen.run(focused) == "SVG: save the figure “Training loss”"
        outline = "() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        assert seen.run(outline) > 0
        with seen.page.expect_download() as arriving:
            seen.page.keyboard.press("Enter")
        assert arriving.value.suggested_filename == "positions-curves.svg"
        assert seen.run(focused) == "SVG: save the figure “Training loss”"
        assert seen.messages == []


def test_paper_and_a_page_without_script_have_no_such_buttons(browser, path):
    with opened(browser, path) as seen:
        seen.page.emulate_media(media="print")
        assert seen.page.locator(".saves:visible").count() == 0
    with opened(browser, path, script="off") as seen:
        assert seen.page.locator(".saves").count() == 0


def test_a_hostile_name_is_text_in_the_file(browser, tmp_path):
    folder = results(tmp_path, {"rotary": [3.2, 3.3], HOSTILE: [3.3, 3.41]})
    with opened(browser, write_page(folder)) as seen:
        panel = seen.page.locator("#volatility .plot").nth(1).get_attribute("id")
        _, content = saved(seen.page, panel.removeprefix("figure-"), "svg")
        assert "<img" not in content.decode("utf-8")
        assert HOSTILE in words(content)
        assert seen.dialogs == []
        assert seen.messages == []


def test_plotlys_own_button_which_leaves_the_title_out_is_gone(wide):
    titles = wide.run(
        "() => [...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title)"
    )
    assert titles
    assert not [title for title in titles if "Download" in title]
