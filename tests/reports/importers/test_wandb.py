"""Offline runs: one that the package itself wrote, damaged ones, and records over blocks."""

import base64
import json
import math
import struct
import zlib
from pathlib import Path

import pytest

from reports.errors import UserError
from reports.importers.raw import RUN
from reports.importers.wandb import BLOCK, read_run, read_wandb, records

REAL = base64.b64decode(
    json.loads(Path(__file__).with_name("real_logs.json").read_text())["wandb"]["run"]
)


def written(folder: Path, data: bytes = REAL) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run-abc.wandb"
    path.write_bytes(data)
    return path


def test_what_the_package_wrote_is_read(tmp_path):
    rows, is_whole = read_run(written(tmp_path))
    assert is_whole
    losses = [row["train.loss"] for row in rows if "train.loss" in row]
    assert losses[:2] == [5.25, 4.5]
    assert math.isnan(losses[2])
    assert losses[3] == 4.0
    assert [row["_step"] for row in rows if "train.loss" in row] == [0, 2, 4, 6]
    assert [row["eval/loss"] for row in rows if "eval/loss" in row] == [4.25]


def test_configuration_and_name_are_in_every_row(tmp_path):
    rows, _ = read_run(written(tmp_path))
    for row in rows:
        assert row[RUN] == "nope-3"
        assert row["config.positions"] == "nope"
        assert row["config.seed"] == 3
        assert row["config.model.width"] == 64
        assert row["config.flag"] == "true"
        assert not [key for key in row if key.startswith("config._")]


@pytest.mark.parametrize("lost", [1, 9, 30])
def test_the_file_of_a_killed_run_is_read_to_its_last_whole_record(tmp_path, lost):
    whole, _ = read_run(written(tmp_path))
    rows, is_whole = read_run(written(tmp_path, REAL[:-lost]))
    assert not is_whole
    assert 0 < len(rows) <= len(whole)
    assert read_wandb(tmp_path).notes == ("run-abc.wandb ends in the middle of a record",)


@pytest.mark.parametrize("at", [0, 8, 30, 400])
def test_a_changed_byte_is_refused(tmp_path, at):
    damaged = REAL[:at] + bytes([REAL[at] ^ 1]) + REAL[at + 1 :]
    with pytest.raises(UserError, match="not a Weights & Biases run"):
        read_run(written(tmp_path, damaged))


def logged(contents: list[bytes]) -> bytes:
    """Write records as the description of LevelDB's log says, with the start of these files."""
    data = b":W&B\xe1\xbe\x00"
    for content in contents:
        rest, is_first = content, True
        while rest or is_first:
            left = BLOCK - len(data) % BLOCK
            if left < 7:
                data += bytes(left)
                left = BLOCK
            part, rest = rest[: left - 7], rest[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
                is_first, not rest
            ]
            checksum = zlib.crc32(bytes([kind]) + part)
            data += struct.pack("<IHB", checksum, len(part), kind) + part
            is_first = False
    return data


@pytest.mark.parametrize(
    "size", [1, BLOCK - 22, BLOCK - 17, BLOCK - 14, BLOCK - 7, 3 * BLOCK, 100_000]
)
def test_records_that_cross_blocks_are_joined(size):
    contents = [b"a" * size, b"bc", b"d" * size, b"e"]
    assert list(records(logged(contents))) == contents


def test_a_run_without_history_says_so(tmp_path):
    with pytest.raises(UserError, match="no run has a history"):
        read_wandb(written(tmp_path, logged([])))
