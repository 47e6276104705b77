"""The wire format against messages that were written by hand, byte for byte."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.wire import (
    as_bytes,
    as_double,
    as_signed,
    as_single,
    as_text,
    fields,
    masked_checksum,
    varint,
)


def test_the_example_of_the_format_description():
    assert list(fields(b"\x08\x96\x01")) == [(1, 150)]
    assert list(fields(b"\x12\x07testing")) == [(2, b"testing")]


def test_numbers_of_fixed_size_are_their_bytes():
    message = b"\x09" + struct.pack("<d", -2.5) + b"\x15" + struct.pack("<f", 0.5)
    (one, two) = fields(message)
    assert (one[0], as_double(one[1]), two[0], as_single(two[1])) == (1, -2.5, 2, 0.5)


def encoded(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_every_number_is_read_back(value, after):
    assert varint(encoded(value) + after, 0) == (value, len(encoded(value)))


def test_negative_numbers_take_all_bits():
    assert as_signed(2**64 - 1) == -1
    assert as_signed(7) == 7


@pytest.mark.parametrize(
    "message",
    [b"\x08", b"\x08\x96", b"\x12\x07test", b"\x09\x00", b"\x0b", b"\x08" + b"\xff" * 12],
    ids=["no value", "half a number", "half a string", "half a double", "a group", "too long"],
)
def test_what_is_no_message_is_refused(message):
    with pytest.raises(ValueError, match=r"cut off|unknown wire type"):
        list(fields(message))


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data):
    try:
        found = list(fields(data))
    except ValueError:
        return
    assert all(isinstance(value, int | bytes) for _, value in found)


def test_a_kind_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="a number where bytes belong"):
        as_bytes(3)
    with pytest.raises(ValueError, match="bytes where a number belongs"):
        as_signed(b"3")
    assert as_text(b"caf\xe9") == "caf\N{REPLACEMENT CHARACTER}"


def unmasked(data: bytes) -> int:
    rotated = (masked_checksum(data) - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated << 15 | rotated >> 17) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (b"", 0)],
)
def test_checksums_of_rfc_3720(data, checksum):
    assert unmasked(data) == checksum
    assert not data or unmasked(data) != zlib.crc32(data)
