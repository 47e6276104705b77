"""Which run a row is of, and what is refused."""

import pytest

from reports.errors import UserError
from tests.reports.importers.sources import (
    finals,
    imported,
    rows_of,
    without,
    write_csv,
)

LOSSES = {"rotary": [3.20, 3.21], "none": [3.26, 3.25]}


def error(tmp_path, rows, mapping=""):
    with pytest.raises(UserError) as caught:
        imported(write_csv(tmp_path / "runs.csv", rows), mapping)
    assert not (tmp_path / "results").exists()
    return str(caught.value)


def test_without_seeds_the_runs_of_a_variant_are_its_seeds(tmp_path):
    for variant, ends in LOSSES.items():
        for place, end in enumerate(ends):
            rows = without(rows_of({variant: [end]}), "seed")
            write_csv(tmp_path / "logs" / f"{variant}-{'xyz'[place]}.csv", rows)
    frames = imported(tmp_path / "logs", "baseline: rotary")
    assert finals(frames) == {"none/0": 3.26, "none/1": 3.25, "rotary/0": 3.20, "rotary/1": 3.21}
    assert any("in the order of their names" in each for each in frames.manifest.source["guesses"])


def test_without_seeds_one_run_of_each_variant_is_one_seed(tmp_path):
    rows = without(rows_of({"rotary": [3.2], "none": [3.3]}), "seed")
    frames = imported(write_csv(tmp_path / "runs.csv", rows))
    assert finals(frames) == {"rotary/0": 3.2, "none/0": 3.3}
    guesses = frames.manifest.source["guesses"]
    assert "no column says which seed: there is one run of each variant" in guesses


def test_without_seeds_several_runs_in_one_table_are_refused(tmp_path):
    message = error(tmp_path, without(rows_of(LOSSES), "seed"))
    assert "rotary, seed 0, has two losses at step 1" in message
    assert "columns: {seed: NAME}" in message


def test_a_run_column_tells_them_apart(tmp_path):
    rows = [{"run": f"r{r.pop('seed')}", **r} for r in rows_of(LOSSES)]
    frames = imported(write_csv(tmp_path / "runs.csv", rows))
    assert finals(frames)["none/1"] == 3.25


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("a1", "a seed is no whole number"),
        ("1.5", "a seed is no whole number"),
        ("", "a row has no seed"),
        (2**31, "a seed is out of range"),
        (-1, "a seed is out of range"),
    ],
)
def test_a_seed_is_a_whole_number(tmp_path, seed, message):
    rows = rows_of(LOSSES)
    rows[3]["seed"] = seed
    found = error(tmp_path, rows)
    assert "runs.csv:5" in found
    assert message in found


def test_a_seed_may_be_written_with_a_point(tmp_path):
    rows = [row | {"seed": f"{row['seed']}.0"} for row in rows_of(LOSSES)]
    assert set(imported(write_csv(tmp_path / "runs.csv", rows)).cells["seed"]) == {0, 1}


@pytest.mark.parametrize("name", [None, "", "   "])
def test_a_row_without_a_variant_is_refused(tmp_path, name):
    rows = rows_of(LOSSES)
    rows[7]["variant"] = name
    message = error(tmp_path, rows)
    assert "1 rows have no variant" in message
    assert "runs.csv:9" in message


def test_variants_that_are_asked_for_come_in_that_order(tmp_path):
    rows = rows_of({"a": [3.1, 3.2], "b": [3.2, 3.3], "c": [3.3, 3.4]})
    frames = imported(write_csv(tmp_path / "runs.csv", rows), "variants: [c, a]")
    assert [each.name for each in frames.manifest.variants] == ["c", "a"]


def test_a_variant_that_is_not_there_is_named_with_the_nearest(tmp_path):
    message = error(tmp_path, rows_of(LOSSES), "variants: [rotery, none]")
    assert "variants = rotery" in message
    assert "did you mean rotary?" in message


def test_names_that_do_not_fit_the_pattern_are_named(tmp_path):
    rows = without(rows_of({"a": [3.1]}), "variant", "seed")
    message = error(tmp_path, rows, "run: '{variant}_s{seed}'")
    assert "runs that do not fit: runs" in message
