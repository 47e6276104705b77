"""Runs of TensorBoard: read back by the importer, at places that exist on every disk."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from reports.errors import UserError
from reports.exporters import runs
from reports.exporters.runs import FILE, run_folder, seconds_per_step, write_runs
from reports.frames import read_frames
from reports.importers.tensorboard import Scalar, read_events
from tests.reports.importers.sources import finals, imported
from tests.results import results

LOSSES = {
    "rotary": [3.201, 3.198, 3.209],
    "none": [3.255, 3.247, 3.260],
    "heads=1, xl": [3.203, 3.199, 3.212],
}
MAPPING = "baseline: rotary\npaired: true\nvocabulary: 257\n"


def files(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file())
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in found}


def scalars(path: Path) -> list[Scalar]:
    found, is_whole = read_events(path)
    assert is_whole
    return found


def test_the_importer_reads_every_step_back(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, status={"none/1": "diverged"}))
    assert write_runs(frames, tmp_path / "logs") == 9
    again = imported(tmp_path / "logs" / "positions", MAPPING)
    order = ["cell", "step"]
    columns = ["cell", "step", "loss", "gradient_norm", pl.col("learning_rate").cast(pl.Float32)]
    before, after = (each.steps.select(columns).sort(order) for each in (frames, again))
    assert before.height == 8 * 60 + 40
    assert_frame_equal(after, before, check_exact=True)
    single = pl.Series(finals(frames).values(), dtype=pl.Float64).cast(pl.Float32)
    expected = dict(zip(finals(frames), single.cast(pl.Float64), strict=True))
    assert finals(again) == expected
    assert set(again.cells["status"].to_list()) == {"complete", "diverged"}


def test_scalars_have_the_tags_that_are_looked_for(tmp_path):
    evaluations = [("validation", None), ("length 64", 64)]
    folder = results(tmp_path, LOSSES, steps=10, evaluations=evaluations)
    write_runs(read_frames(folder), tmp_path)
    found = scalars(tmp_path / "positions" / "rotary" / "0" / FILE)
    steps = {
        tag: [each.step for each in found if each.tag == tag] for tag in {e.tag for e in found}
    }
    assert steps == {
        "train/loss": [*range(1, 11)],
        "train/gradient_norm": [*range(1, 11)],
        "train/learning_rate": [*range(1, 11)],
        "validation/loss": [2, 4, 6, 8, 10],
        "length 64/loss": [10],
    }


def test_time_is_that_of_the_cell_in_equal_parts(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=10))
    write_runs(frames, tmp_path)
    found = scalars(tmp_path / "positions" / "none" / "2" / FILE)
    seconds = frames.cells.filter(pl.col("cell") == "none/2")["seconds"].item()
    assert found[-1].wall_time == pytest.approx(seconds)
    assert found[0].wall_time == pytest.approx(seconds / 10)


@pytest.mark.parametrize(
    ("seconds", "steps", "of_a_step", "expected"),
    [(6.0, 3, 1.9, 2.0), (None, 3, 1.9, 1.9), (6.0, None, None, 1.0), (None, None, None, 1.0)],
)
def test_where_nobody_took_the_time_steps_stand_for_it(seconds, steps, of_a_step, expected):
    cell = {"seconds": seconds, "steps": steps, "seconds_per_step": of_a_step}
    assert seconds_per_step(cell) == expected


def test_a_number_that_4_bytes_cannot_hold_is_infinite():
    curve = pl.DataFrame({"step": [1, 2], "loss": [1e300, None], "rate": [None, 0.5]})
    _, first, second = runs.records(curve, 1.0)
    assert b"\x00\x00\x80\x7f" in first
    assert b"rate" in second
    assert b"loss" not in second


def test_the_same_results_are_the_same_bytes_and_replace_each_other(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=10))
    write_runs(frames, tmp_path / "logs")
    before = files(tmp_path / "logs")
    assert len(before) == 9
    write_runs(frames, tmp_path / "logs")
    assert files(tmp_path / "logs") == before


def test_cells_that_are_gone_leave_no_run_behind(tmp_path):
    write_runs(read_frames(results(tmp_path, LOSSES, steps=10)), tmp_path / "logs")
    fewer = results(tmp_path / "later", {"rotary": [3.2], "none": [3.3]}, steps=10)
    assert write_runs(read_frames(fewer), tmp_path / "logs") == 2
    places = {each.rsplit("/", 1)[0] for each in files(tmp_path / "logs")}
    assert places == {"positions/rotary/0", "positions/none/0"}


def test_files_of_something_else_are_never_replaced(tmp_path):
    frames = read_frames(results(tmp_path, LOSSES, steps=10))
    before = files(tmp_path)
    with pytest.raises(UserError, match="files that are no export"):
        write_runs(frames, tmp_path / "results")
    assert files(tmp_path) == before


def test_an_export_that_stops_leaves_the_one_before(tmp_path, monkeypatch):
    write_runs(read_frames(results(tmp_path, LOSSES, steps=10)), tmp_path / "logs")
    before = files(tmp_path / "logs")
    asked = []

    def stops(cell):
        asked.append(cell)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return 1.0

    monkeypatch.setattr(runs, "seconds_per_step", stops)
    later = read_frames(results(tmp_path / "later", LOSSES, steps=20))
    with pytest.raises(KeyboardInterrupt):
        write_runs(later, tmp_path / "logs")
    assert files(tmp_path / "logs") == before


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)
NAMES |= st.sampled_from([".", "..", "a/b", "/", "%2F", "\\", "x" * 300, "é" * 200])


@given(NAMES, NAMES)
@example("a/b", "a%2Fb")
@example("x" * 300, "x" * 301)
def test_any_name_is_one_folder_of_its_own(one, other):
    name, seed = run_folder(one, 3).parts
    assert seed == "3"
    assert name not in {".", ".."}
    assert not {*name} & {"/", "\\", "\0", "\n"}
    assert len(name.encode()) <= 255
    assert (run_folder(other, 3) == run_folder(one, 3)) == (one == other)


def test_plain_names_are_folders_as_they_are():
    assert run_folder("heads=1, xl", 0) == Path("heads=1, xl/0")
    assert run_folder("a/b", 0) == Path("a%2Fb/0")
