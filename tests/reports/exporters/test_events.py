"""Event files against the bytes that TensorBoard wrote, the published checksums, and the reader."""

import base64
import json
import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import wire
from reports.exporters.events import first_record, record, scalars_record, varint
from reports.importers.tensorboard import Scalar, records, scalars_of

LOGS = Path(__file__).parents[1] / "importers" / "real_logs.json"
REAL = base64.b64decode(json.loads(LOGS.read_text())["tensorboard"]["events"])

READ_10 = bytes.fromhex(
    "01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018"
    "28000000 00000000 02000000 00000000"
)
CHECKSUMS = {
    "zeros": (bytes(32), 0x8A9136AA),
    "ones": (b"\xff" * 32, 0x62A8AB43),
    "up": (bytes(range(32)), 0x46DD794E),
    "down": (bytes(range(31, -1, -1)), 0x113FDB5C),
    "iSCSI": (READ_10, 0xD9963A56),
}
"""RFC 3720, appendix B.4; the four bytes of each stand there in the order of the wire."""


def unmasked(checksum: bytes) -> int:
    rotated = (int.from_bytes(checksum, "little") - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated << 15 | rotated >> 17) & 0xFFFFFFFF


@pytest.mark.parametrize("case", CHECKSUMS)
def test_records_end_with_the_checksums_of_rfc_3720(case):
    content, expected = CHECKSUMS[case]
    written = record(content)
    assert written[:8] == struct.pack("<Q", len(content))
    assert written[12:-4] == content
    assert unmasked(written[-4:]) == expected


def test_the_length_has_a_checksum_of_its_own():
    # 32 as 8 bytes; computed bit by bit, without a table.
    rest = 0xFFFFFFFF
    for bit in (struct.pack("<Q", 32)[place // 8] >> place % 8 & 1 for place in range(64)):
        rest = rest >> 1 ^ (0x82F63B78 if (rest ^ bit) & 1 else 0)
    assert unmasked(record(bytes(32))[8:12]) == rest ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("step", "wall_time", "loss", "rate"),
    [(0, 1e9, 5.25, 1.0), (30, 1e9 + 1.5, math.nan, 0.125)],
    ids=["first step", "NaN"],
)
def test_scalars_are_the_bytes_that_tensorboard_writes(step, wall_time, loss, rate):
    assert scalars_record(step, wall_time, [("train/loss", loss), ("lr", rate)]) in REAL


def test_a_file_begins_with_the_version_of_the_format():
    (content,) = records(first_record())
    assert list(wire.fields(content)) == [(1, struct.pack("<d", 0.0)), (3, b"brain.Event:2")]


@given(st.integers(0, 2**64 - 1))
def test_numbers_are_read_back(value):
    assert wire.varint(varint(value), 0) == (value, len(varint(value)))


TAGS = st.text(st.characters(codec="utf-8"), max_size=200)
VALUES = st.floats(width=32, allow_nan=False)


@given(
    st.integers(0, 2**31 - 1),
    st.floats(0, 1e10),
    st.dictionaries(TAGS, VALUES, min_size=1, max_size=5),
)
def test_scalars_are_read_back(step, wall_time, scalars):
    (content,) = records(scalars_record(step, wall_time, scalars.items()))
    expected = [Scalar(step, wall_time, tag, value) for tag, value in scalars.items()]
    assert list(scalars_of(content)) == expected
