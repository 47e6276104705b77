"""Which variants of a large grid begin in colour."""

from reports.drawings.drawing import MARKERS
from reports.firstpick import in_colour
from reports.frames import read_frames
from reports.material import Material
from reports.verdict import judge
from tests.browser import BUILT
from tests.results import results

NAMES = ["rotary", *"abcdefgh"]


def material(folder, losses, **more):
    frames = read_frames(results(folder, losses, **more))
    return Material(frames, judge(frames), BUILT)


def coloured(found):
    names = [each.name for each in found.frames.manifest.variants]
    return {
        name: mark.slot
        for name, mark in zip(names, found.marks, strict=True)
        if mark.slot is not None
    }


def test_best_worst_and_most_volatile_begin_in_colour_in_the_order_of_the_grid(tmp_path):
    losses = {name: [3.2 + 0.001 * seed for seed in range(4)] for name in NAMES}
    losses["g"] = [3.101, 3.1, 3.102, 3.1]
    losses["b"] = [3.4, 3.402, 3.401, 3.403]
    found = material(tmp_path, losses, noise={"e": 0.2})
    assert coloured(found) == {"rotary": 0, "b": 1, "e": 2, "g": 3}
    slots = [mark for mark in found.marks if mark.slot is not None]
    assert all(mark.marker == MARKERS[mark.slot] for mark in slots)


def test_of_several_that_are_worse_the_worst_is_picked(tmp_path):
    losses = {name: [3.2 + 0.001 * seed for seed in range(4)] for name in NAMES}
    losses["b"] = [3.4, 3.402, 3.401, 3.403]
    losses["d"] = [3.5, 3.502, 3.501, 3.503]
    assert {"d"} <= set(coloured(material(tmp_path, losses, noise={"e": 0.2}))) - {"b"}
    assert "b" not in coloured(material(tmp_path / "again", losses, noise={"e": 0.2}))


def test_a_variant_that_is_all_of_them_is_picked_once(tmp_path):
    losses = {name: [3.3, 3.301, 3.302] for name in NAMES}
    losses["c"] = [3.2, 3.201, 3.202]
    found = material(tmp_path, losses, noise={"c": 0.2})
    assert coloured(found) == {"rotary": 0, "c": 1}


def test_without_any_result_the_baseline_is_in_colour(tmp_path):
    found = material(tmp_path, {name: [None, None] for name in NAMES})
    assert coloured(found) == {"rotary": 0}


def test_a_grid_with_a_colour_for_each_variant_keeps_them(tmp_path):
    found = material(tmp_path, {name: [3.3, 3.301] for name in NAMES[:6]})
    assert [mark.slot for mark in found.marks] == [0, 1, 2, 3, 4, 5]
    assert in_colour(found.marks, found.frames.manifest, ["rotary"]) == found.marks


def test_of_many_variants_the_noisiest_small_figure_comes_first(tmp_path):
    names = ["rotary", *"abcdefghijklm"]
    losses = {name: [3.2 + 0.001 * seed for seed in range(4)] for name in names}
    losses["a"] = [3.1, 3.101, 3.1, 3.102]
    found = material(tmp_path, losses, steps=400, noise={"k": 0.2})
    assert next(each.mark.label for each in found.multiples) == "k"
    assert {each.mark.label for each in found.multiples} == {*names}
    assert all(each.follows for each in found.multiples)
    lines = [each.drawing.figure.data[0].x for each in found.multiples]
    assert all(300 <= len(line) * len(names) / 14 <= 400 for line in lines)
