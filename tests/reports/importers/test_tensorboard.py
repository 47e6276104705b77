"""Event files: one that TensorBoard itself wrote, and damaged ones."""

import base64
import json
import math
import struct
from pathlib import Path

import pytest

from reports.errors import UserError
from reports.importers.raw import RUN
from reports.importers.tensorboard import read_events, read_tensorboard
from reports.wire import masked_checksum
from tests.reports.importers.sources import finals, imported

REAL = base64.b64decode(
    json.loads(Path(__file__).with_name("real_logs.json").read_text())["tensorboard"]["events"]
)
LOSSES = {0: 5.25, 10: 4.5, 20: 4.125}  # as a simple value, a float tensor and a double tensor


def record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    sums = (struct.pack("<I", masked_checksum(each)) for each in (length, content))
    return length + next(sums) + content + next(sums)


def field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def event(step: int, tag: str, value: float) -> bytes:
    """Write an Event with one simple value, as the description of the format says."""
    scalar = field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    time = b"\x09" + struct.pack("<d", 1e9 + step)
    return record(time + b"\x10" + bytes([step]) + field(5, field(1, scalar)))


def written(folder: Path, data: bytes = REAL) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "events.out.tfevents.1000000000.host"
    path.write_bytes(data)
    return path


def test_what_tensorboard_wrote_is_read(tmp_path):
    scalars, is_whole = read_events(written(tmp_path))
    assert is_whole
    losses = {each.step: each.value for each in scalars if each.tag == "train/loss"}
    assert {step: losses[step] for step in LOSSES} == LOSSES
    assert math.isnan(losses[30])
    assert {each.step: each.value for each in scalars if each.tag == "lr"}[50] == 0.5**5
    assert scalars[0].wall_time == 1e9


def test_tensors_that_are_no_number_are_left_out(tmp_path):
    scalars, _ = read_events(written(tmp_path))
    assert not [each for each in scalars if each.tag == "text"]
    assert 50 not in {each.step for each in scalars if each.tag == "train/loss"}


@pytest.mark.parametrize("lost", [1, 5, 13, 40])
def test_the_file_of_a_killed_run_is_read_to_its_last_whole_record(tmp_path, lost):
    whole, _ = read_events(written(tmp_path))
    scalars, is_whole = read_events(written(tmp_path, REAL[:-lost]))
    assert not is_whole
    assert 0 < len(scalars) <= len(whole)
    raw = read_tensorboard(tmp_path)
    assert raw.notes == ("events.out.tfevents.1000000000.host ends in the middle of a record",)


@pytest.mark.parametrize("at", [0, 8, 60, 200])
def test_a_changed_byte_is_refused(tmp_path, at):
    damaged = REAL[:at] + bytes([REAL[at] ^ 1]) + REAL[at + 1 :]
    with pytest.raises(UserError, match="not a TensorBoard event file"):
        read_events(written(tmp_path, damaged))


def test_each_folder_is_a_run_and_time_is_since_its_start(tmp_path):
    for name in ("rotary_seed0", "rotary_seed1"):
        written(tmp_path / name)
    raw = read_tensorboard(tmp_path)
    assert sorted(set(raw.rows[RUN])) == ["rotary_seed0", "rotary_seed1"]
    assert raw.rows["seconds"].to_list()[:3] == [0.0, 0.5, 1.0]


def test_a_file_without_scalars_says_so(tmp_path):
    with pytest.raises(UserError, match="no event file has a scalar"):
        read_tensorboard(written(tmp_path, record(b"\x10\x01")).parent)


def test_runs_become_results_by_the_names_of_their_folders(tmp_path):
    for name, end in (("rotary", 3.0), ("none", 3.5)):
        for seed in (0, 1):
            data = b"".join(event(step, "train/loss", end + seed / 8) for step in range(1, 41))
            data += event(40, "eval/loss", end + seed / 4)
            written(tmp_path / "logs" / f"{name}_seed{seed}", data)
    frames = imported(tmp_path / "logs", "baseline: rotary")
    assert finals(frames) == {"none/0": 3.5, "none/1": 3.75, "rotary/0": 3.0, "rotary/1": 3.25}
    assert frames.cells["seconds"].to_list() == [39.0] * 4


def test_two_runs_of_one_variant_and_seed_are_refused(tmp_path):
    for folder in ("a", "b"):
        data = b"".join(event(step, "loss", 9.0) for step in range(1, 31))
        written(tmp_path / "logs" / folder / "rotary-0", data)
    with pytest.raises(UserError, match="two runs are rotary, seed 0"):
        imported(tmp_path / "logs", "run: '*/{variant}-{seed}'")


def test_what_a_restart_logs_again_replaces_what_it_logged_before(tmp_path):
    data = b"".join(event(step, "loss", 9.0) for step in range(1, 31))
    data += b"".join(event(step, "loss", 3.0) for step in range(21, 41))
    written(tmp_path / "logs" / "rotary-0", data)
    losses = imported(tmp_path / "logs").steps["loss"].to_list()
    assert losses == [9.0] * 20 + [3.0] * 20
