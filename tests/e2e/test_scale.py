"""Sixty variants in a real browser: nothing cut off, nothing overlaps, what is coarse says so."""

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from reports.frames import read_frames
from reports.material import Material
from reports.page import render
from reports.tiers import NO_LIMIT
from reports.verdict import judge
from tests.browser import BUILT, opened
from tests.results import results

pytestmark = pytest.mark.e2e

STEPS = 240
QUANTUM = 2.0**-12
VARIANTS = [
    f"norm={norm}, positions={positions}, mlp={mlp}"
    for norm in ("layer", "rms", "dyt", "none")
    for positions in ("rotary", "xpos", "alibi", "none", "learned")
    for mlp in ("plain", "gated", "moe")
]
MOST_TRACES = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    generator = np.random.default_rng(60)
    seeds = generator.normal(0, 0.01, 5)
    losses = {
        name: list(3.2 + effect + seeds + generator.normal(0, 0.004, 5))
        for name, effect in zip(VARIANTS, [0, *generator.normal(0.02, 0.03, 59)], strict=True)
    }
    return results(
        tmp_path_factory.mktemp("scale"),
        losses,
        steps=STEPS,
        noise={VARIANTS[20]: 0.1},
        status={f"{VARIANTS[7]}/3": "diverged"},
    )


@pytest.fixture(scope="module")
def path(folder) -> Path:
    """A page that has 60 kB less than all steps take."""
    frames = read_frames(folder)
    material = Material(frames, judge(frames), BUILT)
    whole = render(material, NO_LIMIT)
    text = render(material, len(whole.encode()) - 60_000)
    assert len(text.encode()) <= len(whole.encode()) - 60_000
    found = folder.with_suffix(".html")
    found.write_text(text, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def wide(browser, path):
    with opened(browser, path) as seen:
        ready = seen.run("() => performance.now() / 1000")
        print(f"ready and drawn after {ready:.1f} s")  # noqa: T201 - told, not asserted
        yield seen


@pytest.fixture(scope="module")
def narrow(browser, path):
    with opened(browser, path, width=390, scheme="dark") as seen:
        yield seen


def overlaps(page) -> list[list[str]]:
    """Names in figures that lie on each other."""
    return page.run(
        """() => [...document.querySelectorAll('.plot')].flatMap(figure => {
            const boxes = [...figure.querySelectorAll('.annotation-text, .xtick text')]
                .filter(each => each.textContent.trim())
                .map(each => [each.textContent, each.getBoundingClientRect()])
                .filter(([, box]) => box.width > 0);
            return boxes.flatMap(([a, one], i) => boxes.slice(i + 1)
                .filter(([, other]) => one.left < other.right - 1 && other.left < one.right - 1
                    && one.top < other.bottom - 4 && other.top < one.bottom - 4)
                .map(([b]) => [figure.id, a, b]));
        })"""
    )


def traces(page) -> dict[str, int]:
    return page.run(
        """() => Object.fromEntries(window.report.figures
            .map(id => [id, document.getElementById('figure-' + id)])
            .filter(([, place]) => !place.closest('[data-panel][hidden]'))
            .map(([id, place]) => [id, place.data?.length ?? 0]))"""
    )


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_the_console_is_silent_and_nothing_overlaps_or_is_cut_off(request, width):
    page = request.getfixturevalue(width)
    assert page.messages == []
    assert overlaps(page) == []
    assert page.run("() => document.documentElement.scrollWidth - innerWidth") <= 0
    cut = """() => [...document.querySelectorAll('.plot')].flatMap(figure => {
        const frame = figure.getBoundingClientRect();
        return [...figure.querySelectorAll('.annotation-text')]
            .map(each => [figure.id, each.textContent, each.getBoundingClientRect()])
            .filter(([, , box]) => box.left < frame.left - 1 || box.right > frame.right + 1)
            .map(([id, text]) => [id, text]);
    })"""
    assert page.run(cut) == []


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_no_figure_has_more_than_thirty_traces(request, width):
    found = traces(request.getfixturevalue(width))
    assert {"curves", "difference", "seeds", "cost", "profile"} <= set(found)
    assert {id_: many for id_, many in found.items() if not 0 < many <= MOST_TRACES} == {}


def test_the_picked_are_raw_and_all_others_one_band_with_its_count(wide):
    picked = {line["v"] for line in wide.traces("curves", "raw")}
    assert 0 in picked
    assert 20 in picked
    assert 3 <= len(picked) <= 4
    labels = wide.page.locator("#figure-curves .annotation-text").all_text_contents()
    assert f"{60 - len(picked)} other variants" in labels
    assert len(set(labels)) == len(picked) + 1


def test_the_page_says_that_it_holds_buckets_and_where_every_step_is(wide):
    said = wide.page.locator("#curves .subtitle").first.inner_text()
    assert "buckets of" in said
    assert "positions/steps.parquet" in said
    assert wide.page.locator("#note-curves").inner_text().count("buckets") == 0


def test_the_curves_as_a_file_give_of_each_bucket_its_steps_and_what_is_known(wide, folder):
    with wide.page.expect_download() as waiting:
        wide.page.locator("#csv-curves").click()
    with Path(waiting.value.path()).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = pl.read_parquet(folder / "steps.parquet")
    curves = {
        cell: np.round(part["loss"].to_numpy() / QUANTUM) * QUANTUM
        for (cell,), part in frame.group_by("cell", maintain_order=True)
    }
    sizes = set()
    for row in rows:
        first, last = int(row["first_step"]), int(row["last_step"])
        known = curves[f"{row['variant']}/{row['seed']}"][first - 1 : last]
        known = known[np.isfinite(known)]
        assert float(row["lowest"]) == known.min()
        assert float(row["highest"]) == known.max()
        assert float(row["mean_loss"]) == pytest.approx(known.mean(), abs=QUANTUM)
        sizes.add(last - first + 1)
    assert 1 in sizes
    assert max(sizes) > 1
    assert {row["variant"] for row in rows} == set(VARIANTS)


def test_another_pick_is_drawn_from_its_buckets_and_the_caption_says_so(wide):
    wide.page.locator("[data-pick='5']").check()
    wide.settle()
    assert VARIANTS[5] in wide.page.locator("#note-curves").inner_text()
    assert "smoothing runs on their means" in wide.page.locator("#note-curves").inner_text()
    assert "differences of their means" in wide.page.locator("#note-difference").inner_text()
    (raw,) = (line for line in wide.traces("curves", "raw") if line["v"] == 5)
    curves = wide.run(
        "() => [window.report.data.curves.buckets[25], window.report.data.curves.shape[1]]"
    )
    assert len([y for y in raw["y"] if y is not None]) == 5 * 2 * -(-curves[1] // curves[0])
    assert max(traces(wide).values()) <= MOST_TRACES
    assert overlaps(wide) == []
    assert wide.messages == []
    wide.page.locator("[data-pick='5']").uncheck()
    wide.settle()


@pytest.mark.parametrize("axis", ["seconds", "flops", "tokens"])
def test_other_axes_keep_the_band_of_the_others(wide, axis):
    wide.page.locator("#x-axis").select_option(axis)
    wide.settle()
    bands = wide.traces("curves", "band")
    ends = [max(band["x"]) for band in bands]
    assert all(np.isfinite(band["y"]).all() for band in bands)
    assert max(ends) > 0
    wide.page.locator("#reset").click()
    wide.settle()


def test_the_headline_names_three_and_counts_the_others(wide):
    headline = wide.page.locator("#headline").inner_text()
    assert sum(headline.count(f"“{name}”") for name in set(VARIANTS)) <= 8
    assert "more" in headline


@pytest.mark.parametrize("smoothing", ["0", "0.9"])
def test_the_band_of_the_others_is_lowest_and_highest_mean_over_seeds(wide, folder, smoothing):
    wide.page.locator(f"[data-smoothing='{smoothing}']").click()
    wide.settle()
    report = wide.run("() => ({...window.report.data.curves, v: [...window.report.state.slots]})")
    picked, size = {v for v, _ in report["v"]}, max(report["buckets"])
    weight = min(np.sqrt(float(smoothing)), 0.999) ** (1000 * size / (STEPS - 1))
    frame = pl.read_parquet(folder / "steps.parquet")
    means = []
    for v in set(range(60)) - picked:
        cells = [f"{VARIANTS[v]}/{seed}" for seed in range(5)]
        done = [cell for cell in cells if cell != f"{VARIANTS[7]}/3"]
        losses = [frame.filter(pl.col("cell") == cell)["loss"].to_numpy() for cell in done]
        means.append(np.mean([smoothed(each, size, weight) for each in losses], axis=0))
    (band,) = (line for line in wide.traces("curves", "band") if line["v"] not in picked)
    half = len(band["y"]) // 2
    np.testing.assert_allclose(band["y"][:half], np.max(means, axis=0), atol=QUANTUM)
    np.testing.assert_allclose(band["y"][half:][::-1], np.min(means, axis=0), atol=QUANTUM)
    wide.page.locator("[data-smoothing='0.9']").click()
    wide.settle()


def smoothed(losses: np.ndarray, size: int, weight: float) -> np.ndarray:
    """Means of buckets, each smoothed by what came before it."""
    shown, a, b = [], 0.0, 0.0
    for start in range(0, len(losses), size):
        a = a * weight + losses[start : start + size].astype(float).mean()
        b = b * weight + 1
        shown.append(a / b)
    return np.array(shown)
