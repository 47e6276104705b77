"""A grid with more variants than colours, in a real browser: the reader picks which have one."""

from pathlib import Path

import pytest

from tests.browser import opened, write_page
from tests.results import results
from tests.variants import NAMES, sort, swatches, write_product

pytestmark = pytest.mark.e2e

INK = "rgb(22, 25, 29)"


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    return write_product(tmp_path_factory.mktemp("picks"))


@pytest.fixture(scope="module")
def volatile(tmp_path_factory) -> Path:
    """More variants than small figures are shown at once."""
    losses = {f"v{place:02}": [3.2 + 0.01 * place, 3.21 + 0.01 * place] for place in range(14)}
    return write_page(results(tmp_path_factory.mktemp("volatile"), losses, steps=200))


def picks(seen) -> dict[str, str]:
    """Name of each variant that is picked -> its colour."""
    colours = swatches(seen)
    checked = seen.run(
        "() => [...document.querySelectorAll('[data-pick]:checked')].map(b => +b.dataset.pick)"
    )
    return {NAMES[place]: colours[NAMES[place]] for place in checked}


def box(seen, name: str):
    return seen.page.locator(f"[data-pick='{NAMES.index(name)}']")


def free_a_colour(seen) -> str:
    """Untick the last variant that is picked, and name it."""
    last = list(picks(seen))[-1]
    box(seen, last).uncheck()
    seen.settle()
    return last


def swap(seen) -> tuple[str, str]:
    """Pick another variant in place of the last that is picked; name both, the new one first."""
    other = next(name for name in NAMES[:0:-1] if name not in picks(seen))
    old = free_a_colour(seen)
    box(seen, other).check()
    seen.settle()
    return other, old


def fill(seen) -> None:
    """Pick variants until every colour is in use."""
    while seen.page.locator("[data-pick]:not(:checked):enabled").count():
        seen.page.locator("[data-pick]:not(:checked):enabled").first.check()


def test_at_most_four_are_picked_beside_the_baseline_and_the_page_says_so(browser, many):
    with opened(browser, many) as seen:
        status = seen.page.locator("#variants-picked")
        assert status.get_attribute("role") == "status"
        assert seen.page.locator("[data-pick]").count() == 11
        assert 0 < len(picks(seen)) <= 4
        fill(seen)
        assert len(picks(seen)) == len({*picks(seen).values()}) == 4
        assert seen.page.locator("[data-pick]:enabled").count() == 4
        assert "4 of 4 colours are in use. Untick" in status.inner_text()
        free_a_colour(seen)
        assert "3 of 4 colours are in use." in status.inner_text()
        assert seen.page.locator("[data-pick]:enabled").count() == 11
        assert seen.messages == []


def test_a_picked_variant_takes_the_freed_colour_and_no_other_changes(browser, many):
    with opened(browser, many) as seen:
        fill(seen)
        before = swatches(seen)
        new, old = swap(seen)
        after = swatches(seen)
        assert (after[new], after[old]) == (before[old], before[new])
        assert {name for name in NAMES if after[name] != before[name]} == {new, old}
        assert after["rotary"] == INK
        sort(seen, "loss")
        assert swatches(seen) == after


def test_the_figures_have_the_colours_of_the_table(browser, many):
    with opened(browser, many) as seen:
        fill(seen)
        new, old = swap(seen)
        expected = {"rotary": INK} | picks(seen)
        lines = """id => document.getElementById('figure-' + id).data
            .filter(trace => trace.meta?.what === 'mean')
            .map(trace => [trace.meta.v, trace.line.color])"""
        own = {NAMES[v]: colour for v, colour in seen.run(lines, "curves")}
        assert own == expected
        differences = {NAMES[v]: colour for v, colour in seen.run(lines, "difference")}
        assert differences == picks(seen)
        static = """id => document.getElementById('figure-' + id).data
            .filter(trace => trace.meta?.place != null && trace.mode.includes('markers'))
            .map(trace => [trace.meta.place, trace.marker.color])"""
        for figure in ("seeds", "cost", "profile", "lengths"):
            drawn = {NAMES[place]: colour for place, colour in seen.run(static, figure)}
            assert drawn[new] == expected[new]
            assert {drawn.get(name) for name in picks(seen)} == {*picks(seen).values()}
            assert drawn.get(old) not in expected.values()
        assert seen.messages == []


def test_names_beside_the_figures_are_those_of_the_picked(browser, many):
    with opened(browser, many) as seen:
        fill(seen)
        swap(seen)
        ends = seen.page.locator("#figure-profile .annotation-text").all_text_contents()
        assert sorted(ends) == sorted(picks(seen))
        named = {*seen.page.locator("#figure-cost text").all_text_contents()}
        assert named & {*NAMES} == {"rotary", *picks(seen)}
        controls = seen.page.locator("#curves label:has([data-variant]):visible")
        assert {each.strip() for each in controls.all_inner_texts()} == {"rotary", *picks(seen)}


def test_the_address_keeps_the_picks_and_reset_gives_the_first_ones_back(browser, many):
    with opened(browser, many) as seen:
        first = picks(seen)
        swap(seen)
        kept, address = picks(seen), seen.run("() => location.hash")
    assert kept != first
    assert "pick=" in address
    with opened(browser, many, fragment=address) as seen:
        assert picks(seen) == kept
        seen.page.locator("#reset").click()
        seen.settle()
        assert seen.run("() => location.hash") == ""
        assert picks(seen) == first


def test_an_address_with_picks_that_cannot_be_is_no_error(browser, many):
    with opened(browser, many, fragment="#curves?pick=x") as seen:
        for text in ("[1]", '[[9,"xl"]]', '[[0,"fire+xl"]]', '[["1","fire+xl"]]', "null"):
            assert swatches(seen)["rotary"] == INK
            seen.run("text => { location.hash = `#curves?pick=${text}`; }", text)
            seen.settle()
        assert swatches(seen)["rotary"] == INK
        assert seen.messages == []


def test_the_head_stays_in_sight_and_covers_no_box_that_has_the_focus(browser, many):
    with opened(browser, many) as seen:
        seen.page.emulate_media(reduced_motion="reduce")
        free_a_colour(seen)
        boxes = seen.page.locator("[data-pick]")
        boxes.last.scroll_into_view_if_needed()
        head = "() => document.querySelector('#variants thead th').getBoundingClientRect()"
        assert seen.run(f"() => ({head})().top") == pytest.approx(0, abs=1)
        boxes.last.focus()
        for _ in range(8):
            seen.page.keyboard.press("Shift+Tab")
            box = seen.run("() => document.activeElement.getBoundingClientRect().top")
            assert box >= seen.run(f"() => ({head})().bottom")


def test_a_picked_variant_gets_its_small_figure_and_the_other_loses_it(browser, volatile):
    shown = """() => [...document.querySelectorAll('#volatility .multiples > div')]
        .filter(each => !each.hidden).map(each => each.querySelector('h3').innerText.trim())"""
    with opened(browser, volatile) as seen:
        before = seen.run(shown)
        assert 1 < len(before) <= 5
        old = next(name for name in before if name != "v00")
        new = next(f"v{place:02}" for place in range(1, 14) if f"v{place:02}" not in before)
        seen.page.locator(f"[data-pick='{int(old[1:])}']").uncheck()
        seen.page.locator(f"[data-pick='{int(new[1:])}']").check()
        assert {*seen.run(shown)} == {*before} - {old} | {new}
        panel = seen.page.locator("#volatility .multiples > div", has_text=new)
        panel.scroll_into_view_if_needed()
        panel.locator(".main-svg").first.wait_for()
        seen.settle()
        colours = """id => [...document.querySelectorAll('#volatility .multiples > div')]
            .filter(each => !each.hidden && each.querySelector('.plot').data)
            .map(each => each.querySelector('.plot').data.find(t => t.meta?.is_panel).line.color)"""
        drawn = seen.run(colours)
        assert len(drawn) == len({*drawn}) == len(before)
        plot = panel.locator(".plot")
        inside = plot.locator(".main-svg").first.bounding_box()
        assert inside["width"] == pytest.approx(plot.bounding_box()["width"], abs=1)
        assert seen.messages == []
