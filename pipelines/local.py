"""Text on this machine: which files a path means, which split each is of, and their lines.

Files are read as a stream: of plain text a line is in memory at a time, of rows a batch. The files
of a folder may say by name which split they are of, as WikiText's do: `wiki.train.raw`.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from components.errors import Problem, UserError
from pipelines import rows
from pipelines.cell import Data
from pipelines.documents import Lines

BUILDERS = {".txt": "text", ".jsonl": "json", ".json": "json", ".parquet": "parquet"}
"""The end of a file's name -> what reads it; text and JSON may have .gz behind it."""

SPLITS = {
    "train": "train",
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    "test": "test",
}
"""A word in the name of a file, or of a folder it is in -> its split."""

_WIKITEXT = re.compile(r"wiki\.(train|valid|test)\.(raw|tokens)(\.gz)?")
_COMPRESSED = ".gz"


@dataclass(frozen=True)
class Found:
    """The files of a path that hold something.

    Fields:
        whole: the word for a unit of their text: file or row.
        train: the files to train on, and to validate on where `held_out` is None.
        held_out: the files of the folder's own validation split.
        empty: how many files hold nothing.
    """

    whole: str
    train: list[Path]
    held_out: list[Path] | None
    empty: int


def text_files(path: Path) -> list[Path]:
    """Return the file, or the text files of a folder and its folders, sorted; [] where none are."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if _builder(file) and file.is_file())


def find(data: Data) -> Found:
    """Return the files that the path of `data` means.

    A folder is divided where one file is named train and another validation or test: then its own
    validation split is validated on, and its test split never read.

    Raises:
        UserError: no such path, no text there, several kinds of files, or some without a split.
    """
    path = data.path or ""
    try:
        files = _files(path)
    except PermissionError as error:
        raise UserError(Problem("the file may not be read", str(error.filename))) from error
    named = _by_split(path, files)
    used = [*named["train"], *named["validation"]]
    _refuse_several_kinds(path, used)
    if data.documents == "file" and any(_WIKITEXT.fullmatch(file.name.lower()) for file in used):
        hint = "for articles: set.data.documents=wikitext; for lines: set.data.documents=line"
        what = "a file of WikiText is not a document"
        raise UserError(Problem(what, path, "data.documents", data.documents, (hint,)))
    train = _filled(path, named["train"])
    held_out = _filled(path, named["validation"]) if named["validation"] else None
    whole = "file" if _builder(used[0]) == "text" else "row"
    return Found(whole, train, held_out, len(used) - len(train) - len(held_out or ()))


def read(files: list[Path], data: Data, root: Path) -> Iterator[Lines]:
    """Yield the units of text of files, which are to be gone through one after the other.

    Args:
        files: of one kind.
        data: the field of rows, and what a document is.
        root: where a folder for temporary files is made.

    Raises:
        UserError: text that is not UTF-8, damaged files, rows without text.
    """
    if _builder(files[0]) == "text":
        yield from map(lines, files)
        return
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".reading-", dir=root) as cache:
        texts = (_texts(file, data.text_field, cache) for file in files)
        yield from rows.units(chain.from_iterable(texts), data, data.path or "")


def lines(file: Path) -> Iterator[str]:
    r"""Yield the lines of a text file with their line breaks, each of which becomes `\n`."""
    with _errors_of(file), _opened(file) as stream:
        yield from stream


def _texts(file: Path, field: str, cache: str) -> Iterator[str]:
    """Yield the text of each row of a file."""
    with _errors_of(file):
        is_json = _builder(file) == "json"
        table = rows.json(file, cache) if is_json else rows.parquet(file, field)
        yield from rows.texts(table, field, str(file))


@contextmanager
def _errors_of(file: Path) -> Iterator[None]:
    """Say for a reader what goes wrong while a file is read."""
    try:
        yield
    except PermissionError as error:
        raise UserError(Problem("the file may not be read", str(file))) from error
    except UnicodeDecodeError as error:
        raise _undecodable(file) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unreadable(file, "the file is not gzip, or was cut short", error) from error
    except ValueError as error:
        kind = "Parquet" if _builder(file) == "parquet" else "JSON lines"
        raise _unreadable(file, f"the file is not {kind}", error) from error
    except OSError as error:
        raise _unreadable(file, "the file cannot be read", error) from error


def _builder(file: Path) -> str | None:
    """Return what reads a file of this name; None: nothing does."""
    name = file.name.lower()
    if _WIKITEXT.fullmatch(name):
        return "text"
    builder = BUILDERS.get(Path(name.removesuffix(_COMPRESSED)).suffix)
    return None if builder == "parquet" and name.endswith(_COMPRESSED) else builder


def _files(path: str) -> list[Path]:
    """Return the text files of a path; there is one at least."""
    here = Path(path).expanduser()
    expected = f"expected a file or folder of {', '.join(BUILDERS)}"
    if not here.exists():
        hints = (expected, f"looked in {Path.cwd()}" if not here.is_absolute() else "")
        raise UserError(Problem("there is no such file or folder", "", "data.path", path, hints))
    files = text_files(here)
    if not files or _builder(files[0]) is None:
        what = "the folder holds no text" if here.is_dir() else "the file is of an unknown kind"
        raise UserError(Problem(what, "", "data.path", path, (expected,)))
    return files


def _by_split(path: str, files: list[Path]) -> dict[str, list[Path]]:
    """Return split -> files; all are of train where no split beside it is named."""
    here = Path(path).expanduser()
    found: dict[str, list[Path]] = {"train": [], "validation": [], "test": [], "": []}
    for file in files:
        found[_split(file.relative_to(here))].append(file)
    if not found["train"] or not (found["validation"] or found["test"]):
        return {"train": files, "validation": []}
    if found[""]:
        hints = (
            f"{found['train'][0].name} is of the train split, but {found[''][0].name} names none",
            f"expected one of {', '.join(SPLITS)} in the name of each file or of its folder",
        )
        what = "only some files of the folder name a split"
        raise UserError(Problem(what, "", "data.path", path, hints))
    return found


def _split(file: Path) -> str:
    """Return the split that a path names, the file before its folders; "": none."""
    words = (word for part in reversed(file.parts) for word in re.findall("[a-z]+", part.lower()))
    return next((SPLITS[word] for word in words if word in SPLITS), "")


def _refuse_several_kinds(path: str, files: list[Path]) -> None:
    if len({_builder(file) for file in files}) > 1:
        kinds = sorted({file.suffix.lower() for file in files})
        hint = f"found {', '.join(kinds)}; name a folder or file of one kind"
        what = "the folder mixes kinds of files"
        raise UserError(Problem(what, "", "data.path", path, (hint,)))


def _filled(path: str, files: list[Path]) -> list[Path]:
    """Return the files that hold something; there is one at least."""
    filled = [file for file in files if file.stat().st_size]
    if not filled:
        is_alone = Path(path).expanduser().is_file()
        what = "the file is empty" if is_alone else "every text file is empty"
        place = "" if is_alone else str(files[0])
        raise UserError(Problem(what, place, "data.path", path, ("expected text in UTF-8",)))
    return filled


def _opened(file: Path) -> IO[str]:
    if file.suffix.lower() == _COMPRESSED:
        return gzip.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")


def _undecodable(file: Path) -> UserError:
    """Name the line and the byte where a file is not UTF-8."""
    before = 0
    with gzip.open(file) if file.suffix.lower() == _COMPRESSED else file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                at = error.start
                hint = f"byte {before + at} is {line[at]:#04x}: {error.reason}"
                expected = "expected UTF-8: iconv -f latin1 -t utf-8 OLD > NEW"
                what = "the file is not UTF-8 text"
                return UserError(Problem(what, f"{file}:{number}", hints=(hint, expected)))
            before += len(line)
    return UserError(Problem("the file cannot be read", str(file)))


def _unreadable(file: Path, what: str, error: Exception) -> UserError:
    reason = str(error).partition("\n")[0]
    return UserError(Problem(what, str(file), hints=(reason,)))
