"""Offline runs of Weights & Biases, read without its package: history, configuration, name."""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.errors import Problem, UserError
from reports.importers.raw import PLACE, RUN, Raw, frame_of, stacked
from reports.wire import as_bytes, as_text, fields

BLOCK, HEADER, START = 32 * 1024, 7, b":W&B"
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, CONFIG, RUN_RECORD = 2, 5, 17  # fields of a Record
ITEM, UPDATE = 1, 1  # fields of a HistoryRecord and of a ConfigRecord
NAMED = {1: "id", 5: "summary", 6: "group", 7: "job", 8: "name"}

Row = dict[str, float | str | None]


def read_wandb(path: Path) -> Raw:
    """Read a `.wandb` file, or all of them below a folder: `wandb/offline-run-*/run-*.wandb`.

    The configuration of a run is in columns of its own, `config.KEY`, the same in all its rows.

    Raises:
        UserError: a file is no such file, or none has a history.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.wandb"))
    frames, notes = [], []
    for file in files:
        rows, is_whole = read_run(file)
        if not is_whole:
            notes.append(f"{file.name} ends in the middle of a record")
        if rows:
            frames.append(frame_of(rows))
    if not frames:
        hint = "a run that logged nothing has no history"
        raise UserError(Problem("no run has a history", str(path), hints=(hint,)))
    rows_of_all = stacked(frames)
    return Raw(path, "wandb", tuple(files), rows_of_all, keeps_last=True, notes=tuple(notes))


def read_run(path: Path) -> tuple[list[Row], bool]:
    """Return a row for each entry of the history, and whether the file ends with a whole record.

    Raises:
        UserError: this is no `.wandb` file, or a checksum does not fit.
    """
    history: list[Row] = []
    config: Row = {}
    name, is_whole = path.stem, True
    try:
        for record in records(path.read_bytes()):
            if record is None:
                is_whole = False
                break
            for number, value in fields(record):
                if number == HISTORY:
                    history.append(_items(as_bytes(value), ITEM))
                elif number == CONFIG:
                    config |= _items(as_bytes(value), UPDATE)
                elif number == RUN_RECORD:
                    name, first = _run(as_bytes(value), name)
                    config |= first
    except ValueError as error:
        hints = (str(error),)
        raise UserError(Problem("not a Weights & Biases run", str(path), hints=hints)) from None
    own: Row = {f"config.{key}": value for key, value in config.items()}
    place: Row = {RUN: name, PLACE: path.name}
    return [place | own | row for row in history], is_whole


def records(data: bytes) -> Iterator[bytes | None]:
    """Return the records of a `.wandb` file; None, as the last one, where it is cut off.

    As in a LevelDB log, blocks of 32 KiB hold parts with checksum (4 bytes), length (2) and kind
    (1), and parts never cross a block. Two things are its own: the first block begins with seven
    bytes that name the format, and the checksum is the plain CRC-32.

    Raises:
        ValueError: the file does not begin as it must, or a checksum does not fit.
    """
    if data[: len(START)] != START:
        raise ValueError("it does not begin with :W&B")
    at, begun = HEADER, b""
    while at < len(data):
        left = BLOCK - at % BLOCK
        if left < HEADER:
            at += left
            continue
        if at + HEADER > len(data):
            yield None
            return
        checksum, length, kind = struct.unpack("<IHB", data[at : at + HEADER])
        part = data[at + HEADER : at + HEADER + length]
        if kind == 0 and length == 0:  # the rest of a block that was reserved and not written
            at += left
            continue
        if len(part) < length:
            yield None
            return
        if zlib.crc32(bytes([kind]) + part) != checksum:
            raise ValueError(f"the checksum of the record at byte {at:,} does not fit")
        begun = part if kind in {FULL, FIRST} else begun + part
        if kind in {FULL, LAST}:
            yield begun
        at += HEADER + length


def _run(message: bytes, name: str) -> tuple[str, Row]:
    """Name (display_name 8, else run_id 1) and the configuration (4) that a run begins with."""
    config: Row = {}
    found: dict[str, str] = {}
    for number, value in fields(message):
        if number in NAMED and isinstance(value, bytes):
            found[NAMED[number]] = as_text(value)
        elif number == 4:  # noqa: PLR2004 - number of a field
            config |= _items(as_bytes(value), UPDATE)
    return found.get("name") or found.get("id") or name, config


def _items(message: bytes, number: int) -> Row:
    """Return key -> value of items with key 1, nested_key 2 and value_json 16.

    Source: wandb, wandb/proto/wandb_internal.proto (HistoryItem, ConfigItem).
    """
    found: Row = {}
    for each, value in fields(message):
        if each != number:
            continue
        parts: list[str] = []
        text = "null"
        for inner, content in fields(as_bytes(value)):
            if inner in {1, 2}:
                parts.append(as_text(content))
            elif inner == 16:  # noqa: PLR2004 - number of a field
                text = as_text(content)
        found |= flat(".".join(part for part in parts if part), _json(text))
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def flat(key: str, value: Any) -> Row:
    """Return one key, or those of a mapping below it: `model.width`; lists are left out.

    What the package writes for itself into the configuration, `_wandb`, is left out as well.
    """
    if isinstance(value, Mapping):
        found: Row = {}
        for name, inside in value.items():
            if not str(name).startswith("_wandb"):
                found |= flat(f"{key}.{name}", inside)
        return found
    if key.startswith("_wandb") or isinstance(value, list):
        return {}
    if isinstance(value, bool):
        return {key: "true" if value else "false"}
    if value is None or isinstance(value, str | int | float):
        return {key: value}
    return {}
