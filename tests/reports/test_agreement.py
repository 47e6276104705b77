import polars as pl

from tests.results import edit_manifest, results
from tests.scales import LARGE, SMALL, at_preset, compared, read, refingerprint

MEMORY = {"rotary": SMALL["rotary"], "xl": SMALL["none"]}


def two(tmp_path, **given):
    return results(tmp_path, SMALL), results(tmp_path, MEMORY, name="memory", **given)


def caveats(*folders):
    return {each.kind: each.text for each in compared(*folders).caveats}


def test_grids_that_agree_have_no_caveat(tmp_path):
    assert caveats(*two(tmp_path)) == {}


def test_presets_are_named_once(tmp_path):
    found = caveats(results(tmp_path, SMALL), at_preset(tmp_path, LARGE))
    assert found == {
        "not_pooled": "The presets differ: laptop, pythia-14m. Columns are different recipes: what "
        "lies between them is no variant's effect."
    }


def test_other_data_forbid_to_compare_losses(tmp_path):
    first, second = two(tmp_path)
    edit_manifest(second, data=read(second)["data"] | {"digest": "f" * 20})
    assert caveats(first, second)["not_pooled"] == (
        "The data differ: 0123456789abcdef0123 (positions), ffffffffffffffffffff (memory). "
        "Losses of different columns are not to be compared."
    )


def test_a_name_that_is_not_the_same_is_said_with_the_reason(tmp_path):
    first, second = two(tmp_path)
    refingerprint(second, "rotary")
    assert "after a change of code or of torch" in caveats(first, second)["namesakes"]
    variants = read(second)["variants"]
    variants[0]["settings"]["model.width"] = 128
    edit_manifest(second, variants=variants)
    assert caveats(first, second)["namesakes"] == (
        "rotary is not shown to be the same in positions and in memory: model.width differs."
    )


def test_names_with_one_reason_share_a_caveat(tmp_path):
    first = results(tmp_path, SMALL)
    second = results(tmp_path, SMALL, name="again")
    refingerprint(second, "rotary", "linspace")
    assert [each.text for each in compared(first, second).caveats] == [
        (
            "rotary and linspace are not shown to be the same in positions and in again: the "
            "fingerprints differ with equal settings, as after a change of code or of torch."
        )
    ]


def test_names_without_a_common_seed_say_so(tmp_path):
    first, second = two(tmp_path, seeds=[5, 6, 7, 8, 9])
    assert "they have no seed in common" in caveats(first, second)["namesakes"]


def test_the_same_cells_with_other_losses_are_said(tmp_path):
    first, second = two(tmp_path)
    path = second / "cells.parquet"
    shifted = pl.when(pl.col("cell") == "rotary/1").then(0.0025).otherwise(0.0)
    pl.read_parquet(path).with_columns(pl.col("loss") + shifted).write_parquet(path)
    assert caveats(first, second) == {
        "other_losses": "The same cells of rotary have other losses in memory than in positions, "
        "by up to 0.0025 nats; shown are those of positions."
    }


def test_a_grid_that_is_not_finished_is_said(tmp_path):
    first = results(tmp_path, SMALL)
    second = results(tmp_path, {"rotary": [3.2, 3.2, 3.2, 3.2, None]}, name="memory")
    text = caveats(first, second)["unfinished"]
    assert text == "memory is not finished: 1 of 5 cells are missing."


def test_other_margins_seeds_and_devices_are_said(tmp_path):
    first = results(tmp_path, SMALL)
    second = results(tmp_path, {"rotary": [3.2, 3.3]}, name="memory", margin=None)
    edit_manifest(second, environment={"device": "cuda", "torch": "2.13.0"})
    found = caveats(first, second)
    assert found["margins"].endswith("0.01 (positions), none (memory).")
    assert found["seeds"].endswith("5 (positions), 2 (memory).")
    assert found["devices"].endswith("cpu 2.13.0 (positions), cuda 2.13.0 (memory).")


def test_what_nobody_noted_is_said_once_and_differs_in_nothing(tmp_path):
    first, second = two(tmp_path)
    for each in (first, second):
        data = {key: value for key, value in read(each)["data"].items() if key != "digest"}
        edit_manifest(each, data=data)
    edit_manifest(second, environment={"device": None, "torch": None})
    found = caveats(first, second)
    assert found["not_pooled"].startswith("Whether the data differ is not noted. ")
    assert found["devices"] == (
        "Trained on another device or torch: cpu 2.13.0 (positions), not noted (memory)."
    )
