"""At which sets of seeds a question was judged: more seeds after a look need wider intervals."""

import fcntl
import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

FILE = "looks.jsonl"


def question_digest(documents: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of what is asked: the variants' fingerprint documents, seeds left out.

    A document holds the digest of its data, so other text, code or settings make another question.

    Args:
        documents: of the cells, in any order; cells that differ in the seed alone count once.
    """
    seedless = {
        json.dumps({key: value for key, value in document.items() if key != "seed"}, sort_keys=True)
        for document in documents
    }
    text = json.dumps(sorted(seedless))
    return blake2b(text.encode(), digest_size=10).hexdigest()


def record_look(store: Path, question: str, seeds: Sequence[int]) -> None:
    """Remember that a question is judged with these seeds; the same look is recorded once."""
    store.mkdir(parents=True, exist_ok=True)
    wanted = sorted(seeds)
    with (store / FILE).open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        if wanted in _of(question, text):
            return
        if text and not text.endswith("\n"):
            file.write("\n")  # the last writer was killed: its torn line ends here
        file.write(json.dumps({"question": question, "seeds": wanted}, sort_keys=True) + "\n")


def looks_up_to(store: Path, question: str, seeds: Sequence[int]) -> list[list[int]]:
    """Return the looks at a question in order, up to and including the one with these seeds.

    A later look with fewer seeds says nothing about how these seeds were chosen. A set that was
    never judged comes last.
    """
    wanted = sorted(seeds)
    path = store / FILE
    found = _of(question, path.read_text(encoding="utf-8")) if path.exists() else []
    if wanted in found:
        return found[: found.index(wanted) + 1]
    return [*found, wanted]


def _of(question: str, text: str) -> list[list[int]]:
    records = [record for line in text.splitlines() if (record := _record(line)) is not None]
    return [record["seeds"] for record in records if record["question"] == question]


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None  # torn by a kill in mid-write
    return record if isinstance(record, dict) and {"question", "seeds"} <= record.keys() else None
