"""The controls of the curves in a real browser: nothing that they do hides or changes raw data."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.browser import opened, write_page
from tests.results import results

pytestmark = pytest.mark.e2e

STEPS = 400
QUANTUM = 2.0**-12
LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "linspace": [3.270, 3.262, 3.268],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return results(
        tmp_path_factory.mktemp("curves"), LOSSES, steps=STEPS, status={"linspace/2": "diverged"}
    )


@pytest.fixture(scope="module")
def path(folder) -> Path:
    return write_page(folder)


@pytest.fixture(scope="module")
def page(browser, path):
    with opened(browser, path) as seen:
        yield seen


@pytest.fixture(autouse=True)
def fresh(page):
    reset = page.page.locator("#reset")
    if reset.is_visible():
        reset.click()
        page.settle()


@pytest.fixture(scope="module")
def curves(folder) -> dict[str, np.ndarray]:
    """Cell -> what the page may know of its losses: to a quantum, NaN where there is none."""
    found = {}
    frame = pl.read_parquet(folder / "steps.parquet")
    for (cell,), rows in frame.group_by("cell", maintain_order=True):
        losses = np.full(STEPS, np.nan)
        losses[rows["step"].to_numpy() - 1] = rows["loss"].to_numpy()
        found[cell] = np.round(losses / QUANTUM) * QUANTUM
    return found


def smoothed(losses: np.ndarray, kind: str, p: float, steps: float) -> np.ndarray:
    """The two formulas of the dashboards, point by point."""
    shown, a, b, before = np.full(len(losses), np.nan), 0.0, 0.0, None
    for i, loss in enumerate(losses):
        if not math.isfinite(loss):
            continue
        if kind == "tensorboard":
            w = p
        else:
            w = min(math.sqrt(p), 0.999) ** ((0 if before is None else i - before) / steps * 1000)
        a, b, before = a * w + loss, b * w + 1, i
        shown[i] = a / b
    return shown


def mean_of(curves, variant: str, kind: str, p: float, steps: float = STEPS - 1) -> np.ndarray:
    cells = [f"{variant}/{seed}" for seed in (0, 1, 2)]
    done = [cell for cell in cells if np.isfinite(curves[cell][-1])]
    return np.mean([smoothed(curves[cell], kind, p, steps) for cell in done], axis=0)


def set_smoothing(page, p: float) -> None:
    page.run(
        """p => { const slider = document.getElementById('smoothing');
            slider.value = 1 - Math.sqrt(1 - p); slider.dispatchEvent(new Event('input')); }""",
        p,
    )
    page.settle()


def test_the_arrow_keys_move_the_slider_both_ways_from_end_to_end(page):
    slider, weight = page.page.locator("#smoothing"), "() => window.report.state.p"

    def pressed(key: str, begin: float, times: int) -> list[float]:
        set_smoothing(page, begin)
        found = [page.run(weight)]
        for _ in range(times):
            slider.press(key)
            found.append(page.run(weight))
        return found

    for begin in (0.02, 0.9, 0.996):
        assert (np.diff(pressed("ArrowRight", begin, 3)) > 0).all()
        assert (np.diff(pressed("ArrowLeft", begin, 3))[:1] < 0).all()
    assert pressed("ArrowLeft", 0.02, 3)[-1] == 0
    assert pressed("ArrowRight", 0.996, 6)[-1] == 0.999
    for key, end in (("Home", 0), ("End", 0.999)):
        slider.press(key)
        assert page.run(weight) == end


def ranges(page) -> list[list[float]]:
    return page.run(
        """() => ['curves', 'difference'].map(id => document.getElementById('figure-' + id))
            .map(figure => figure.layout.xaxis.range)"""
    )


def test_every_cell_has_a_raw_line_with_its_values_at_every_step(page, curves):
    raw = page.traces("curves", "raw")
    assert len(raw) == 9
    for line in raw:
        expected = curves[f"{list(LOSSES)[line['v']]}/{line['seed']}"]
        drawn = np.array([math.nan if y is None else y for y in line["y"]])
        assert line["x"] == list(range(1, STEPS + 1))
        np.testing.assert_array_equal(drawn, expected)


def test_raw_lines_stay_whatever_the_controls_do(page):
    for control in ("logx", "logy", "per", "follow", "eval"):
        page.page.locator(f"#{control}").check()
    for axis in ("tokens", "seconds", "flops"):
        page.page.locator("#x-axis").select_option(axis)
    page.page.locator("#kind").select_option("tensorboard")
    page.page.locator("[data-smoothing='0.99']").click()
    page.settle()
    raw = page.traces("curves", "raw")
    assert sorted((line["v"], line["seed"]) for line in raw) == [
        (v, seed) for v in (0, 1, 2) for seed in (0, 1, 2)
    ]


@pytest.mark.parametrize("kind", ["wandb", "tensorboard"])
def test_the_slider_smooths_by_the_formula_and_leaves_raw_alone(page, curves, kind):
    before = page.traces("curves", "raw")
    page.page.locator("#kind").select_option(kind)
    for p in (0.6, 0.9):
        set_smoothing(page, p)
        for line in page.traces("curves", "mean"):
            expected = mean_of(curves, list(LOSSES)[line["v"]], kind, p)
            np.testing.assert_allclose(line["y"], expected, atol=1e-6)
    assert page.traces("curves", "raw") == before
    assert page.run("() => window.report.state.p") == 0.9


def test_smoothing_that_follows_the_zoom_forgets_by_the_visible_range(page, curves):
    page.page.locator("#follow").check()
    page.run(
        "() => Plotly.relayout('figure-curves', {'xaxis.range[0]': 200, 'xaxis.range[1]': 300})"
    )
    page.settle()
    line = page.traces("curves", "mean")[0]
    expected = mean_of(curves, "rotary", "wandb", 0.9, 100)
    chosen = [int(step) - 1 for step in line["x"]]
    np.testing.assert_allclose(line["y"], expected[chosen], atol=1e-6)


def test_no_smoothing_shows_the_mean_of_the_raw_losses(page, curves):
    page.page.locator("[data-smoothing='0']").click()
    page.settle()
    expected = np.mean([curves[f"rotary/{seed}"] for seed in (0, 1, 2)], axis=0)
    np.testing.assert_allclose(page.traces("curves", "mean")[0]["y"], expected, atol=1e-6)


def test_differences_are_paired_by_seed_and_step(page, curves):
    raw = {(line["v"], line["seed"]): line["y"] for line in page.traces("difference", "raw")}
    assert sorted(raw) == [(v, seed) for v in (1, 2) for seed in (0, 1, 2)]
    expected = curves["none/1"] - curves["rotary/1"]
    np.testing.assert_allclose(raw[1, 1], expected, atol=1e-6)


def test_the_mean_does_not_jump_where_a_seed_diverges(page, curves):
    line = page.traces("curves", "mean")[2]
    np.testing.assert_allclose(line["y"], mean_of(curves, "linspace", "wandb", 0.9), atol=1e-6)
    assert curves["linspace/2"][-1:] != curves["linspace/2"][-1:]


def test_an_unticked_variant_leaves_both_figures(page):
    page.page.locator("[data-variant='1']").uncheck()
    page.settle()
    for figure in ("curves", "difference"):
        assert 1 not in {
            line["v"] for what in ("raw", "mean") for line in page.traces(figure, what)
        }
    assert len(page.traces("curves", "raw")) == 6


def test_an_unticked_seed_leaves_both_figures(page):
    page.page.locator("[data-seed='0']").uncheck()
    page.settle()
    assert {line["seed"] for line in page.traces("curves", "raw")} == {1, 2}
    assert {line["seed"] for line in page.traces("difference", "raw")} == {1, 2}


@pytest.mark.parametrize(
    ("axis", "title", "last"),
    [("tokens", "tokens", STEPS * 128 / 1e6), ("seconds", "seconds", STEPS * 0.011)],
)
def test_the_x_axis_changes_its_unit(page, axis, title, last):
    page.page.locator("#x-axis").select_option(axis)
    page.settle()
    shown = page.run("() => document.getElementById('figure-curves').layout.xaxis.title.text")
    assert title in shown
    assert page.traces("curves", "raw")[0]["x"][-1] == pytest.approx(last)


def test_seconds_do_not_pair_so_the_difference_stays_on_steps_and_says_so(page):
    page.page.locator("#x-axis").select_option("seconds")
    page.settle()
    assert page.traces("difference", "raw")[0]["x"][-1] == STEPS
    assert "do not pair" in page.page.locator("#note-difference").inner_text()


def test_log_axes_change_type(page):
    page.page.locator("#logx").check()
    page.page.locator("#logy").check()
    page.settle()
    types = page.run(
        """() => { const { xaxis, yaxis } = document.getElementById('figure-curves').layout;
            return [xaxis.type, yaxis.type]; }"""
    )
    assert types == ["log", "log"]


def test_a_line_per_seed_replaces_the_mean(page):
    page.page.locator("#per").check()
    page.settle()
    assert page.traces("curves", "mean") == []
    assert len(page.traces("curves", "smooth")) == 9


def test_validation_losses_can_be_added(page):
    assert page.traces("curves", "evaluation") == []
    page.page.locator("#eval").check()
    page.settle()
    assert [len(line["x"]) for line in page.traces("curves", "evaluation")] == [15, 15, 10]


def test_a_zoom_in_one_figure_moves_the_other(page):
    page.run(
        "() => Plotly.relayout('figure-difference', {'xaxis.range[0]': 100, 'xaxis.range[1]': 200})"
    )
    page.settle()
    assert ranges(page) == [[100, 200], [100, 200]]
    page.run("() => Plotly.relayout('figure-curves', {'xaxis.autorange': true})")
    page.settle()
    assert ranges(page) == [[0, STEPS], [0, STEPS]]


def test_keys_zoom_and_move_the_focused_figure(page):
    page.page.locator("#figure-curves").focus()
    page.page.keyboard.press("+")
    page.settle()
    (left, right), other = ranges(page)
    assert (left, right) == (pytest.approx(STEPS / 6), pytest.approx(STEPS * 5 / 6))
    assert other == [left, right]
    page.page.keyboard.press("ArrowRight")
    page.settle()
    assert ranges(page)[0][1] == pytest.approx(STEPS * 5 / 6 + STEPS * 2 / 15)
    page.page.keyboard.press("0")
    page.settle()
    assert ranges(page)[0] == [0, STEPS]


def test_tab_reaches_every_control_in_order_with_a_visible_ring(page):
    page.page.locator("#smoothing").focus()
    seen = []
    for _ in range(26):
        seen.append(
            page.run(
                """() => { const on = document.activeElement;
                return [on.id || Object.values(on.dataset)[0],
                    parseFloat(getComputedStyle(on).outlineWidth)]; }"""
            )
        )
        page.page.keyboard.press("Tab")
    names = [name for name, _ in seen]
    assert names == [
        *("smoothing", "0", "0.6", "0.9", "0.99", "kind", "x-axis"),
        *("logx", "logy", "per", "follow", "eval", "0", "1", "2", "0", "1", "2"),
        *("figure-curves", "svg", "png", names[21]),
        *("figure-difference", "svg", "png", names[25]),
    ]
    assert min(width for _, width in seen) > 0


def test_the_address_keeps_the_view_and_reset_forgets_it(browser, path):
    fragment = "#curves?p=0.99&kind=tensorboard&range=100,300&seeds=1&off=linspace&logy=1"
    with opened(browser, path, fragment=fragment) as seen:
        assert len(seen.traces("curves", "raw")) == 2
        assert ranges(seen) == [[100, 300], [100, 300]]
        assert seen.page.locator("#smoothing-value").inner_text() == "0.99"
        assert not seen.page.locator("[data-variant='2']").is_checked()
        address = seen.run("() => location.hash")
        assert sorted(address.split("?")[1].replace("%2C", ",").split("&")) == sorted(
            fragment.split("?")[1].split("&")
        )
        seen.page.locator("#reset").click()
        seen.settle()
        assert seen.run("() => location.hash") == ""
        assert len(seen.traces("curves", "raw")) == 9


def test_columns_keep_the_lowest_and_highest_value_of_every_stretch(page):
    """A hundred thousand points drawn on 300 columns look like all of them; a gap stays a gap."""
    extremes = """logarithmic => {
        const n = 100000, y = new Float32Array(n);
        const x = Float64Array.from({length: n}, (_, i) => i + 1);
        for (let i = 0; i < n; i++) y[i] = Math.sin(i * i) + (i === 77777 ? 9 : 0);
        for (let i = 40000; i < 45000; i++) y[i] = NaN;
        const [xs, ys] = window.report.columns(x, y, 1, n, 300, logarithmic);
        const place = logarithmic ? v => Math.log(v) / Math.log(n) : v => (v - 1) / (n - 1);
        const boxes = points => {
            const found = Array.from({length: 6}, () => [Infinity, -Infinity]);
            for (const [a, b] of points) {
                if (b === null || Number.isNaN(b)) continue;
                const box = found[Math.min(5, Math.floor(place(a) * 6))];
                box[0] = Math.min(box[0], b); box[1] = Math.max(box[1], b);
            }
            return found;
        };
        const raw = boxes(Array.from(x, (a, i) => [a, y[i]]));
        const drawn = boxes(xs.map((a, i) => [a, ys[i]]));
        const gap = ys.indexOf(null);
        return [raw, drawn, xs.length, gap < 0 ? null : [xs[gap - 1], xs[gap + 1]]];
    }"""
    for logarithmic in (False, True):
        raw, drawn, points, gap = page.run(extremes, logarithmic)
        assert drawn == raw
        assert points <= 300 * 4 + 8
        assert gap == [40000, 45001]


def test_points_outside_the_frame_are_counted(page):
    assert "above" in page.page.locator("#note-curves").inner_text()
