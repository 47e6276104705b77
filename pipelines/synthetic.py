"""A probe as prepared data: the instances of its two splits, and the files that hold them."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import numpy as np

from components.errors import Problem, UserError
from pipelines.cell import Data
from pipelines.files import write_json, write_whole
from pipelines.probes import CHUNK, TASKS, Ids, Instances, Mask, Split, draw, shape_of
from pipelines.tokens import write_array


def settings(data: Data) -> dict[str, Any]:
    """Return the settings of a probe that change its documents, and how many there are."""
    names = ("probe_length", *TASKS[data.corpus].fields, "probe_documents", "validation_tokens")
    return {"corpus": data.corpus, **{name: getattr(data, name) for name in names}}


def splits(data: Data) -> tuple[Instances, Instances]:
    """Return instances to train on, and others, each of them once, to validate on.

    Raises:
        UserError: there is no such task, or it has too few different instances.
    """
    length = shape_of(data).length
    held_out: set[bytes] = set()
    validation = _gathered(data, "validation", -(-data.validation_tokens // length), held_out)
    held_out.update(row.tobytes() for row in validation.tokens)
    return _gathered(data, "train", data.probe_documents, held_out), validation


def _gathered(data: Data, split: Split, count: int, others: AbstractSet[bytes]) -> Instances:
    """Draw so many instances that are not among the others; for validation, each of them once."""
    known = set(others)
    tokens, scored = [], []
    for drawn, (row, mask) in enumerate(_one_by_one(data, split), start=1):
        key = row.tobytes()
        if key not in known:
            tokens.append(row)
            scored.append(mask)
        if split == "validation":
            known.add(key)
        if len(tokens) == count:
            break
        if drawn >= CHUNK and len(tokens) < drawn / 2:
            what = f"the {split} split would need more different instances than there are"
            hint = "raise data.probe_length, data.probe_items or data.probe_symbols"
            raise UserError(Problem(what, "", "data.corpus", data.corpus, (hint,)))
    return Instances(np.stack(tokens), np.stack(scored))


def _one_by_one(data: Data, split: Split) -> Iterator[tuple[Ids, Mask]]:
    for made in draw(data, split):
        yield from zip(made.tokens, made.scored, strict=True)


def write_probe(folder: Path, data: Data) -> dict[str, Any]:
    """Write both splits and what stands for a tokenizer; return the facts about them.

    Raises:
        UserError: there is no such task, or it has too few different instances.
    """
    shape = shape_of(data)
    train, validation = splits(data)
    about = {"type": "symbols", "vocabulary": shape.vocabulary, "end_of_document": shape.end}
    named = {"blank": shape.blank, "marker": shape.marker}
    write_json(folder / "tokenizer.json", {**about, **named})
    sizes = np.zeros(len(validation.tokens), dtype=np.int64)
    write_array(folder / "validation.bytes.npy", sizes)
    return {
        "source": f"{TASKS[data.corpus].about}.",
        "licence": "none needed: drawn at random",
        "licences": [],
        "corpus": data.corpus,
        "tokenizer": "none, symbols",
        "vocabulary": shape.vocabulary,
        "end_of_document": shape.end,
        "probe": settings(data),
        "train": _write_split(folder, "train", train),
        "validation": _write_split(folder, "validation", validation),
    }


def _write_split(folder: Path, split: str, made: Instances) -> dict[str, int]:
    documents, length = made.tokens.shape
    _write_bytes(folder / f"{split}.tokens", made.tokens.astype("<u2").tobytes())
    _write_bytes(folder / f"{split}.scored", made.scored.astype(np.uint8).tobytes())
    write_array(folder / f"{split}.starts.npy", np.arange(documents + 1) * length)
    answers = int(made.scored.sum())
    return {"documents": documents, "tokens": documents * length, "bytes": 0, "answers": answers}


def _write_bytes(path: Path, content: bytes) -> None:
    write_whole(path, lambda beside: beside.write_bytes(content))
