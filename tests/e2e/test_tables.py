"""The table of variants in a real browser: its order, and what is shown of it."""

from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from tests.browser import opened, write_page
from tests.results import results
from tests.variants import sort, swatches, write_product

pytestmark = pytest.mark.e2e

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FEW = {
    "rotary": [3.20, 3.21, 3.20],
    "none": [3.26, 3.25, 3.26],
    "linspace": [3.30, 3.31, 3.30],
    "alibi": [None, None, None],
    "fire": [3.11, 3.12, 3.11],
}


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    return write_product(tmp_path_factory.mktemp("many"))


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    statuses = {f"alibi/{seed}": "failed" for seed in range(3)}
    return write_page(results(tmp_path_factory.mktemp("few"), FEW, status=statuses))


def names(seen) -> list[str]:
    """Variants of the table from top to bottom, of those that are shown."""
    return seen.page.locator("#variants tr[data-row]:visible .name").all_inner_texts()


def direction(seen, key: str) -> str | None:
    return seen.page.locator(f"#variants th[data-sort={key}]").get_attribute("aria-sort")


def told(seen) -> str:
    seen.run("() => new Promise(done => setTimeout(done, 350))")
    return seen.page.locator("#variants-told").inner_text()


def test_a_press_sorts_a_second_turns_round_a_third_is_the_order_of_the_grid(browser, few):
    with opened(browser, few) as seen:
        assert names(seen) == ["rotary", "no positions", "linspace", "alibi", "fire"]
        assert direction(seen, "loss") is None
        sort(seen, "loss")
        assert names(seen) == ["rotary", "fire", "no positions", "linspace", "alibi"]
        assert direction(seen, "loss") == "ascending"
        sort(seen, "loss")
        assert names(seen) == ["rotary", "linspace", "no positions", "fire", "alibi"]
        assert direction(seen, "loss") == "descending"
        sort(seen, "name")
        assert names(seen) == ["rotary", "alibi", "fire", "linspace", "no positions"]
        assert direction(seen, "loss") is None
        for _ in range(2):
            sort(seen, "name")
        assert names(seen) == ["rotary", "no positions", "linspace", "alibi", "fire"]
        assert direction(seen, "name") is None
        assert seen.messages == []


@pytest.mark.parametrize(
    ("key", "lowest", "highest"),
    [
        ("difference", "fire", "linspace"),
        ("parameters", "no positions", "fire"),
        ("seconds", "no positions", "fire"),
    ],
)
def test_every_column_with_numbers_sorts_by_them(browser, few, key, lowest, highest):
    with opened(browser, few) as seen:
        sort(seen, key)
        assert names(seen)[:2] == ["rotary", lowest]
        sort(seen, key)
        assert names(seen)[:2] == ["rotary", highest]


def test_seeds_sort_by_how_many_are_done(browser, few):
    with opened(browser, few) as seen:
        sort(seen, "seeds")
        assert names(seen)[:2] == ["rotary", "alibi"]
        sort(seen, "seeds")
        assert names(seen)[-1] == "alibi"


def test_the_baseline_is_first_wherever_the_grid_has_it(browser, tmp_path):
    losses = {name: FEW[name] for name in ("none", "rotary", "fire")}
    path = write_page(results(tmp_path, losses, baseline="rotary"))
    with opened(browser, path) as seen:
        assert names(seen) == ["rotary", "no positions", "fire"]
        sort(seen, "loss")
        assert names(seen) == ["rotary", "fire", "no positions"]


def test_colours_are_those_of_the_variants_in_any_order(browser, few):
    with opened(browser, few) as seen:
        before = swatches(seen)
        assert before["rotary"] == "rgb(22, 25, 29)"
        assert before["no positions"] == "rgb(189, 75, 0)"
        sort(seen, "loss")
        assert swatches(seen) == before


def test_the_keyboard_sorts_and_keeps_its_place(browser, few):
    with opened(browser, few) as seen:
        seen.page.locator("th[data-sort=name] .sort").focus()
        seen.page.keyboard.press("Tab")
        focused = "() => document.activeElement.closest('th')?.dataset.sort"
        assert seen.run(focused) == "loss"
        for key, expected in (("Enter", "ascending"), ("Space", "descending")):
            seen.page.keyboard.press(key)
            assert direction(seen, "loss") == expected
            assert seen.run(focused) == "loss"
        outline = "() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        assert seen.run(outline) > 0
        assert told(seen) == ("Sorted by validation loss, highest first; the baseline stays first.")


def test_short_tables_have_no_filter_and_two_rows_no_order(browser, few, tmp_path):
    with opened(browser, few) as seen:
        assert seen.page.locator("#variants-filter").count() == 0
    two = {name: FEW[name] for name in ("rotary", "none")}
    with opened(browser, write_page(results(tmp_path, two))) as seen:
        assert seen.page.locator("#variants .sort").count() == 0
        assert seen.messages == []


def test_many_variants_of_two_axes_stand_under_the_levels_of_the_first(browser, many):
    with opened(browser, many) as seen:
        heads = seen.page.locator("#variants .group th:visible")
        assert heads.all_inner_texts() == [
            *("positions: rotary", "positions: none", "positions: alibi", "positions: fire"),
        ]
        assert heads.first.get_attribute("scope") == "rowgroup"
        sort(seen, "loss")
        assert heads.count() == 0
        assert len(names(seen)) == 12
        for _ in range(2):
            sort(seen, "loss")
        assert heads.count() == 4
        assert names(seen)[0] == "rotary"


def test_the_filter_says_how_many_it_shows_and_keeps_every_row(browser, many):
    with opened(browser, many) as seen:
        field = seen.page.locator("#variants-filter")
        status = seen.page.locator("#variants-told")
        assert status.get_attribute("role") == "status"
        assert told(seen) == "All 12 variants shown."
        field.fill("FIRE")
        assert names(seen) == ["rotary", "fire", "fire+xl", "fire+rmt"]
        assert told(seen) == "4 of 12 variants shown."
        assert seen.page.locator("#variants .group:visible").count() == 2
        field.fill("fire rmt")
        assert names(seen) == ["rotary", "fire+rmt"]
        field.fill("nothing like it")
        assert names(seen) == ["rotary"]
        assert told(seen) == "1 of 12 variants shown: the baseline, no other matches."
        assert seen.page.locator("#variants tr[data-row]").count() == 12
        sort(seen, "loss")
        assert names(seen) == ["rotary"]
        field.fill("")
        assert len(names(seen)) == 12
        assert seen.messages == []


def test_a_filter_finds_verdicts(browser, many):
    with opened(browser, many) as seen:
        words = seen.page.locator("#variants tr[data-row] .against .word span")
        verdicts = words.all_inner_texts()
        wanted = verdicts[0]
        seen.page.locator("#variants-filter").fill(wanted)
        assert len(names(seen)) == 1 + verdicts.count(wanted)
        seen.page.locator("#variants-filter").fill("diverged")
        assert names(seen) == ["rotary"]


def test_on_a_phone_a_list_orders_the_cards(browser, many):
    with opened(browser, many, width=390) as seen:
        order = seen.page.locator("#variants-order")
        assert order.is_visible()
        order.select_option(label="Parameters, lowest first")
        assert names(seen)[:3] == ["rotary", "fire+rmt", "fire+xl"]
        order.select_option(label="of the grid")
        assert names(seen)[1] == "xl"
        reached = seen.run(
            "() => [...document.querySelectorAll('#variants .sort')].map(b => b.tabIndex)"
        )
        assert set(reached) == {-1}


def test_on_a_wide_screen_the_head_orders_and_the_list_is_not_there(browser, many):
    with opened(browser, many) as seen:
        assert not seen.page.locator("#variants-order").is_visible()
        heights = seen.run(
            """() => [...document.querySelectorAll('#variants .sort, #variants .pick')]
                .map(each => each.getBoundingClientRect().height)"""
        )
        assert min(heights) >= 24


def test_without_script_the_table_has_every_row_and_no_controls(browser, many):
    with opened(browser, many, script="off") as seen:
        assert len(names(seen)) == 12
        for control in ("#variants-filter", "#variants-order", "[data-pick]", ".sort"):
            assert seen.page.locator(f"{control}:visible").count() == 0


def test_paper_says_that_a_filter_hides_rows(browser, many):
    with opened(browser, many) as seen:
        seen.page.locator("#variants-filter").fill("alibi")
        said = told(seen)
        seen.page.emulate_media(media="print")
        assert not seen.page.locator("#variants-filter").is_visible()
        assert seen.page.locator("#variants-told").inner_text() == said
        assert said.startswith("4 of 12")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_axe_finds_no_violation(browser, many, width, scheme):
    with opened(browser, many, width=width, scheme=scheme) as seen:
        assert seen.run("() => document.documentElement.scrollWidth") == width
        seen.run(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        find = """async rules => (await axe.run({runOnly: rules})).violations.map(each =>
            [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))])"""
        assert seen.run(find, RULES) == []
        seen.page.locator("#variants-filter").fill("xl")
        seen.page.locator("#variants-order").evaluate(
            "list => { list.value = 'loss -1'; list.dispatchEvent(new Event('change')); }"
        )
        assert told(seen).startswith("5 of 12 variants shown. Sorted by")
        assert seen.run(find, RULES) == []
        assert seen.messages == []
