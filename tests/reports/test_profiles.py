import numpy as np
import polars as pl
import pytest

from reports.frames import read_frames
from reports.profiles import profile_section, profiles
from tests.results import as_probe, results

LOSSES = {"rotary": [3.201, 3.198], "none": [3.255, 3.247]}


def read(tmp_path, **settings):
    return profiles(read_frames(results(tmp_path, LOSSES, **settings)))


def test_every_position_of_a_short_context_stands_alone(tmp_path):
    found = read(tmp_path)
    assert (found.block, found.known, found.context, found.note) == (1, 32, 32, "")
    assert found.positions.tolist() == list(range(1, 33))


def test_the_last_block_holds_the_positions_that_are_left(tmp_path):
    found = read(tmp_path, context=301)
    assert found.block == 3
    assert found.positions[:2].tolist() == [2, 5]
    assert found.positions[-1] == 301
    frames = read_frames(tmp_path / "results/positions")
    raw = np.array(frames.evaluations.filter(pl.col("cell") == "none/1")["profile"][-1])
    blocks = found.found["none"][1]
    assert blocks[0] == pytest.approx(raw[:3].mean())
    assert blocks[-1] == pytest.approx(raw[300])


def test_profiles_end_before_the_first_position_that_is_unknown_in_any_cell(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "evaluations.parquet"
    frame = pl.read_parquet(path)
    broken = pl.Series("profile", [[*row[:9], None, *row[10:]] for row in frame["profile"]])
    one = pl.when(pl.col("cell") == "none/0").then(broken).otherwise("profile")
    frame.with_columns(one.cast(pl.List(pl.Float32)).alias("profile")).write_parquet(path)
    assert profiles(read_frames(folder)).known == 9


def test_a_profile_without_any_position_is_said(tmp_path):
    folder = results(tmp_path, LOSSES)
    path = folder / "evaluations.parquet"
    nothing = pl.lit([None] * 32, pl.List(pl.Float32)).alias("profile")
    pl.read_parquet(path).with_columns(nothing).write_parquet(path)
    assert profile_section(read_frames(folder), ()).problem == (
        "No validation document reaches the first position of every cell."
    )


def test_a_synthetic_task_has_no_profile(tmp_path):
    frames = read_frames(as_probe(results(tmp_path, LOSSES)))
    assert profile_section(frames, ()).problem == (
        "Only the answers of a synthetic task have a loss, and they stand at few positions."
    )
