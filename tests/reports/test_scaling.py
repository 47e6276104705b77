import math

import pytest

from reports.scaling import BITS, NATS
from tests.results import edit_manifest, results
from tests.scales import LARGE, SMALL, at_preset, compared, read


def two(tmp_path, **changes):
    first, second = results(tmp_path, SMALL), at_preset(tmp_path, LARGE)
    if changes:
        edit_manifest(second, data=read(second)["data"] | changes)
    return compared(first, second)


def spoken(picture):
    return [point.spoken for line in picture.lines for point in line.points]


def test_losses_and_differences_of_every_variant_at_both_scales(tmp_path):
    losses, differences = two(tmp_path).pictures
    assert "nats per token" in losses.title
    assert [len(line.points) for line in losses.lines] == [2, 2, 2]
    assert [len(line.points) for line in differences.lines] == [2, 2]
    assert "no positions at pythia-14m: 2.844" in spoken(losses)[3]
    assert "no positions at laptop: +0.051, +0.0460 to +0.0568, worse" in spoken(differences)
    assert differences.zero is not None
    assert losses.zero is None


def test_the_axis_is_tokens_where_parameters_are_equal(tmp_path):
    first = results(tmp_path, SMALL)
    second = at_preset(tmp_path, LARGE, factor=1, steps=120)
    (scales,) = compared(first, second).scales
    assert scales.along == "tokens"
    assert scales.sizes == (7680, 15360)
    assert scales.size(1, "none") == 15360


def test_each_variant_stands_at_its_own_parameters(tmp_path):
    (scales,) = two(tmp_path).scales
    assert scales.along == "parameters"
    assert scales.size(1, "none") == 120_001 * 50


def test_other_tokenizers_are_drawn_in_bits_per_byte(tmp_path):
    found = two(tmp_path, tokenizer="bpe")
    (scales,) = found.scales
    losses, _ = found.pictures
    assert scales.unit == BITS
    # Synthetic validation texts have a byte for each predicted token.
    assert scales.factors == pytest.approx((1 / math.log(2),) * 2)
    assert losses.problem == ""
    assert f"{2.8438 / math.log(2):.3f}" in spoken(losses)[3]


def test_losses_on_other_texts_share_no_axis_but_differences_do(tmp_path):
    losses, differences = two(tmp_path, digest="f" * 20, text_digest="e" * 20).pictures
    assert "different texts" in losses.problem
    assert differences.problem == ""


def test_the_same_text_cut_otherwise_shares_its_axis(tmp_path):
    losses, _ = two(tmp_path, digest="f" * 20).pictures
    assert losses.problem == ""


def test_equal_data_are_one_text_also_where_nobody_noted_the_text(tmp_path):
    first, second = results(tmp_path, SMALL), at_preset(tmp_path, LARGE)
    for each in (first, second):
        edit_manifest(each, data=read(each)["data"] | {"text_digest": None})
    losses, _ = compared(first, second).pictures
    assert losses.problem == ""


def test_losses_that_judge_at_other_lengths_share_no_axis(tmp_path):
    first, second = results(tmp_path, SMALL), at_preset(tmp_path, LARGE)
    edit_manifest(second, evaluations=[{"name": "validation", "length": 64}])
    losses, _ = compared(first, second).pictures
    assert "losses that judge differ" in losses.problem


def test_other_baselines_have_no_difference_to_draw(tmp_path):
    first = results(tmp_path, SMALL)
    _, differences = compared(first, at_preset(tmp_path, LARGE, baseline="none")).pictures
    assert "baselines differ" in differences.problem


def test_one_seed_is_drawn_without_an_interval(tmp_path):
    first = results(tmp_path, {name: own[:1] for name, own in SMALL.items()})
    second = at_preset(tmp_path, {name: own[:1] for name, own in LARGE.items()})
    losses, differences = compared(first, second).pictures
    bars = [
        p.bar for picture in (losses, differences) for line in picture.lines for p in line.points
    ]
    assert set(bars) == {None}
    assert spoken(losses)[0].endswith("no interval")


def test_a_scale_where_nothing_finished_has_no_points(tmp_path):
    first = results(tmp_path, SMALL)
    second = at_preset(tmp_path, {name: [None] * 5 for name in LARGE})
    losses, _ = compared(first, second).pictures
    assert [len(line.points) for line in losses.lines] == [1, 1, 1]


def test_unknown_parameters_are_no_size(tmp_path):
    first, second = results(tmp_path, SMALL), at_preset(tmp_path, LARGE)
    variants = [each | {"parameters": None} for each in read(first)["variants"]]
    edit_manifest(first, variants=variants)
    (scales,) = compared(first, second).scales
    assert scales.along == "tokens"
    assert scales.unit == NATS
