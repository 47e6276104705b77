"""Where text comes from: the embedded corpus, files on this machine, or a dataset of the hub.

Text is read as a stream, so it may be larger than memory; what is wrong with it is said when it
comes by.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.errors import Problem, UserError
from pipelines import embedded, hub, local, rows
from pipelines.cell import Data
from pipelines.documents import Lines, Tally, cut, described

if TYPE_CHECKING:
    from datasets import IterableDataset

_NO_LICENCE = "not stated"


@dataclass(frozen=True)
class Corpus:
    """Text and what is known about it.

    Fields:
        documents: the text to train on, and to validate on where `held_out` is None; read once.
        held_out: the documents of a dataset's own validation split; read once.
        source: one sentence for readers of a report.
        licence: of the text.
        licences: package, version and licence of each source.
        tally: what was left out so far, counted while documents are read.
    """

    documents: Iterable[str]
    held_out: Iterable[str] | None
    source: str
    licence: str
    licences: tuple[dict[str, str], ...] = ()
    tally: Tally = field(default_factory=Tally)


def read_corpus(data: Data, root: Path) -> Corpus:
    """Open the text that `data` names; downloads and temporary files stay under `root`.

    Raises:
        UserError: what is missing, empty or unreadable, where, and what was expected; here or when
            the documents are read.
    """
    if data.corpus == "embedded":
        return _embedded()
    if data.corpus == "files":
        return _files(data, root)
    splits, licence = hub.fetch(data, root / "cache")
    return hub_corpus(splits, data, licence)


def stamp(data: Data) -> Any:
    """Return what shows, without reading any text, whether a source has changed."""
    if data.corpus == "embedded":
        return embedded.installed()
    if data.corpus == "files" and data.path is not None:
        return [
            [str(file), file.stat().st_size, file.stat().st_mtime_ns]
            for file in local.text_files(Path(data.path).expanduser())
        ]
    return None


def hub_corpus(splits: Mapping[str, "IterableDataset"], data: Data, licence: str) -> Corpus:
    """Return the train split of a dataset as documents, and its validation split where it has one.

    Validating on the dataset's own split keeps losses comparable with what others report. A test
    split is never read.
    """
    name = data.name or ""
    if "train" not in splits:
        hint = f"its splits: {', '.join(splits)}"
        raise UserError(Problem("the dataset has no train split", "", "data.name", name, (hint,)))
    tally = Tally()
    texts = {
        split: _documents(
            rows.units(hub.texts(table, data.text_field, name), data, name), data, tally
        )
        for split, table in splits.items()
        if split in {"train", "validation"}
    }
    own = ", validated on its own validation split" if "validation" in texts else ""
    title = " ".join(part for part in (data.name, data.config) if part)
    about = f"{title} of the Hugging Face hub{own}, {described(data.documents, 'row')}."
    return Corpus(texts["train"], texts.get("validation"), about, licence, tally=tally)


def _files(data: Data, root: Path) -> Corpus:
    if data.path is None:
        hint = "a file or folder of .txt, .jsonl, .json or .parquet: set.data.path=FILE_OR_FOLDER"
        raise UserError(Problem("the corpus files needs a path", "", "data.path", "null", (hint,)))
    found = local.find(data)
    tally = Tally(found.empty)
    texts = _documents(local.read(found.train, data, root), data, tally)
    held_out = None
    if found.held_out is not None:
        held_out = _documents(local.read(found.held_out, data, root), data, tally)
    own = ", validated on its own validation split" if held_out is not None else ""
    about = f"Text of {data.path}{own}, {described(data.documents, found.whole)}."
    return Corpus(texts, held_out, about, _NO_LICENCE, tally=tally)


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


def _documents(units: Iterable[Lines], data: Data, tally: Tally) -> Iterator[str]:
    """Yield the documents of units; there is one at least."""
    is_empty = True
    for text in cut(units, data.documents, tally):
        is_empty = False
        yield text
    if is_empty:
        place = data.path or data.name or ""
        hint = f"every document is empty or white space (data.documents = {data.documents})"
        raise UserError(Problem("there is no text", place, "data.corpus", data.corpus, (hint,)))
