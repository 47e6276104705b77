"""Which grids are products of axes, and what their levels are called."""

from reports.axes import axes_of
from reports.frames import read_frames
from tests.products import products
from tests.results import edit_manifest, results

FOUR = {(p, h): [3.2, 3.3] for p in ("rotary", "none") for h in ("4", "1")}


def axes(folder):
    return axes_of(read_frames(folder).manifest)


def test_a_product_has_its_axes_in_the_order_of_the_grid(tmp_path):
    one, other = axes(products(tmp_path, FOUR))
    assert (one.name, one.levels, one.codes) == (
        "positions",
        ("rotary", "no positions"),
        (0, 0, 1, 1),
    )
    assert (other.name, other.levels, other.codes) == (
        "heads",
        ("heads = 4", "heads = 1"),
        (0, 1) * 2,
    )


def test_three_axes_and_three_levels(tmp_path):
    levels = {"positions": ("rotary", "none", "alibi"), "norm": ("rms", "layer"), "mlp": ("a", "b")}
    losses = {
        (p, n, m): [3.2, 3.3]
        for p in levels["positions"]
        for n in levels["norm"]
        for m in levels["mlp"]
    }
    found = axes(products(tmp_path, losses, levels))
    assert [each.name for each in found] == ["positions", "norm", "mlp"]
    assert found[0].levels == ("rotary", "no positions", "alibi")
    assert found[2].codes == (0, 1) * 6


def test_a_point_that_is_left_out_makes_it_no_product(tmp_path):
    rest = {point: losses for point, losses in FOUR.items() if point != ("none", "1")}
    assert axes(products(tmp_path, rest)) == ()


def test_one_axis_is_no_product(tmp_path):
    assert axes(results(tmp_path, {"rotary": [3.2], "none": [3.3], "alibi": [3.1]})) == ()


def test_settings_that_always_change_together_are_one_axis(tmp_path):
    folder = products(tmp_path, FOUR)
    manifest = read_frames(folder).manifest
    variants = [
        vars(each)
        | {
            "differs": dict(each.differs)
            | ({"model.kv_heads": "1"} if "model.heads" in each.differs else {}),
            "settings": dict(each.settings) | {"model.kv_heads": "4"},
        }
        for each in manifest.variants
    ]
    edit_manifest(folder, variants=variants)
    one, other = axes(folder)
    assert one.name == "positions"
    assert (other.name, other.levels) == (
        "heads and kv heads",
        ("heads = 4, kv heads = 4", "heads = 1"),
    )
