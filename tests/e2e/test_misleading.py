"""The two pictures in a real browser: what they draw, and that the page's own curves follow."""

import json
from pathlib import Path

import numpy as np
import pytest

from reports.document import document
from reports.frames import read_frames
from reports.material import Material
from reports.verdict import judge
from tests.browser import BUILT, opened, write_page
from tests.pictures import drawn, readings, smoothed
from tests.results import results

pytestmark = pytest.mark.e2e

STEPS = 400
LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.200],
    "none": [3.221, 3.217, 3.222, 3.220],
    "linspace": [3.250, 3.242, 3.248, 3.247],
}
NAMES = list(LOSSES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    into = tmp_path_factory.mktemp("misleading")
    return results(into, LOSSES, steps=STEPS, noise={"none": 0.06})


@pytest.fixture(scope="module")
def path(folder) -> Path:
    return write_page(folder)


@pytest.fixture(scope="module")
def told(folder):
    frames = read_frames(folder)
    return json.loads(json.dumps(document(Material(frames, judge(frames), BUILT))["mislead"]))


@pytest.fixture
def page(browser, path):
    with opened(browser, path) as seen:
        yield seen
        assert seen.messages == []


def line(page, figure, variant, name="mean"):
    """Values of one variant's thick line, and where they stand."""
    (found,) = (each for each in page.traces(figure, name) if each["v"] == NAMES.index(variant))
    return found["x"], found["y"]


def expected(page, picture, variant):
    """The same from the losses in the page, by a loop."""
    cell = NAMES.index(variant) * 4 + picture["seed"]
    losses = page.run("cell => Array.from(window.report.losses[cell])", cell)
    x = [float(step) for step in range(1, STEPS + 1)]
    kept = drawn(x, list(range(picture["left"] - 1, picture["right"])), picture["points"])
    at = [x[i] for i in kept]
    return at, smoothed(picture["smoothing"], at, [losses[i] for i in kept])


def same(found, wanted):
    assert found[0] == wanted[0]
    np.testing.assert_allclose(found[1], wanted[1], atol=1e-6)


@pytest.mark.parametrize("name", ["good", "bad"])
def test_the_pictures_are_the_stored_views(page, told, name):
    picture = told[name]
    for variant in picture["variants"]:
        same(line(page, f"mislead-{name}", variant), expected(page, picture, variant))


def test_the_one_that_contradicts_is_seen_to_contradict(page, told):
    assert told["contrasts"][0]["verdict"] == "worse"
    assert (told["bad"]["variants"], told["triple"]) == (["rotary", "none"], None)
    below = readings(*(line(page, "mislead-bad", name)[1] for name in ("none", "rotary")), (0.0,))
    above = readings(*(line(page, "mislead-good", name)[1] for name in ("none", "rotary")), (0.0,))
    assert min(below) < -0.05
    assert max(above) > 0.05


@pytest.mark.parametrize("name", ["good", "bad"])
def test_a_button_draws_its_view_with_the_pages_own_curves(page, told, name):
    picture = told[name]
    page.page.locator(f"#figure-mislead-{name}").locator("xpath=../..").locator(
        "button"
    ).last.click()
    page.settle()
    for variant in picture["variants"]:
        same(line(page, "curves", variant), expected(page, picture, variant))
    raw = page.traces("curves", "raw")
    assert {each["seed"] for each in raw} == {picture["seed"]}
    assert sorted(NAMES[each["v"]] for each in raw) == sorted(picture["variants"])
    shown = page.run("() => document.getElementById('figure-curves').layout.xaxis.range")
    assert shown == [picture["left"], picture["right"]]
    assert "as a dashboard would draw" in page.page.locator("#memory").inner_text()
    assert page.page.locator("#smoothing").evaluate("each => each === document.activeElement")


def test_the_address_restores_a_view_after_a_reload(page, told):
    page.page.locator("[data-address]").nth(1).click()
    page.settle()
    address = page.run("() => location.hash")
    page.page.reload()
    page.page.wait_for_selector("html[data-ready]", state="attached")
    page.run("() => window.report.drawAll()")
    assert page.run("() => location.hash") == address
    for variant in told["bad"]["variants"]:
        same(line(page, "curves", variant), expected(page, told["bad"], variant))
    assert page.page.locator("#reset").is_visible()


def test_a_link_opens_the_view_that_contradicts_most(page, told):
    page.page.locator("#mislead a[href^='#curves?']").first.click()
    page.settle()
    worst = told["contrasts"][0]["worst"]
    for variant in worst["variants"]:
        same(line(page, "curves", variant), expected(page, worst, variant))


def test_a_zoom_within_a_view_draws_other_points_of_the_same_run(page, told):
    page.page.locator("[data-address]").nth(1).click()
    page.settle()
    page.run(
        "() => Plotly.relayout('figure-curves', {'xaxis.range[0]': 150, 'xaxis.range[1]': 350})"
    )
    page.settle()
    zoomed = {**told["bad"], "left": 150, "right": 350}
    same(line(page, "curves", "none"), expected(page, zoomed, "none"))


def test_the_readers_own_smoothing_ends_the_view(page):
    for control in ("slider", "preset", "formula"):
        page.page.locator("[data-address]").first.click()
        page.settle()
        assert "as=" in page.page.url
        if control == "slider":
            page.page.locator("#smoothing").press("ArrowRight")
        elif control == "preset":
            page.page.locator("[data-smoothing='0.9']").click()
        else:
            other = page.run("() => document.getElementById('kind').value === 'wandb'")
            page.page.locator("#kind").select_option("tensorboard" if other else "wandb")
        page.settle()
        assert "as=" not in page.page.url
        assert len(page.traces("curves", "mean")) >= 2


def test_reset_forgets_the_view(page):
    page.page.locator("[data-address]").first.click()
    page.settle()
    page.page.locator("#reset").click()
    page.settle()
    assert page.run("() => location.hash") == ""
    assert len(page.traces("curves", "raw")) == 12


@pytest.mark.parametrize("fragment", ["as=ema+2x,all", "as=nonsense", "as=mean+11,0", "as=,"])
def test_an_address_that_names_no_view_changes_nothing(browser, path, fragment):
    with opened(browser, path, fragment=f"#curves?{fragment}") as seen:
        assert seen.messages == []
        assert seen.run("() => window.report.state.as") is None


@pytest.mark.parametrize("width", [390, 1440])
def test_every_figure_has_its_labels_inside_the_frame(browser, path, width):
    outside = """() => ['good', 'bad'].flatMap(name => {
        const figure = document.getElementById('figure-mislead-' + name);
        const frame = figure.getBoundingClientRect();
        return [...figure.querySelectorAll('.annotation-text')]
            .filter(text => text.getBoundingClientRect().right > frame.right + 1)
            .map(text => text.textContent);
    })"""
    with opened(browser, path, width=width) as seen:
        assert seen.run(outside) == []
        assert seen.run("() => document.documentElement.scrollWidth") == width


def test_without_script_the_table_remains_and_the_links_do_not(browser, path):
    with opened(browser, path, script="off") as seen:
        assert seen.page.locator("#mislead table").first.is_visible()
        assert not seen.page.locator("[data-address]").first.is_visible()
        assert not seen.page.locator("#mislead a[href^='#curves?']").first.is_visible()
