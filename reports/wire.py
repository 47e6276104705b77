"""The wire format of Protocol Buffers, read without a schema, and the checksum of TFRecords."""

import struct
from collections.abc import Iterator
from functools import cache

Value = int | bytes
"""A number, or the bytes of a string, a message or packed numbers."""

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
MOST_BITS = 63
CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, reflected


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Return (field number, value) of every field, in the order of the message.

    Numbers of fixed size are their raw bytes.

    Raises:
        ValueError: this is no message.
    """
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            length, at = varint(message, at)
        elif kind in {EIGHT, FOUR}:
            length = 8 if kind == EIGHT else 4
        else:
            raise ValueError(f"a field of an unknown wire type, {kind}")
        if at + length > len(message):
            raise ValueError("a field is cut off")
        yield number, message[at : at + length]
        at += length


def varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place after it."""
    value = shift = 0
    while at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value, at
        if shift > MOST_BITS:
            break
    raise ValueError("a number is cut off")


def as_bytes(value: Value) -> bytes:
    """Return what is a string or a message; ValueError for a number."""
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")  # noqa: TRY004 - of the file, not of us
    return value


def as_text(value: Value) -> str:
    """Return a string; what is no UTF-8 is replaced."""
    return as_bytes(value).decode("utf-8", errors="replace")


def as_signed(value: Value) -> int:
    """Return an int64; ValueError for bytes."""
    if not isinstance(value, int):
        raise ValueError("bytes where a number belongs")  # noqa: TRY004 - of the file, not of us
    return value - (1 << 64) if value >= 1 << 63 else value


def as_double(value: Value) -> float:
    """Return a number of 8 bytes."""
    return float(struct.unpack("<d", as_bytes(value))[0])


def as_single(value: Value) -> float:
    """Return a number of 4 bytes."""
    return float(struct.unpack("<f", as_bytes(value))[0])


@cache
def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = (rest >> 1) ^ (CASTAGNOLI if rest & 1 else 0)
        rows.append(rest)
    return tuple(rows)


def masked_checksum(data: bytes) -> int:
    """Return the CRC-32C of some bytes as a TFRecord stores it: rotated, with an offset.

    Source: TensorFlow, tensorflow/core/lib/hash/crc32c.h.
    """
    table, rest = _table(), 0xFFFFFFFF
    for byte in data:
        rest = table[(rest ^ byte) & 0xFF] ^ (rest >> 8)
    rest ^= 0xFFFFFFFF
    return (((rest >> 15) | (rest << 17)) + 0xA282EAD8) & 0xFFFFFFFF
