"""Documents on disk, each once, in the order of the digests of their text.

A merge sort in files: text larger than memory is sorted in runs of a few megabytes, which are then
merged; the disk holds the text twice meanwhile. The order depends neither on files nor on theirs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from heapq import merge
from itertools import count
from pathlib import Path

RUN = 1 << 25
"""Bytes that are sorted in memory at once."""

WIDEST = 64
"""Files that are merged at once; more are merged in several rounds."""

_DIGEST = 16
_LENGTH = 8
_OVERHEAD = 200  # about what Python needs for a document beside its bytes
_BUFFER = 1 << 16

_Record = tuple[bytes, bytes]  # digest, text in UTF-8


@dataclass(frozen=True)
class Stored:
    """Documents in a file, which can be gone through again and again.

    Fields:
        path: the file.
        count: how many there are.
        repeated: how many more there were, equal to one that is kept.
    """

    path: Path
    count: int
    repeated: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[str]:
        return (content.decode() for _, content in _read(self.path))


def store(documents: Iterable[str], path: Path) -> Stored:
    """Write every different document once, in order; about `RUN` bytes are in memory at a time.

    Args:
        documents: gone through once.
        path: of a file in a folder that is there; files beside it begin with its name.
    """
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        for text in documents:
            read += 1
            yield text

    beside = (path.with_name(f"{path.name}.{number}") for number in count())
    runs = [_write(run, next(beside)) for run in _runs(counted())]
    while len(runs) > WIDEST:
        groups = [runs[start : start + WIDEST] for start in range(0, len(runs), WIDEST)]
        runs = [_merge(group, next(beside)) for group in groups]
    kept = _merge(runs, path).count
    return Stored(path, kept, read - kept)


@dataclass(frozen=True)
class _Run:
    path: Path
    count: int


def _runs(documents: Iterable[str]) -> Iterator[list[_Record]]:
    """Gather documents up to `RUN` bytes, sorted."""
    run: list[_Record] = []
    size = 0
    for text in documents:
        content = text.encode()
        run.append((blake2b(content, digest_size=_DIGEST).digest(), content))
        size += len(content) + _OVERHEAD
        if size >= RUN:
            run.sort()
            yield run
            run, size = [], 0
    run.sort()
    yield run


def _merge(runs: list[_Run], path: Path) -> _Run:
    """Merge sorted files into one, and remove them."""
    if len(runs) == 1:
        runs[0].path.replace(path)
        return _Run(path, runs[0].count)
    merged = _write(merge(*(_read(run.path) for run in runs)), path)
    for run in runs:
        run.path.unlink()
    return merged


def _write(records: Iterable[_Record], path: Path) -> _Run:
    """Write sorted records, of equal ones the first."""
    last = b""
    written = 0
    with path.open("wb", buffering=_BUFFER) as file:
        for digest, content in records:
            if digest != last:
                file.write(digest + len(content).to_bytes(_LENGTH, "big"))
                file.write(content)
                written += 1
            last = digest
    return _Run(path, written)


def _read(path: Path) -> Iterator[_Record]:
    with path.open("rb", buffering=_BUFFER) as file:
        while head := file.read(_DIGEST + _LENGTH):
            yield head[:_DIGEST], file.read(int.from_bytes(head[_DIGEST:], "big"))
