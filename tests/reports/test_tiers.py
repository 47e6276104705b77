"""Curves in the page: every step, or buckets that keep what a picture must not lose."""

import base64
import gzip
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import tiers
from reports.build import main
from reports.encode import MISSING, QUANTUM, in_buckets, rounded
from reports.frames import read_frames
from reports.material import Material
from reports.page import render
from reports.tiers import NO_LIMIT, Stored, kept_whole, most_bytes, resolution, store, store_most
from reports.verdict import judge
from tests.browser import BUILT
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198],
    **{f"variant {place}": [3.2 + place / 100, 3.21 + place / 100] for place in range(1, 9)},
}


def unpacked(stored: Stored) -> list[np.ndarray]:
    """The points of every cell [1 or 3, points]."""
    planes = np.frombuffer(gzip.decompress(base64.b64decode(stored.text)), np.uint8)
    counted = np.frombuffer(planes.reshape(4, -1).T.tobytes(), "<i4")
    flat = np.where(counted == MISSING, np.nan, counted * QUANTUM).astype(np.float32)
    rows, at = [], 0
    for size in stored.buckets:
        many = -(-stored.shape[1] // size)
        parts = 1 if size == 1 else 3
        rows.append(flat[at : at + parts * many].reshape(parts, many))
        at += parts * many
    assert at == len(flat)
    return rows


def noisy(cells: int, steps: int) -> np.ndarray:
    fall = 3 + 2 * np.exp(-np.arange(steps) / steps * 5)
    return fall + np.random.default_rng(0).normal(0, 0.1, (cells, steps))


CURVES = st.lists(
    st.one_of(st.floats(0, 20), st.sampled_from([float("nan"), float("inf")])),
    min_size=1,
    max_size=70,
)


@given(CURVES, st.sampled_from([2, 4, 8, 64]))
@settings(max_examples=200, deadline=None)
def test_a_bucket_has_the_lowest_the_highest_and_the_mean_of_its_steps(losses, size):
    every = rounded(np.array(losses))
    mean, below, above = in_buckets(every, size)
    assert len(mean) == -(-len(every) // size)
    for place, value in enumerate(mean):
        part = every[place * size : (place + 1) * size]
        known = part[np.isfinite(part)]
        if not len(known):
            assert np.isnan([value, below[place], above[place]]).all()
            continue
        assert value - below[place] == known.min()
        assert value + above[place] == known.max()
        assert value == pytest.approx(known.astype(float).mean(), abs=QUANTUM / 2 + 1e-9)


def test_what_fits_is_stored_at_every_step():
    losses = noisy(4, 300)
    losses[1, 200:] = np.nan
    stored = store(losses, [True, False, False, False], 100_000)
    assert stored.buckets == (1, 1, 1, 1)
    np.testing.assert_array_equal(np.concatenate(unpacked(stored)), rounded(losses))


@pytest.mark.parametrize("share", [0.9, 0.6, 0.35, 0.2])
def test_the_buckets_are_the_smallest_power_of_two_that_fits(share):
    losses, whole = noisy(12, 900), [True] * 2 + [False] * 10
    every = store(losses, whole, NO_LIMIT)
    room = int(len(every.text) * share)
    stored = store(losses, whole, room)
    assert len(stored.text) <= room
    size = stored.size
    assert size & (size - 1) == 0
    assert size > 1
    finer = tiers._stored(rounded(losses), whole, size // 2, NO_LIMIT)
    assert len(finer.text) > room
    rows = unpacked(stored)
    assert stored.buckets == (1, 1, *[size] * 10)
    np.testing.assert_array_equal(rows[1][0], rounded(losses[1]))
    np.testing.assert_array_equal(rows[5], in_buckets(rounded(losses[5]), size))


def test_where_every_cell_has_a_colour_the_misleading_views_keep_every_step(tmp_path):
    losses = {
        "rotary": [3.201, 3.198, 3.209, 3.200],
        "none": [3.221, 3.217, 3.222, 3.220],
        "linspace": [3.250, 3.242, 3.248, 3.247],
    }
    frames = read_frames(results(tmp_path, losses, steps=400, noise={"none": 0.06}))
    found = Material(frames, judge(frames), BUILT)
    should, must = kept_whole(found)
    assert all(should)
    assert 0 < sum(must) < len(must)
    shown = found.misleading.pictures.bad
    places = {(cell.variant, cell.seed): at for at, cell in enumerate(frames.manifest.cells)}
    assert all(must[places[name, shown.seed]] for name in shown.variants)
    every = store(found.matrix, should, NO_LIMIT)
    assert store_most(found.matrix, (should, must), len(every.text)).size == 1
    stored = store_most(found.matrix, (should, must), int(0.8 * len(every.text)))
    assert len(stored.text) <= 0.8 * len(every.text)
    assert [size == 1 for size in stored.buckets] == list(must)


def test_where_nothing_fits_the_widest_buckets_are_stored():
    stored = store(noisy(3, 40), [False] * 3, 10)
    assert stored.buckets == (64, 64, 64)
    assert [row.shape for row in unpacked(stored)] == [(3, 1)] * 3


def test_cells_without_a_step_are_stored():
    stored = store(np.empty((2, 0)), [True, False], 1000)
    assert [row.size for row in unpacked(stored)] == [0, 0]


def test_a_page_has_six_megabytes_and_a_small_one_less():
    assert most_bytes(15, 5000) == 2_500_000
    assert most_bytes(16, 5000) == most_bytes(15, 5001) == most_bytes(300, 20_000) == 6_000_000


def test_sixty_variants_of_five_seeds_keep_every_step_of_4800_beside_what_else_a_page_has():
    # A fifth of the seeds in a fifth of the room: cells hardly compress each other.
    assert store(noisy(60, 4800), [False] * 60, 2_950_000 // 5).size == 1


def test_20000_steps_of_sixty_variants_are_stored_in_buckets():
    whole = [place < 4 for place in range(60)]
    stored = store(noisy(60, 20_000), whole, 2_950_000 // 5)
    assert len(stored.text) <= 2_950_000 // 5
    assert stored.buckets.count(1) == 4
    assert 1 < stored.size <= 16


def test_the_page_says_in_words_what_it_holds():
    whole = resolution(Stored((1, 1), "", (2, 9)), "grid/steps.parquet")
    assert whole.startswith("Every step of every cell is in this page")
    assert "All steps are always in grid/steps.parquet." in whole
    some = resolution(Stored((1, 4, 4), "", (3, 9)), "grid/steps.parquet")
    assert some.startswith("1 of 3 cells are in this page at every step")
    assert "buckets of 4 steps with their lowest, mean and highest loss" in some
    assert "smoothing runs on the means" in some
    assert "All steps are always in grid/steps.parquet." in some
    assert resolution(Stored((4, 4), "", (2, 9)), "").startswith("No cell is in this page at every")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return results(tmp_path_factory.mktemp("tiers"), LOSSES, steps=600)


def curves_of(page: str) -> dict:
    block = re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL).group(1)
    return json.loads(block)["curves"]


def test_a_page_above_its_budget_says_of_each_cell_what_it_holds(folder):
    frames = read_frames(folder)
    material = Material(frames, judge(frames), BUILT)
    most = len(render(material, NO_LIMIT).encode()) - 8_000
    page = render(material, most)
    assert len(page.encode()) <= most
    curves = curves_of(page)
    assert curves["tier"] == "buckets"
    assert curves["file"] == "positions/steps.parquet"
    coloured = {
        variant.name
        for variant, mark in zip(frames.manifest.variants, material.marks, strict=True)
        if mark.slot is not None
    }
    for cell, size in zip(frames.manifest.cells, curves["buckets"], strict=True):
        if cell.variant in coloured:
            assert size == 1
    assert max(curves["buckets"]) > 1


def test_full_puts_every_step_in_whatever_the_budget(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent.parent)
    monkeypatch.setattr(tiers, "PAGE", 2_150_000)
    path = folder.with_suffix(".html")
    assert main(["grid=positions", "--plain"]) == 0
    assert curves_of(path.read_text())["tier"] == "buckets"
    assert main(["grid=positions", "--plain", "--full"]) == 0
    assert curves_of(path.read_text())["tier"] == "every step"
    assert "positions.html" in capsys.readouterr().out
