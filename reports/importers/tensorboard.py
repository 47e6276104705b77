"""TensorBoard event files, read without TensorBoard: scalars by run, step and tag."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from reports.errors import Problem, UserError
from reports.importers.raw import PLACE, RUN, Raw, frame_of, stacked
from reports.wire import (
    Value,
    as_bytes,
    as_double,
    as_signed,
    as_single,
    as_text,
    fields,
    masked_checksum,
)

HEADER, FOOTER = 12, 4
STEP, WALL_TIME, TAG = "step", "wall_time", "tag"
TYPES = {1: "<f4", 2: "<f8"}
"""DataType of a TensorProto, float and double -> how its content is written."""


@dataclass(frozen=True)
class Scalar:
    """One value of one tag."""

    step: int
    wall_time: float
    tag: str
    value: float


def read_tensorboard(path: Path) -> Raw:
    """Read an event file, or all of them below a folder; each folder that has some is a run.

    Raises:
        UserError: a file is no event file, or no file has a scalar.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*tfevents*"))
    root = path.parent if path.is_file() else path
    frames, notes = [], []
    for file in files:
        scalars, is_whole = read_events(file)
        if not is_whole:
            notes.append(f"{file.relative_to(root)} ends in the middle of a record")
        if scalars:
            frames.append(_wide(scalars, _run(file, root), str(file.relative_to(root))))
    if not frames:
        hint = "scalars are what add_scalar and tf.summary.scalar write"
        raise UserError(Problem("no event file has a scalar", str(path), hints=(hint,)))
    rows = _since_the_start(stacked(frames))
    return Raw(path, "tensorboard", tuple(files), rows, keeps_last=True, notes=tuple(notes))


def read_events(path: Path) -> tuple[list[Scalar], bool]:
    """Return the scalars of an event file, and whether it ends with a whole record.

    The file of a run that was killed ends anywhere; what stands before is read.

    Raises:
        UserError: a checksum does not fit.
    """
    data = path.read_bytes()
    found: list[Scalar] = []
    at = 0
    try:
        for record in records(data):
            found += scalars_of(record)
            at += HEADER + len(record) + FOOTER
    except ValueError as error:
        hints = (f"{error}, at byte {at:,}",)
        raise UserError(Problem("not a TensorBoard event file", str(path), hints=hints)) from None
    return found, at == len(data)


def records(data: bytes) -> Iterator[bytes]:
    """Return the whole records of a TFRecord file.

    A record is its length (8 bytes), the checksum of the length, the content and its checksum.

    Raises:
        ValueError: a checksum does not fit.
    """
    at = 0
    while at + HEADER <= len(data):
        length, checksum = struct.unpack("<QI", data[at : at + HEADER])
        if masked_checksum(data[at : at + 8]) != checksum:
            raise ValueError("the checksum of a record's length does not fit")
        end = at + HEADER + length
        if end + FOOTER > len(data):
            return
        content = data[at + HEADER : end]
        if struct.unpack("<I", data[end : end + FOOTER])[0] != masked_checksum(content):
            raise ValueError("the checksum of a record does not fit")
        yield content
        at = end + FOOTER


def scalars_of(event: bytes) -> Iterator[Scalar]:
    """Return the scalars of an Event: fields wall_time 1, step 2, summary 5.

    Source: TensorFlow, tensorflow/core/util/event.proto and framework/summary.proto.
    """
    wall_time, step, summaries = 0.0, 0, []
    for number, value in fields(event):
        if number == 1:
            wall_time = as_double(value)
        elif number == 2:  # noqa: PLR2004 - numbers of fields, as in the formats that are cited
            step = as_signed(value)
        elif number == 5:  # noqa: PLR2004
            summaries.append(as_bytes(value))
    for summary in summaries:
        for number, value in fields(summary):
            tag, scalar = _value(as_bytes(value)) if number == 1 else ("", None)
            if scalar is not None:
                yield Scalar(step, wall_time, tag, scalar)


def _value(message: bytes) -> tuple[str, float | None]:
    """Tag 1, simple_value 2, and the tensor 8 that newer writers have instead."""
    tag, scalar = "", None
    for number, value in fields(message):
        if number == 1:
            tag = as_text(value)
        elif number == 2:  # noqa: PLR2004
            scalar = as_single(value)
        elif number == 8:  # noqa: PLR2004
            scalar = _tensor(as_bytes(value))
    return tag, scalar


def _tensor(message: bytes) -> float | None:
    """Return a tensor of one number; None of any other.

    Fields: type 1, content 4, packed floats 5, packed doubles 6.
    """
    given: dict[int, Value] = dict(fields(message))
    kind = TYPES.get(as_signed(given.get(1, 0)))
    packed = {5: "<f4", 6: "<f8"}
    written = [(4, kind), *packed.items()]
    for number, form in written:
        content = given.get(number)
        if isinstance(content, bytes) and form is not None:
            is_one = len(content) == int(form[2])
            return float(np.frombuffer(content, form)[0]) if is_one else None
    return None


def _run(file: Path, root: Path) -> str:
    folder = file.parent.relative_to(root).as_posix()
    return root.name if folder == "." else folder


def _wide(scalars: Sequence[Scalar], run: str, place: str) -> pl.DataFrame:
    """One row for each event, since a step may be logged again; a column for each tag."""
    rows: list[dict[str, float | str | None]] = []
    for each in scalars:
        row = rows[-1] if rows else {}
        if not rows or row[STEP] != each.step or each.tag in row:
            row = {RUN: run, PLACE: place, STEP: each.step, WALL_TIME: each.wall_time}
            rows.append(row)
        row[each.tag] = each.value
    return frame_of(rows)


def _since_the_start(rows: pl.DataFrame) -> pl.DataFrame:
    """Seconds since the first event of each run, in place of the time of day."""
    since = pl.col(WALL_TIME) - pl.col(WALL_TIME).min().over(RUN)
    return rows.with_columns(since.alias("seconds")).drop(WALL_TIME)
