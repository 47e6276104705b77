"""Names that are long, and have no space where a line could end."""

from pathlib import Path

import pytest

from tests.browser import opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

BASELINE = "transformer_xl_relative_positions_without_recurrence_v2_final_lr3e-4"
LETTERS = "w" * 300
LOSSES = {
    BASELINE: [3.20, 3.21, 3.20],
    "none": [3.26, 3.25, 3.26],
    LETTERS: [3.30, 3.31, 3.30],
    "fire": [3.31, None, 3.29],
}
# Elements whose text goes beyond their own box. What scrolls by itself is not cut, and is not text.
RUNNING_OVER = """() => [...document.querySelectorAll(
    'h1, h2, h3, h4, p, summary, li, dt, dd, label, legend, figcaption, th, td, .name, .name span')]
    .filter(each => each.checkVisibility() && each.clientWidth > 1 && !each.closest('.unseen'))
    .filter(each => each.scrollWidth > each.clientWidth + 1)
    .map(each => [each.closest('section')?.id, each.outerHTML.slice(0, 100)])"""
NARROW = """() => [...document.querySelectorAll('td, th')]
    .filter(each => each.checkVisibility() && each.innerText.trim().length > 12)
    .filter(each => each.getBoundingClientRect().width < 36
        && getComputedStyle(each.closest('table').tHead ?? each).clipPath === 'none')
    .map(each => each.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    folder = results(
        tmp_path_factory.mktemp("names"),
        LOSSES,
        steps=200,
        labels={},
        status={"fire/1": "failed"},
        evaluations=(("validation", None), ("length 64", 64)),
        question="q" * 250,
    )
    return write_page(folder)


@pytest.mark.parametrize("width", [390, 1000, 1440])
def test_long_names_break_and_stay_inside(browser, path, width):
    with opened(browser, path, width=width) as seen:
        seen.run("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert seen.run("() => document.documentElement.scrollWidth") == width
        assert seen.run(RUNNING_OVER) == []
        assert seen.run(NARROW) == []
        assert seen.messages == []


def test_a_name_does_not_lie_over_the_drawing_beside_it(browser, path):
    with opened(browser, path) as seen:
        edges = seen.run(
            """() => [...document.querySelectorAll('#variants tr[data-row]')].map(row =>
                ['.name > span:last-child', '.interval'].map(part =>
                    row.querySelector(part)?.getBoundingClientRect()))
                .filter(([, drawing]) => drawing)
                .map(([name, drawing]) => [name.right, drawing.left])"""
        )
    assert len(edges) == 4
    for right, left in edges:
        assert right <= left
