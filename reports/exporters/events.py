"""Event files of TensorBoard, written without TensorBoard: the other side of its importer."""

import struct
from collections.abc import Iterable
from functools import cache

from reports.wire import BYTES, EIGHT, FOUR, VARINT, masked_checksum

VERSION = b"brain.Event:2"

# Numbers of fields: Event, its Summary, and the Value of a summary.
WALL_TIME, STEP, FILE_VERSION, SUMMARY = 1, 2, 3, 5
VALUE = 1
TAG, SIMPLE_VALUE = 1, 2

MORE, LOW_BITS = 0x80, 0x7F


def first_record() -> bytes:
    """Return the record that every event file begins with: the version of the format."""
    return record(_double(WALL_TIME, 0.0) + _bytes(FILE_VERSION, VERSION))


def scalars_record(step: int, wall_time: float, scalars: Iterable[tuple[str, float]]) -> bytes:
    """Return a record with the scalars of one step.

    Args:
        step: not negative.
        wall_time: in seconds.
        scalars: tag and value; a value has to be one that 4 bytes hold, or it is rounded.

    Raises:
        OverflowError: a finite value is too large for 4 bytes.

    Source: TensorFlow, tensorflow/core/util/event.proto and framework/summary.proto.
    """
    values = b"".join(
        _bytes(VALUE, _bytes(TAG, tag.encode()) + _single(SIMPLE_VALUE, value))
        for tag, value in scalars
    )
    return record(_double(WALL_TIME, wall_time) + _number(STEP, step) + _bytes(SUMMARY, values))


def record(content: bytes) -> bytes:
    """Return a record of a TFRecord file.

    It is the length (8 bytes), the checksum of the length, the content and its checksum.
    """
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def varint(value: int) -> bytes:
    """Return a number that is not negative, seven bits a byte, the lowest first."""
    parts = bytearray()
    while value >= MORE:
        parts.append(value & LOW_BITS | MORE)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_checksum(data))


@cache
def _key(number: int, kind: int) -> bytes:
    return varint(number << 3 | kind)


def _number(number: int, value: int) -> bytes:
    """Return a field; 0 is what its absence says."""
    return b"" if value == 0 else _key(number, VARINT) + varint(value)


def _bytes(number: int, content: bytes) -> bytes:
    return _key(number, BYTES) + varint(len(content)) + content


def _double(number: int, value: float) -> bytes:
    return _key(number, EIGHT) + struct.pack("<d", value)


def _single(number: int, value: float) -> bytes:
    return _key(number, FOUR) + struct.pack("<f", value)
