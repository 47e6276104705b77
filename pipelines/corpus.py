"""Where text comes from: the embedded corpus, files on this machine, or a dataset of the hub.

A unit of text is a file (.txt) or a row (JSONL, Parquet, hub); `documents` says whether it is a
document as it stands or is cut further. All documents are held in memory.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from components.errors import Problem, UserError
from pipelines import embedded, hub
from pipelines.cell import Data

if TYPE_CHECKING:
    from datasets import Dataset

BUILDERS = {".txt": "text", ".jsonl": "json", ".json": "json", ".parquet": "parquet"}
"""The end of a file's name -> the builder of `datasets` that reads it."""

_ARTICLE = re.compile(  # a line ` = Title = ` between empty lines
    r"(?:\A\s*|(?<=\n\n)|(?<=\n \n)) ?= (?!=)[^\n]*(?<! =) = ?(?=\n[ \t]*\n|\n?\Z)"
)
_NO_LICENCE = "not stated"


@dataclass(frozen=True)
class Corpus:
    """Text and what is known about it.

    Fields:
        documents: the text to train on, and to validate on where `held_out` is None.
        held_out: the documents of a dataset's own validation split.
        source: one sentence for readers of a report.
        licence: of the text.
        licences: package, version and licence of each source.
        blank: how many documents were left out because there is no text in them.
    """

    documents: list[str]
    held_out: list[str] | None
    source: str
    licence: str
    licences: tuple[dict[str, str], ...] = ()
    blank: int = 0


def read_corpus(data: Data, root: Path) -> Corpus:
    """Read the text that `data` names; downloads and temporary files stay under `root`.

    Raises:
        UserError: what is missing, empty or unreadable, where, and what was expected.
    """
    if data.corpus == "embedded":
        return _embedded()
    if data.corpus == "files":
        try:
            corpus = _files(data, root)
        except PermissionError as error:
            what = "the file may not be read"
            raise UserError(Problem(what, str(error.filename))) from error
    else:
        splits, licence = hub.fetch(data, root / "cache")
        corpus = hub_corpus(splits, data, licence)
    if not corpus.documents:
        place = data.path or data.name or ""
        hint = f"every document is empty or white space (data.documents = {data.documents})"
        raise UserError(Problem("there is no text", place, "data.corpus", data.corpus, (hint,)))
    return corpus


def stamp(data: Data) -> Any:
    """Return what shows, without reading any text, whether a source has changed."""
    if data.corpus == "embedded":
        return embedded.installed()
    if data.corpus == "files" and data.path is not None:
        return [
            [str(file), file.stat().st_size, file.stat().st_mtime_ns]
            for file in text_files(Path(data.path).expanduser())
        ]
    return None


def text_files(path: Path) -> list[Path]:
    """Return the file, or the text files of a folder and its folders, sorted; [] where none are."""
    if path.is_file():
        return [path]
    return sorted(
        file for file in path.rglob("*") if file.suffix.lower() in BUILDERS and file.is_file()
    )


def cut(units: Iterable[str], documents: str) -> list[str]:
    """Cut each unit into documents, leaving out those without text.

    Args:
        units: whole files or rows.
        documents: file, line, paragraph or wikitext, as `Data.documents`.
    """
    if documents == "line":
        parts = (line for unit in units for line in unit.splitlines())
    elif documents == "paragraph":
        parts = (part for unit in units for part in re.split(r"\n(?:[ \t]*\n)+", unit))
    elif documents == "wikitext":
        parts = (article for unit in units for article in _articles(unit))
    else:
        parts = (unit for unit in units)
    return [part for part in parts if part.strip()]


def blanks(units: Iterable[str], documents: str) -> int:
    """Count the documents that `cut` leaves out: units without text, and lines between others.

    What stands around paragraphs and before the first article is no document.
    """
    if documents == "line":
        units = (line for unit in units for line in unit.splitlines() or [unit])
    return sum(not unit.strip() for unit in units)


def _articles(text: str) -> Iterable[str]:
    """Cut before every ` = Title = `; ` = = Section = = ` is a part of its article."""
    starts = [found.start() for found in _ARTICLE.finditer(text)]
    for start, stop in zip([0, *starts], [*starts, len(text)], strict=True):
        yield text[start:stop]


def _embedded() -> Corpus:
    texts = embedded.documents()
    licences = embedded.licences()
    packages = [f"{each['package']} {each['version']}" for each in licences]
    return Corpus(
        texts,
        None,
        f"Docstrings of {', '.join(packages[:-1])} and {packages[-1]}: technical documentation in "
        "English with code in it, not general prose.",
        ", ".join(dict.fromkeys(each["licence"] for each in licences)),
        tuple(licences),
    )


def _files(data: Data, root: Path) -> Corpus:
    if data.path is None:
        hint = "a file or folder of .txt, .jsonl, .json or .parquet: set.data.path=FILE_OR_FOLDER"
        raise UserError(Problem("the corpus files needs a path", "", "data.path", "null", (hint,)))
    files, empty = _found(data.path)
    builder = _only_builder(data.path, files)
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".reading-", dir=root) as cache:
        if builder == "text":
            units = _read_text(files, cache)
        else:
            units = [
                row for file in files for row in _read_rows(file, builder, data.text_field, cache)
            ]
    if builder != "text":
        units = _joined(units, data, data.path)
    about = f"Text of {data.path}, {_described(data.documents, builder)}."
    blank = empty + blanks(units, data.documents)
    return Corpus(cut(units, data.documents), None, about, _NO_LICENCE, blank=blank)


def _found(path: str) -> tuple[list[Path], int]:
    """Return the files of `path` that hold something, and how many hold nothing."""
    here = Path(path).expanduser()
    expected = f"expected a file or folder of {', '.join(BUILDERS)}"
    if not here.exists():
        hints = (expected, f"looked in {Path.cwd()}" if not here.is_absolute() else "")
        raise UserError(Problem("there is no such file or folder", "", "data.path", path, hints))
    files = text_files(here)
    if not files or files[0].suffix.lower() not in BUILDERS:
        what = "the folder holds no text" if here.is_dir() else "the file is of an unknown kind"
        raise UserError(Problem(what, "", "data.path", path, (expected,)))
    filled = [file for file in files if file.stat().st_size]
    if not filled:
        what = "every text file is empty" if here.is_dir() else "the file is empty"
        raise UserError(Problem(what, "", "data.path", path, ("expected text in UTF-8",)))
    return filled, len(files) - len(filled)


def _only_builder(path: str, files: list[Path]) -> str:
    kinds = sorted({file.suffix.lower() for file in files})
    builders = {BUILDERS[kind] for kind in kinds}
    if len(builders) > 1:
        hint = f"found {', '.join(kinds)}; name a folder or file of one kind"
        what = "the folder mixes kinds of files"
        raise UserError(Problem(what, "", "data.path", path, (hint,)))
    return builders.pop()


def _described(documents: str, builder: str) -> str:
    whole = "file" if builder == "text" else "row"
    words = {"line": "line", "paragraph": "paragraph", "wikitext": "Wikipedia article"}
    return f"every {words.get(documents, whole)} a document"


def _read_text(files: list[Path], cache: str) -> list[str]:
    import datasets  # noqa: PLC0415 (slow to import)

    try:
        return list(_load("text", files, cache, sample_by="document")["text"])
    except datasets.exceptions.DatasetGenerationError as error:
        raise _undecodable(files) from error


def _undecodable(files: list[Path]) -> UserError:
    for file in files:
        try:
            file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            hint = f"byte {error.start} is {error.object[error.start]:#04x}: {error.reason}"
            expected = "expected UTF-8: iconv -f latin1 -t utf-8 OLD > NEW"
            what = "the file is not UTF-8 text"
            return UserError(Problem(what, f"{file}:{line}", hints=(hint, expected)))
    return UserError(Problem("the files cannot be read", str(files[0])))


def _read_rows(file: Path, builder: str, field: str, cache: str) -> list[str]:
    import datasets  # noqa: PLC0415 (slow to import)

    try:
        return _texts(_load(builder, [file], cache), field, str(file))
    except UnicodeDecodeError as error:
        raise _undecodable([file]) from error
    except (datasets.exceptions.DatasetGenerationError, ValueError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        what = f"the file is not {'JSON lines' if builder == 'json' else 'Parquet'}"
        raise UserError(Problem(what, str(file), hints=(reason,))) from error


def _load(builder: str, files: list[Path], cache: str, **options: Any) -> "Dataset":
    import datasets  # noqa: PLC0415 (slow to import)

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)  # what goes wrong is said by the caller
    named = [escape(str(file)) for file in files]  # a * or [ in a name is no pattern
    return datasets.load_dataset(
        builder, data_files=named, split="train", cache_dir=cache, **options
    )


def _texts(table: "Dataset", field: str, place: str) -> list[str]:
    """Return a column of text, refusing one that is missing, of another type, or null somewhere."""
    from datasets import Value  # noqa: PLC0415 (slow to import)

    if field not in table.column_names:
        expected = f"fields: {', '.join(table.column_names)}; choose one: set.data.text_field=NAME"
        what = "the rows have no such field"
        raise UserError(Problem(what, place, "data.text_field", field, (expected,)))
    kind = table.features[field]
    if not (isinstance(kind, Value) and kind.dtype in {"string", "large_string"}):
        what = "the field is not text in every row"
        hint = f"expected text, found {kind}"
        raise UserError(Problem(what, place, "data.text_field", field, (hint,)))
    texts = list(table[field])
    if None in texts:
        hint = f"row {texts.index(None) + 1} has null, or lacks it"
        what = "the field is not text in every row"
        raise UserError(Problem(what, place, "data.text_field", field, (hint,)))
    return texts


def _joined(rows: list[str], data: Data, place: str) -> list[str]:
    """Put rows that are lines of WikiText together again, where articles are asked for."""
    if data.documents == "wikitext":
        return ["".join(row if row.endswith("\n") else f"{row}\n" for row in rows)]
    if data.documents == "file" and any(_ARTICLE.fullmatch(row.strip("\n")) for row in rows):
        hints = (
            "some rows are headings such as ` = Title = `: the rows are lines of articles",
            "for articles: set.data.documents=wikitext; for lines: set.data.documents=line",
        )
        what = "a row is not a document"
        raise UserError(Problem(what, place, "data.documents", data.documents, hints))
    return rows


def hub_corpus(splits: Mapping[str, "Dataset"], data: Data, licence: str) -> Corpus:
    """Return the train split of a dataset as documents, and its validation split where it has one.

    Validating on the dataset's own split keeps losses comparable with what others report. A test
    split is never read.
    """
    name = data.name or ""
    if "train" not in splits:
        hint = f"its splits: {', '.join(splits)}"
        raise UserError(Problem("the dataset has no train split", "", "data.name", name, (hint,)))
    units = {
        split: _joined(_texts(splits[split], data.text_field, name), data, name)
        for split in ("train", "validation")
        if split in splits
    }
    texts = {split: cut(each, data.documents) for split, each in units.items()}
    blank = sum(blanks(each, data.documents) for each in units.values())
    own = ", validated on its own validation split" if "validation" in texts else ""
    title = " ".join(part for part in (data.name, data.config) if part)
    about = f"{title} of the Hugging Face hub{own}, {_described(data.documents, 'rows')}."
    return Corpus(texts["train"], texts.get("validation"), about, licence, blank=blank)
