"""Text to prepared data: `data/<digest>/`, found again by what was asked for.

`prepared` answers from an index and imports nothing slow; `prepare` makes what is missing. A folder
is filled elsewhere and then renamed, its facts.json written last.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import blake2b, file_digest
from itertools import chain
from pathlib import Path
from typing import Any

from pipelines import corpus, embedded, split, synthetic, tokens
from pipelines.cell import Data
from pipelines.code import reached
from pipelines.files import read_json, write_json
from pipelines.probes import TASKS
from pipelines.split import Division
from pipelines.statements import ALL
from pipelines.store import store
from pipelines.tokens import Tokenizer

_DIGESTED = (
    "train.tokens",
    "train.starts.npy",
    "validation.tokens",
    "validation.starts.npy",
    "tokenizer.json",
)
_SCORED = ("train.scored", "validation.scored")  # of a synthetic task alone
_FILES = (*_DIGESTED, "validation.bytes.npy")
_OF_THE_SOURCE = ("source", "licence", "licences", "corpus")
_OF_OTHER_TEXT = {"path", "name", "config", "text_field", "documents"}


@dataclass(frozen=True)
class Prepared:
    """Text that is ready to be trained on.

    Fields:
        folder: the token files, `pipelines.tokens` reads them.
        digest: of their content, 20 hexadecimal digits; the folder's name.
        vocabulary: ids there are.
        facts: what facts.json says about sizes, and the index about source and licence: equal text
            may come from several sources, and is kept once.
    """

    folder: Path
    digest: str
    vocabulary: int
    facts: Mapping[str, Any]


def prepared(data: Data, root: Path) -> Prepared | None:
    """Return what was prepared for `data`; None: nothing yet, or the source has changed since.

    Args:
        data: the text that is asked for.
        root: the folder of prepared data.
    """
    path = root / "index" / f"{request(data)}.json"
    if not path.exists():
        return None
    entry = read_json(path)
    found = _complete(root / entry["digest"])
    return None if found is None else replace(found, facts={**found.facts, **_source(entry)})


def prepare(data: Data, root: Path, report: Callable[[str], None]) -> Prepared:
    """Return the prepared data, making it if there is none; one process at a time does.

    Args:
        data: the text that is asked for.
        root: the folder of prepared data.
        report: is told in a line what is done.

    Raises:
        UserError: text that cannot be found, read or divided.
    """
    found = prepared(data, root)
    if found is not None:
        return found
    if data.tokenizer == "bpe" and data.corpus not in TASKS:
        tokens.refuse_vocabulary(data.vocabulary)
    with _alone(root, report):
        found = prepared(data, root)
        if found is not None:
            return found
        asked = request(data)
        made = _make(data, root, report)
        entry = {"digest": made.digest, "data": asdict(data), **_source(made.facts)}
        write_json(root / "index" / f"{asked}.json", entry)
    return made


def _source(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in _OF_THE_SOURCE if name in facts}


def request(data: Data) -> str:
    """Return the digest of what is asked for: settings, files as they are now, and the making."""
    if data.corpus in TASKS:
        return _digest_of([synthetic.settings(data), _making()])
    fields = {key: each for key, each in asdict(data).items() if not key.startswith("probe_")}
    if data.tokenizer == "byte":
        del fields["vocabulary"]
    if data.corpus == "embedded":
        fields = {key: fields[key] for key in fields if key not in _OF_OTHER_TEXT}
    return _digest_of([fields, corpus.stamp(data), tokens.version(data.tokenizer), _making()])


def _digest_of(document: Any) -> str:
    return blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=10).hexdigest()


def _making() -> str:
    """Return the digest of the code that makes prepared data, as a fingerprint sees code."""
    modules = reached({Path(__file__): (ALL,)})
    return _digest_of({name: module.digest for name, module in modules.items()})


def _complete(folder: Path) -> Prepared | None:
    """Return the folder's data if every file is there at full size."""
    if not (folder / "facts.json").exists() or not all((folder / name).exists() for name in _FILES):
        return None
    facts = read_json(folder / "facts.json")
    for name in ("train", "validation"):
        if (folder / f"{name}.tokens").stat().st_size != 2 * facts[name]["tokens"]:
            return None
    if "probe" in facts and not all((folder / name).exists() for name in _SCORED):
        return None
    return Prepared(folder, facts["digest"], facts["vocabulary"], facts)


@contextmanager
def _alone(root: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of `root`, waiting for whoever has it; the kernel frees it at any end."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "prepare.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("data: waiting for another process that prepares data")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(data: Data, root: Path, report: Callable[[str], None]) -> Prepared:
    scratch = root / ".preparing"
    shutil.rmtree(scratch, ignore_errors=True)
    if data.corpus in TASKS:
        report(f"data: drawing {data.corpus}, {data.probe_documents} documents to train on")
        facts = synthetic.write_probe(scratch, data)
    else:
        facts = _make_text(data, root, scratch, report)
    digest = _digest_of_files(scratch)
    made = _put(scratch, root / digest, {**facts, "digest": digest})
    report(f"data: {made.facts['train']['tokens']} tokens to train on, in {made.folder}")
    return made


def _make_text(
    data: Data, root: Path, scratch: Path, report: Callable[[str], None]
) -> dict[str, Any]:
    """Fill a folder with all but facts.json, and return the facts."""
    report(f"data: reading {data.path or data.name or 'the embedded corpus'}")
    text = corpus.read_corpus(data, root)
    with _emptied(root / ".reading") as folder:
        documents = store(text.documents, folder / "documents")
        held_out = None if text.held_out is None else store(text.held_out, folder / "held_out")
        count = len(documents)
        report(f"data: {count} different documents; making the tokenizer and the validation split")
        division, tokenizer = split.hold_out(data, documents, held_out)
        if data.tokenizer == "bpe" and tokenizer.vocabulary < data.vocabulary:
            report(f"data: the text gives a vocabulary of only {tokenizer.vocabulary}")
        report("data: writing the token files")
        sizes = _write(scratch, division, tokenizer)
        text_digest = embedded.digest_of(chain(documents, held_out or ()))
    return {
        "source": text.source,
        "licence": text.licence,
        "licences": list(text.licences),
        "corpus": data.corpus,
        "tokenizer": data.tokenizer,
        "vocabulary": tokenizer.vocabulary,
        "end_of_document": tokenizer.end,
        **sizes,
        "left_out": {
            "duplicates": documents.repeated,
            "shared_paragraphs": division.others - sizes["train"]["documents"],
            "blank": text.tally.blank,
        },
        "text_digest": text_digest,
    }


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """Make a folder that is gone at the end, and what a killed process may have left of it now."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, division: Division, tokenizer: Tokenizer) -> dict[str, dict[str, int]]:
    """Fill a folder with all but facts.json, and return the size of each split."""
    tokenizer.save(folder / "tokenizer.json")
    return {
        "train": tokens.write_split(folder, "train", division.train, tokenizer),
        "validation": tokens.write_split(folder, "validation", division.validation, tokenizer),
    }


def _digest_of_files(folder: Path) -> str:
    digest = blake2b(digest_size=10)
    for name in (*_DIGESTED, *(each for each in _SCORED if (folder / each).exists())):
        with (folder / name).open("rb") as file:
            content = file_digest(file, partial(blake2b, digest_size=20))
        digest.update(content.digest())
    return digest.hexdigest()


def _put(scratch: Path, folder: Path, facts: Mapping[str, Any]) -> Prepared:
    """Write the facts and put the folder in place; equal data that is there already stays."""
    there = _complete(folder)
    if there is not None:
        shutil.rmtree(scratch)
        return replace(there, facts={**there.facts, **_source(facts)})
    write_json(scratch / "facts.json", facts)
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)
    return Prepared(folder, facts["digest"], facts["vocabulary"], facts)
