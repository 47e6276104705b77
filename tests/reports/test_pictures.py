"""The two pictures of one seed: what they show, drawn again by loops."""

import numpy as np
import polars as pl
import pytest

from reports.frames import read_frames
from reports.misleading import misleading
from reports.pictures import Picture
from reports.verdict import judge
from tests.pictures import drawn, readings, smoothed
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209, 3.200],
    "none": [3.221, 3.217, 3.222, 3.220],
    "linspace": [3.250, 3.242, 3.248, 3.247],
}
STEPS = 400
NOISES = {"none": 5.0, "linspace": 0.9}


def found(folder, noises=None):
    frames = read_frames(folder)
    return misleading(frames, judge(frames), noises or {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    into = tmp_path_factory.mktemp("pictures")
    return results(into, LOSSES, steps=STEPS, noise={"none": 0.06})


def lines(folder, picture):
    """What a picture shows, one list for each of its variants."""
    frame = pl.read_parquet(folder / "steps.parquet")
    x = [float(step) for step in range(1, STEPS + 1)]
    seen = list(range(picture.left - 1, picture.right))
    kept = drawn(x, seen, picture.points)
    found_ = []
    for variant in picture.variants:
        cell = frame.filter(pl.col("cell") == f"{variant}/{picture.seed}")["loss"].to_list()
        found_.append(smoothed(picture.smoothing, [x[i] for i in kept], [cell[i] for i in kept]))
    return found_


def test_of_two_variants_one_picture_agrees_and_the_other_contradicts(folder):
    shown = found(folder).pictures
    assert (shown.about, shown.verdict, shown.triple) == (("none", "rotary"), "worse", None)
    assert shown.good.seed == shown.bad.seed
    assert shown.good.variants == ("rotary", "none")
    for picture, sign in ((shown.good, 1), (shown.bad, -1)):
        baseline, variant = lines(folder, picture)
        edge, most = readings(variant, baseline, (0.0,))
        assert max(sign * edge, sign * most) > 0.05
        assert len(baseline) >= 20


def test_the_widest_view_is_at_least_as_wide_as_the_pictured_one(folder):
    counted = found(folder)
    widths = []
    for picture in (counted.contrasts[0].worst, counted.pictures.bad):
        baseline, variant = lines(folder, picture)
        widths.append(max(-gap for gap in readings(variant, baseline, (0.0,))))
    assert widths[0] >= widths[1]


def test_of_three_the_noisiest_lies_on_one_and_on_the_other(folder):
    shown = found(folder, NOISES).pictures
    assert shown.triple == ("rotary", "none", "linspace")
    for picture, target in ((shown.good, 0.0), (shown.bad, 1.0)):
        low, middle, high = (np.array(each) for each in lines(folder, picture))
        gaps, whole = middle - low, high - low
        places = [gaps[-1] / whole[-1], np.median(gaps) / np.median(whole)]
        assert min(abs(place - target) for place in places) <= 0.25
    assert 0 < found(folder, NOISES).place[0].median < 1


def test_without_a_variant_above_the_noisiest_two_are_drawn(folder):
    assert found(folder, {"linspace": 9.0, "none": 1.0}).pictures.triple is None


def test_where_hardly_a_view_misleads_there_are_no_pictures(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.2], "none": [3.6, 3.61, 3.62]}
    counted = found(results(tmp_path, losses, steps=200))
    assert counted.contrasts[0].told.contradicting == 0
    assert counted.pictures is None


def test_pictures_that_a_handful_of_views_show_are_no_finding(tmp_path):
    folder = results(tmp_path, LOSSES, steps=STEPS)
    path = folder / "steps.parquet"
    moved = pl.lit(0.0)
    for first, last, by in ((181, 200, -0.012), (381, 400, 0.02)):
        moved += pl.when(pl.col("step").is_between(first, last)).then(by).otherwise(0.0)
    loss = pl.when(pl.col("cell") == "none/0").then(pl.col("loss") + moved).otherwise("loss")
    pl.read_parquet(path).with_columns(loss.alias("loss")).write_parquet(path)
    counted = found(folder, NOISES)
    assert max(each.told.contradicting for each in counted.contrasts) < 0.02
    assert counted.pictures is None


def test_equivalent_variants_look_equal_in_one_and_apart_in_the_other(tmp_path):
    losses = {"rotary": [3.2, 3.21, 3.2], "none": [3.2002, 3.2103, 3.1999]}
    folder = results(tmp_path, losses, steps=STEPS, noise={"none": 0.03})
    shown = found(folder).pictures
    assert shown.verdict == "equivalent"
    good = readings(*lines(folder, shown.good)[::-1], (0.0,))
    bad = readings(*lines(folder, shown.bad)[::-1], (0.0,))
    assert max(map(abs, good)) < 0.01
    assert max(map(abs, bad)) > 0.05


def test_an_address_names_variants_that_are_shown_or_hidden_without_it():
    picture = Picture(3, ("a", "d & d"), "ema 0.9", 100, 51, 200)
    assert picture.address(["a", "b"], ["a", "b", "c", "d & d"]) == (
        "#curves?p=0.9&kind=tensorboard&as=ema+0.9,100&range=51,200&seeds=3&off=b&on=d+%26+d"
    )
    assert Picture(0, ("a",), "mean 11", None, 1, 9).address(["a"], ["a"]) == (
        "#curves?p=0&kind=wandb&as=mean+11,all&range=1,9&seeds=0"
    )
