import polars as pl
import pytest
from scipy import stats

from reports.comparerows import beside, pooled
from reports.compareviews import page_of
from tests.results import edit_manifest, results
from tests.scales import LARGE, SMALL, at_preset, compared, read

MEMORY = {"rotary": SMALL["rotary"], "xl": [3.15, 3.151, 3.149, 3.155, 3.15]}


def groups(*folders):
    table = pooled(compared(*folders))
    return {each.title: {row.label: row for row in each.rows} for each in table.groups}


def test_shared_variants_stand_first_and_once(tmp_path):
    found = groups(results(tmp_path, SMALL), results(tmp_path, MEMORY, name="memory"))
    assert {title: list(rows) for title, rows in found.items()} == {
        "In positions and memory": ["rotary"],
        "In positions alone": ["no positions", "linspace"],
        "In memory alone": ["xl"],
    }
    rotary = found["In positions and memory"]["rotary"]
    assert (rotary.tag, rotary.against, rotary.seeds) == ("baseline", (), "5 of 5 done")
    (against,) = found["In memory alone"]["xl"].against
    assert (against.word, against.grid) == ("better", "")


def test_a_joined_variant_has_each_seed_of_any_grid_once(tmp_path):
    more = {"rotary": [*SMALL["rotary"], 3.25], "xl": [*MEMORY["xl"], 3.16]}
    found = groups(results(tmp_path, SMALL), results(tmp_path, more, name="memory"))
    row = found["In positions and memory"]["rotary"]
    half = stats.t.ppf(0.975, 5) * stats.sem(more["rotary"])
    assert row.loss == f"{sum(more['rotary']) / 6:.3f} ± {half:.3f}"
    assert row.seeds == "6 of 6 done"
    assert len(row.drawn.ticks) == 6


def test_a_cell_that_one_grid_lacks_is_taken_from_the_other(tmp_path):
    lacking = SMALL | {"rotary": [*SMALL["rotary"][:4], None]}
    found = groups(results(tmp_path, lacking), results(tmp_path, MEMORY, name="memory"))
    assert found["In positions and memory"]["rotary"].seeds == "5 of 5 done"


def test_baselines_that_differ_are_named_in_tag_and_verdict(tmp_path):
    first = results(tmp_path, SMALL)
    second = results(tmp_path, MEMORY, name="memory", baseline="xl")
    found = groups(first, second)
    row = found["In positions and memory"]["rotary"]
    assert row.tag == "baseline of positions"
    assert [(each.word, each.grid) for each in row.against] == [("worse", "against xl in memory")]
    assert found["In memory alone"]["xl"].tag == "baseline of memory"
    assert row.drawn.baseline is None
    assert [each.grid for each in found["In positions alone"]["linspace"].against] == [
        "against rotary"
    ]


def test_another_name_for_the_same_cells_is_noted(tmp_path):
    first, second = results(tmp_path, SMALL), results(tmp_path, MEMORY, name="memory")
    variants = read(second)["variants"]
    variants[0]["label"] = "plain"
    edit_manifest(second, variants=variants)
    assert groups(first, second)["In positions and memory"]["rotary"].note == "“plain” in memory"


def test_columns_keep_grids_apart_that_are_not_on_one_scale(tmp_path):
    found = beside(
        compared(results(tmp_path, SMALL), at_preset(tmp_path, LARGE | {"xl": [2.7] * 5}))
    )
    rows = {each.label: each.places for each in found}
    assert list(rows) == ["rotary", "no positions", "linspace", "xl"]
    assert [each.loss for each in rows["no positions"]] == ["3.254 ± 0.006", "2.8438 ± 0.0062"]
    assert [each.word for each in rows["no positions"]] == ["worse", "worse"]
    assert rows["xl"][0] is None
    assert rows["rotary"][0].difference == "baseline"


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_what_went_wrong_is_in_the_seeds(tmp_path, status):
    first = results(tmp_path, SMALL, status={"none/1": status})
    found = groups(first, results(tmp_path, MEMORY, name="memory"))
    row = found["In positions alone"]["no positions"]
    assert row.seeds == f"4 of 5 done, 1 {status}"
    assert row.signs[1] in "×!"


def test_sizes_that_nobody_knows_are_not_0(tmp_path):
    first, second = results(tmp_path, SMALL), at_preset(tmp_path, LARGE)
    variants = [each | {"parameters": None} for each in read(second)["variants"]]
    edit_manifest(second, variants=variants, training={"context": 32, "window": 16}, environment={})
    table = pl.read_parquet(second / "cells.parquet")
    empty = [pl.lit(None, pl.Int64).alias("tokens"), pl.lit(None, pl.Float64).alias("seconds")]
    table.with_columns(empty).write_parquet(second / "cells.parquet")
    found = page_of(compared(first, second))
    assert [under for _, under in found.columns] == [
        "120.0\u202fk parameters, 7,680 tokens",
        "parameters not known, tokens not known",
    ]
    told = {name: value for name, _, value in found.facts.rows}
    assert told["parameters of the baseline"] == told["tokens of a cell"] == "not known"
    assert (told["time of all cells"], told["device"]) == ("not known", "not noted")
