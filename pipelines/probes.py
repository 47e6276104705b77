"""Synthetic tasks as corpora: what tells architectures apart in seconds, by whether they learn it.

A document is one instance of a task, always of the same length, and only its answers are scored.
Symbols are the ids from 0 on; behind them come a blank, a marker and the end of a document. An
answer stands behind what asks for it and is read on, as every token of a language model is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from components.errors import Problem, UserError
from pipelines.cell import Data

CHUNK = 1024
"""Instances that are drawn at once, each chunk from a generator of its own."""

BITS = 2

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
Split = Literal["train", "validation"]


@dataclass(frozen=True)
class Shape:
    """What a task is drawn in.

    Fields:
        length: tokens of a document, the end included.
        items: what is to be remembered at once.
        symbols: different ones.
    """

    length: int
    items: int
    symbols: int

    @property
    def blank(self) -> int:
        """The id that means nothing."""
        return self.symbols

    @property
    def marker(self) -> int:
        """The id that asks."""
        return self.symbols + 1

    @property
    def end(self) -> int:
        """The id that ends a document."""
        return self.symbols + 2

    @property
    def vocabulary(self) -> int:
        """How many ids there are."""
        return self.symbols + 3


@dataclass(frozen=True)
class Instances:
    """Documents of a task.

    Fields:
        tokens: [documents, length].
        scored: [documents, length], the answers.
    """

    tokens: Ids
    scored: Mask


@dataclass(frozen=True)
class Task:
    """A synthetic task.

    Fields:
        about: what it is and who defined it, one sentence for readers of a report.
        draw: fills blank documents and marks their answers, at random.
        shortest: the length that a shape needs.
        fields: settings that change it, beside the length.
    """

    about: str
    draw: Callable[[Instances, Shape, Generator], None]
    shortest: Callable[[Shape], int]
    fields: tuple[Literal["probe_items", "probe_symbols"], ...]


def _recall(made: Instances, shape: Shape, random: Generator) -> None:
    """Write pairs of key and value, then each key once more, at a random place, and its value."""
    count, items = len(made.tokens), shape.items
    keys = _some(random, count, shape.symbols // 2, items)
    values = random.integers(shape.symbols // 2, shape.symbols, (count, items))
    made.tokens[:, 0 : 2 * items : 2], made.tokens[:, 1 : 2 * items : 2] = keys, values
    slots = (shape.length - 1 - 2 * items) // 2
    asked = 2 * items + 2 * _some(random, count, slots, items)
    np.put_along_axis(made.tokens, asked, keys, axis=1)
    _answer(made, asked + 1, values)


def _copy(made: Instances, shape: Shape, random: Generator) -> None:
    """Write symbols, the marker, and the same symbols."""
    count, half = len(made.tokens), (shape.length - 2) // 2
    symbols = random.integers(0, shape.symbols, (count, half))
    made.tokens[:, :half], made.tokens[:, half] = symbols, shape.marker
    _answer(made, _all(count, np.arange(half + 1, 2 * half + 1)), symbols)


def _induction(made: Instances, shape: Shape, random: Generator) -> None:
    """Write symbols with a marker among them, then the marker again and what followed it."""
    count, asks = len(made.tokens), shape.length - 3
    made.tokens[:, :asks] = random.integers(0, shape.symbols, (count, asks))
    marked = random.integers(0, asks - 1, (count, 1))
    np.put_along_axis(made.tokens, marked, shape.marker, axis=1)
    made.tokens[:, asks] = shape.marker
    _answer(
        made,
        _all(count, np.array([asks + 1])),
        np.take_along_axis(made.tokens, marked + 1, axis=1),
    )


def _selective_copy(made: Instances, shape: Shape, random: Generator) -> None:
    """Write symbols at random places among blanks, the marker, and the symbols in order."""
    count, items = len(made.tokens), shape.items
    asks = shape.length - 2 - items
    symbols = random.integers(0, shape.symbols, (count, items))
    places = np.sort(_some(random, count, asks, items), axis=1)
    np.put_along_axis(made.tokens, places, symbols, axis=1)
    made.tokens[:, asks] = shape.marker
    _answer(made, _all(count, np.arange(asks + 1, asks + 1 + items)), symbols)


def _parity(made: Instances, shape: Shape, random: Generator) -> None:
    """Write bits, and behind each so many the marker and the parity of all bits so far."""
    count, each = len(made.tokens), shape.items + 2
    groups = (shape.length - 1) // each
    bits = random.integers(0, BITS, (count, groups, shape.items))
    parity = bits.sum(axis=2).cumsum(axis=1) % 2
    body = made.tokens[:, : groups * each].reshape(count, groups, each)
    body[:, :, : shape.items], body[:, :, shape.items] = bits, shape.marker
    made.tokens[:, : groups * each] = body.reshape(count, -1)
    _answer(made, _all(count, np.arange(1, groups + 1) * each - 1), parity)


def _some(random: Generator, count: int, of: int, items: int) -> Ids:
    """Return different numbers below `of` in random order, [count, items]."""
    return random.random((count, of)).argsort(axis=1)[:, :items]


def _all(count: int, places: Ids) -> Ids:
    return np.broadcast_to(places, (count, len(places)))


def _answer(made: Instances, places: Ids, answers: Ids) -> None:
    np.put_along_axis(made.tokens, places, answers, axis=1)
    np.put_along_axis(made.scored, places, values=True, axis=1)


TASKS: Mapping[str, Task] = {
    "recall": Task(
        "Synthetic multi-query associative recall (Arora et al. 2023, arXiv 2312.04927; queries at "
        "uniformly random places instead of their power law): pairs of key and value, then each "
        "key once more, whose value is asked for",
        _recall,
        lambda shape: 4 * shape.items + 1,
        ("probe_items", "probe_symbols"),
    ),
    "copy": Task(
        "Synthetic copying (Jelassi et al. 2024, arXiv 2402.01032; all strings of one length): "
        "random symbols, which are asked for behind a marker",
        _copy,
        lambda _: 4,
        ("probe_symbols",),
    ),
    "induction": Task(
        "Synthetic induction heads (Olsson et al. 2022; the task of Fu et al. 2023, arXiv "
        "2212.14052): random symbols with one marker among them, and at the end the marker again, "
        "behind which the symbol that followed the first is asked for",
        _induction,
        lambda _: 5,
        ("probe_symbols",),
    ),
    "selective_copy": Task(
        "Synthetic selective copying (Gu & Dao 2023, arXiv 2312.00752, after Arjovsky et al. 2016, "
        "arXiv 1511.06464): symbols at random places among blanks, which are asked for in their "
        "order behind a marker",
        _selective_copy,
        lambda shape: 2 * shape.items + 2,
        ("probe_items", "probe_symbols"),
    ),
    "parity": Task(
        "Synthetic running parity (Hahn 2020, arXiv 1906.06755): random bits, and behind each so "
        "many of them the parity of all so far is asked for",
        _parity,
        lambda shape: shape.items + 3,
        ("probe_items",),
    ),
}


def shape_of(data: Data) -> Shape:
    """Return the shape that settings ask for.

    Raises:
        UserError: a length, a number of items or of symbols with which there is no such task.
    """
    task = TASKS[data.corpus]
    symbols = data.probe_symbols if "probe_symbols" in task.fields else BITS
    shape = Shape(data.probe_length, data.probe_items, symbols)
    problems = [
        *_refused("probe_items", shape.items, 1, shape.items),
        *_refused("probe_symbols", shape.symbols, *_symbols(data)),
        *_refused("probe_documents", data.probe_documents, 1, data.probe_documents),
        *_refused("validation_tokens", data.validation_tokens, 1, data.validation_tokens),
    ]
    if not problems:
        problems = _refused("probe_length", shape.length, task.shortest(shape), shape.length)
    if problems:
        raise UserError(*problems)
    return shape


def _symbols(data: Data) -> tuple[int, int]:
    """Return the fewest and the most symbols: a token is stored in 16 bits."""
    most = np.iinfo(np.uint16).max - 2
    return (2 * data.probe_items if data.corpus == "recall" else BITS), most


def _refused(name: str, value: int, low: int, high: int) -> list[Problem]:
    if low <= value <= high:
        return []
    expected = f"expected at least {low}" if value < low else f"expected at most {high}"
    return [Problem("there is no such task", "", f"data.{name}", str(value), (expected,))]


def draw(data: Data, split: Split) -> Iterator[Instances]:
    """Draw the instances of a split without end, a chunk at a time; settings alone decide them."""
    task, shape = TASKS[data.corpus], shape_of(data)
    text = f"{data.corpus} {shape} {split}"
    seed = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    chunk = 0
    while True:
        size = (CHUNK, shape.length)
        made = Instances(np.full(size, shape.blank), np.zeros(size, dtype=np.bool_))
        made.tokens[:, -1] = shape.end
        task.draw(made, shape, np.random.default_rng([seed, chunk]))
        yield made
        chunk += 1
