"""Tiny cells and prepared data for tests that train."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from components.batching import Documents
from components.catalogue import Catalogue, read_catalogue
from components.options import Choice
from pipelines.cell import Cell, Data, Evaluation, Training
from pipelines.events import Event, Job
from pipelines.fingerprint import describe, fingerprint

VOCABULARY = 16
END = VOCABULARY - 1
WINDOW = 8

PARTS: Mapping[str, Any] = {
    "positions": "rotary",
    "memory": "none",
    "mixer": "attention",
    "mlp": "plain",
    "activation": "gelu",
    "norm": "layer",
    "topology": "sequential",
    "optimizer": {"adamw": {"learning_rate": 0.01}},
    "schedule": "constant",
    "batching": "packed",
}
MODEL: Mapping[str, Any] = {"width": 16, "layers": 2, "heads": 2, "window": WINDOW}
TRAINING = Training(context=2 * WINDOW, batch=4, steps=6, validations=2, precision="float32")


def cell(
    *,
    seed: int = 0,
    model: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    components: Sequence[Path] = (),
    **parts: Any,
) -> Cell:
    """A cell that trains in a fraction of a second; `parts` as a grid writes them."""
    catalogue = read_catalogue(components)
    chosen = {kind: _members(catalogue, kind, each) for kind, each in ({**PARTS, **parts}).items()}
    options = {**MODEL, **(model or {})}
    return Cell(
        variant={},
        seed=seed,
        model=catalogue.choice("model", "decoder", options),
        parts=chosen,
        data=Data(),
        training=replace(TRAINING, **(training or {})),
    )


def documents(lengths: Sequence[int], seed: int = 0) -> Documents:
    """Documents of repeated letters, so that there is something to learn; each ends with END."""
    random = np.random.default_rng(seed)
    pieces = []
    for length in lengths:
        alphabet = random.integers(0, END, size=3)
        pieces.append(np.append(np.resize(alphabet, length - 1), END))
    starts = np.cumsum([0, *lengths])
    return Documents(np.concatenate(pieces).astype(np.uint16), starts.astype(np.int64))


def data_folder(
    folder: Path, train: Sequence[int] = (30, 50, 40, 9), held_out: Sequence[int] = (21, 1, 40)
) -> Path:
    """Prepared data written by hand: documents of these lengths."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, lengths) in enumerate({"train": train, "validation": held_out}.items()):
        split = documents(lengths, seed)
        (folder / f"{name}.tokens").write_bytes(split.tokens.astype("<u2").tobytes())
        np.save(folder / f"{name}.starts.npy", split.starts)
    np.save(folder / "validation.bytes.npy", np.array(held_out, dtype=np.int64) - 1)
    facts = {"vocabulary": VOCABULARY, "digest": "d" * 20}
    (folder / "facts.json").write_text(json.dumps(facts))
    return folder


def job(
    folder: Path,
    own: Cell,
    evaluations: Sequence[Evaluation] = (Evaluation(),),
    components: Sequence[Path] = (),
) -> Job:
    """A job whose data and store lie in `folder`."""
    data = folder / "data"
    if not data.exists():
        data_folder(data)
    document = describe(own, "d" * 20, "cpu", tuple(components))
    return Job(
        own,
        fingerprint(document),
        document,
        data,
        folder / "runs",
        tuple(evaluations),
        tuple(components),
    )


def never() -> bool:
    """Nobody says stop."""
    return False


def nobody(event: Event) -> None:
    """Nobody listens."""


def _members(catalogue: Catalogue, kind: str, value: Any) -> tuple[Choice, ...]:
    if isinstance(value, list):
        return tuple(member for each in value for member in _members(catalogue, kind, each))
    if isinstance(value, Mapping):
        return tuple(catalogue.choice(kind, name, options) for name, options in value.items())
    return (catalogue.choice(kind, value, {}),)
