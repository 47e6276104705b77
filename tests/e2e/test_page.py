"""The page in a real browser: opened from the disk, offline, wide and narrow, light and dark."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from reports.build import main
from reports.context import title_sentences
from tests.browser import opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.270, 3.262, 3.268],
}
HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return results(
        tmp_path_factory.mktemp("page"), LOSSES, steps=300, status={"linspace/2": "diverged"}
    )


@pytest.fixture(scope="module")
def path(folder) -> Path:
    return write_page(folder)


@pytest.fixture(scope="module")
def wide(browser, path):
    with opened(browser, path) as seen:
        yield seen


def test_says_nothing_on_the_console_and_asks_for_nothing(wide, path):
    assert wide.messages == []
    assert [url for url in wide.requests if not url.startswith(("data:", "blob:"))] == [
        path.as_uri()
    ]
    assert "default-src 'none'" in wide.page.locator("meta[http-equiv]").get_attribute("content")


def test_no_button_sends_a_chart_away(wide):
    titles = wide.run(
        "() => [...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title)"
    )
    assert titles
    assert not [title for title in titles if re.search("share|cloud|plotly", title, re.IGNORECASE)]


def test_the_verdict_is_the_same_in_page_json_terminal_and_title(wide, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent.parent)
    kept = folder.with_suffix(".html").read_bytes()
    assert main(["grid=positions", "--plain"]) == 0
    folder.with_suffix(".html").write_bytes(kept)
    said = json.loads(folder.with_suffix(".json").read_text())["verdict"]["text"]
    assert wide.page.locator("#headline").text_content() == said
    assert capsys.readouterr().out.splitlines()[0] == said
    assert wide.page.title() == f"{title_sentences(said)} · positions"


def test_every_variant_and_every_seed_is_there(wide):
    rows = wide.page.locator("#variants tbody tr")
    assert rows.locator("th .name").all_inner_texts() == ["rotary", "no positions", "linspace"]
    assert wide.page.locator("#cells tbody span").count() == 9
    assert wide.page.locator("#provenance .runs tbody tr").count() == 9


def test_a_diverged_cell_is_marked_in_table_map_and_curves(wide):
    assert "×" in wide.page.locator("#variants tbody tr").nth(2).text_content()
    assert wide.page.locator("#cells .not-done").all_inner_texts() == ["× step 200"]
    marks = wide.traces("curves", "diverged")
    assert [(mark["v"], mark["seed"]) for mark in marks] == [(2, 2)]
    assert marks[0]["x"] == [199]


def test_every_figure_is_drawn(wide):
    empty = """() => [...document.querySelectorAll('.plot')]
        .filter(place => !place.querySelector('.main-svg path')).map(place => place.id)"""
    assert wide.run(empty) == []


def test_static_figures_have_the_colours_of_the_theme(wide):
    colours = wide.run(
        "() => document.getElementById('figure-seeds').data.slice(-3).map(t => t.marker.color)"
    )
    assert colours == ["rgb(22, 25, 29)", "rgb(189, 75, 0)", "rgb(0, 111, 176)"]


def test_the_theme_button_redraws_with_the_colours_of_the_other_theme(wide):
    line = """() => document.getElementById('figure-curves').data
        .find(trace => trace.meta.what === 'mean').line.color"""
    button = wide.page.locator("#theme")
    seen = [wide.run(line)]
    for word in ("light", "dark", "auto"):
        button.click()
        wide.settle()
        assert button.inner_text() == f"Theme: {word}"
        seen.append(wide.run(line))
    light, dark = "rgb(22, 25, 29)", "rgb(238, 240, 242)"
    assert seen == [light, light, dark, light]


def test_print_opens_the_tables_hides_the_controls_and_keeps_the_figures(browser, path):
    with opened(browser, path, scheme="dark") as seen:
        seen.page.emulate_media(media="print")
        seen.run("() => { dispatchEvent(new Event('beforeprint')); }")
        seen.settle()
        folded = "() => document.querySelectorAll('details:not([open], .by-factor *)').length"
        assert seen.run(folded) == 0
        assert not seen.page.locator("#curves .controls").is_visible()
        assert not seen.page.locator("nav").is_visible()
        assert seen.page.locator("#headline").is_visible()
        ink = "() => document.getElementById('figure-curves').layout.font.color"
        assert seen.run(ink) == "rgb(22, 25, 29)"
        sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", seen.page.pdf(format="A4")))
        assert sheets > 3
        seen.settle()
        assert seen.run("() => document.querySelectorAll('details:not([open])').length") > 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_no_violation(browser, path, width, scheme):
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    with opened(browser, path, width=width, scheme=scheme) as seen:
        seen.run("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        seen.run(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        found = seen.run(
            """async rules => (await axe.run({runOnly: rules})).violations.map(each =>
                [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])""",
            rules,
        )
    assert found == []


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_page_never_scrolls_sideways_and_no_text_is_tiny(browser, path, width):
    tiny = """() => [...document.querySelectorAll('body *')].filter(each => {
        if (!each.checkVisibility() || each.closest('.unseen, script, .modebar')
            || getComputedStyle(each.closest('thead') ?? each).clipPath !== 'none') return false;
        const own = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own) return false;
        const drawing = each.closest('svg[viewBox]');
        const size = parseFloat(getComputedStyle(each).fontSize);
        if (!drawing) return size < 11.95;
        return size * drawing.clientWidth / drawing.viewBox.baseVal.width < 11.95;
    }).map(each => each.outerHTML.slice(0, 120))"""
    with opened(browser, path, width=width) as seen:
        assert seen.run("() => document.documentElement.scrollWidth") == width
        assert seen.run(tiny) == []


LONG = {
    "a": "heads = 4, rotary",
    "b": "heads = 1, alibi",
    "c": "heads = 4, no positions, qk norm",
    "d": "heads = 1, linspace",
}


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> Path:
    rows = ([3.20, 3.21, 3.20, 3.19], [3.25, 3.26, 3.25, 3.24], [3.20, 3.22, 3.19, 3.20])
    losses = dict(zip("abcd", (*rows, [3.27, 3.26, 3.27, 3.26]), strict=True))
    return write_page(results(tmp_path_factory.mktemp("four"), losses, labels=LONG))


@pytest.mark.parametrize("width", [901, 1101, 1280, 1440])
def test_the_table_of_four_long_names_fits_its_box(browser, four, width):
    with opened(browser, four, width=width) as seen:
        box = "() => document.querySelector('.scroll.variants')"
        assert seen.run(f"{box}.scrollWidth") == seen.run(f"{box}.clientWidth")
        tops = """() => ['#theme', '.head .together span'].map(
            each => document.querySelector(each).getBoundingClientRect())
            .map(box => box.top + box.height / 2)"""
        button, beside = seen.run(tops)
        assert button == pytest.approx(beside, abs=3)


def test_labels_at_line_ends_do_not_overlap(wide):
    boxes = wide.run(
        """() => ['curves', 'difference', 'profile'].map(id =>
            [...document.querySelectorAll(`#figure-${id} .annotation-text`)]
                .map(each => each.getBoundingClientRect()).map(box => [box.top, box.bottom]))"""
    )
    for labels in boxes:
        for (_, bottom), (top, _) in zip(sorted(labels), sorted(labels)[1:], strict=False):
            assert top >= bottom - 3


def test_without_script_verdict_tables_and_commands_remain(browser, path):
    with opened(browser, path, script="off") as seen:
        assert seen.page.locator("#headline").is_visible()
        assert seen.page.locator("#variants svg.interval[role=img]").count() == 3
        assert not seen.page.locator(".plot").first.is_visible()
        assert not seen.page.locator("#curves .controls").is_visible()
        details = seen.page.locator("#curves details").first
        details.locator("summary").click()
        assert details.locator("tbody tr").count() == 10
        assert "only=linspace/2" in seen.page.locator("#cells pre").first.inner_text()


def test_hostile_names_are_shown_and_not_obeyed(browser, tmp_path):
    losses = {"rotary": [3.2, 3.3], HOSTILE: [3.3, 3.41], "{{ 7 * 7 }}": [3.1, 3.2]}
    folder = results(tmp_path, losses, question=HOSTILE, status={f"{HOSTILE}/1": "failed"})
    with opened(browser, write_page(folder)) as seen:
        assert seen.messages == []
        assert seen.dialogs == []
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("h1").inner_text() == HOSTILE
        assert seen.page.locator("#variants tbody .name").nth(1).inner_text() == HOSTILE
        labels = seen.page.locator("#figure-curves .annotation-text").all_text_contents()
        assert HOSTILE[:25] + "…" in labels
        assert "{{ 7 * 7 }}" in labels
        assert "OSError: <disk> is full" in seen.page.locator("#cells pre").first.inner_text()


def test_a_failed_grid_opens_without_a_figure_of_curves(browser, tmp_path):
    statuses = {f"{name}/0": "failed" for name in ("rotary", "none")}
    folder = results(tmp_path, {"rotary": [None], "none": [None]}, status=statuses)
    with opened(browser, write_page(folder)) as seen:
        assert seen.messages == []
        assert seen.page.locator("#headline").inner_text() == "No verdict: no cell finished."
        assert "steps.parquet has no loss" in seen.page.locator("#curves").inner_text()
        assert seen.page.locator("main section").count() == 11


def test_pointing_at_a_line_names_its_variant_with_the_unit(browser, path):
    with opened(browser, path) as seen:
        figure = seen.page.locator("#figure-curves")
        figure.scroll_into_view_if_needed()
        box = figure.bounding_box()
        seen.page.mouse.move(box["x"] + 400, box["y"] + 200)
        lines = seen.page.locator("#figure-curves .hoverlayer .legendtext")
        lines.first.wait_for()
        texts = lines.all_text_contents()
    assert [re.sub(r"[\d.]+", "#", text) for text in sorted(texts)] == [
        *("linspace: # nats", "no positions: # nats", "rotary: # nats")
    ]


def test_no_note_of_plotly_lies_over_the_page_after_a_zoom(browser, path):
    with opened(browser, path) as seen:
        figure = seen.page.locator("#figure-curves")
        figure.scroll_into_view_if_needed()
        box = figure.bounding_box()
        seen.page.mouse.move(box["x"] + 200, box["y"] + 200)
        seen.page.mouse.down()
        seen.page.mouse.move(box["x"] + 500, box["y"] + 200, steps=4)
        seen.page.mouse.up()
        seen.settle()
        assert "range=" in seen.page.url
        assert seen.page.locator(".plotly-notifier").all_inner_texts() == []


def test_without_any_ticked_variant_the_captions_say_so(browser, path):
    with opened(browser, path) as seen:
        for box in seen.page.locator("[data-variant]").all():
            box.uncheck()
        seen.settle()
        for name in ("curves", "difference"):
            assert seen.page.locator(f"#note-{name}").inner_text() == "No variant is ticked."


def test_copy_puts_the_command_on_the_clipboard_or_selects_it(wide):
    button = wide.page.locator("#cells [data-copy]").first
    button.click()
    wide.settle()
    assert button.inner_text() in {"Copied", "Selected: press Ctrl+C"}
