"""Which documents are trained on and which are held out: functions of their text alone.

Documents come in an order of their text alone (`pipelines.store`), so nothing here depends on files
or on their order. A training document that has a run of words in common with a validation document
is left out. The validation text is in memory, the training text never: it is gone through anew each
time that it is asked for.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Protocol

from components.errors import Problem, UserError
from pipelines.cell import Data
from pipelines.tokens import BYTE, Tokenizer, train_bpe

PASSAGE = 13
"""Words in a row from which documents have a passage in common.

As many as in the search of GPT-3's training text for its benchmarks (Brown et al. 2020, arXiv
2005.14165, appendix C); fewer are common property, phrases and signatures. On the embedded corpus
4.2 % of the training text are left out with 33 kB held out, and 11.5 % with 65 kB; runs of 8 words
would cost 6.5 % and 17.5 %.
"""

SHORTEST = 4
"""Words from which a document shorter than a passage is searched in others as a whole.

Fewer are looked for as whole documents only: a line that says "Yes." would take every document with
a yes in it out of the training text. With every line of the embedded corpus a document, 36 % of the
training text would be left out from 1 word on, 1.7 % from 2, and 0.3 % are from 4.
"""

BYTES_PER_TOKEN = 8
"""More than a trained tokenizer makes of ordinary text."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Characters of scripts without spaces: Thai to Burmese, Khmer, Japanese, Chinese."""

_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")  # there, each character counts as a word

_Run = tuple[str, ...]


class Texts(Protocol):
    """Documents that can be gone through again and again."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __iter__(self) -> Iterator[str]:
        """Yield them, one after the other."""


@dataclass(frozen=True)
class Division:
    """Training and validation text.

    Fields:
        train: documents that have no passage in common with the validation documents.
        validation: the documents held out.
        others: how many documents are not held out; those that `train` lacks of them were left out
            because they have such a passage.
    """

    train: Iterable[str]
    validation: Sequence[str]
    others: int


def hold_out(data: Data, documents: Texts, held_out: Texts | None) -> tuple[Division, Tokenizer]:
    """Hold out documents until they have `validation_tokens`, and make the tokenizer.

    A trained tokenizer decides how many documents that is, but must not be trained on them. So it
    is trained without the first documents of `BYTES_PER_TOKEN` times as many bytes; those of them
    that turn out not to be needed go back to the training text.

    Args:
        data: the tokenizer and how much is held out.
        documents: each once, in the order of their digests.
        held_out: a validation split of its own, in that order; None: the first of `documents`.

    Raises:
        UserError: more than half of the text would be held out, or nothing is left to train on.
    """
    if data.validation_tokens < 1:
        what, hint = "there is nothing to validate on", "expected at least 1"
        value = str(data.validation_tokens)
        raise UserError(Problem(what, "", "data.validation_tokens", value, (hint,)))
    candidates = documents if held_out is None else held_out
    sizes = array("q", (len(text.encode()) for text in candidates))
    most = len(sizes) if held_out is not None else reaching(sizes, sum(sizes) // 2 + 1) - 1
    if data.tokenizer == "byte":
        pool = min(most, reaching(sizes, data.validation_tokens))
        tokenizer: Tokenizer = BYTE
    else:
        pool = min(most, reaching(sizes, BYTES_PER_TOKEN * data.validation_tokens))
        unseen = _filled(divide(documents, held_out, pool), data, sizes)
        tokenizer = train_bpe(unseen.train, data.vocabulary)
    tokens = [len(ids) for ids in tokenizer.encode(islice(candidates, pool))]
    count = min(pool, reaching(tokens, data.validation_tokens))
    if held_out is None and pool == most and sum(tokens) < data.validation_tokens:
        raise _too_little(data, sizes)
    return _filled(divide(documents, held_out, count), data, sizes), tokenizer


def divide(documents: Texts, held_out: Texts | None, validation: int) -> Division:
    """Hold out the first documents, and train on those that have no passage in common with them.

    Args:
        documents: each once, in the order of their digests.
        held_out: a validation split of its own, in that order; None: the first of `documents`.
        validation: how many documents are held out.
    """
    chosen = list(islice(documents if held_out is None else held_out, validation))
    first = len(chosen) if held_out is None else 0
    train = _Unshared(documents, first, _Seen(chosen))
    return Division(train, chosen, len(documents) - first)


class _Seen:
    """The runs of words of the validation text.

    Compared are words alone, without case, so that other spacing, line breaks or punctuation do not
    make a run another one; and they are compared as they are, so that no digest can collide.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        runs = [_words(text) for text in texts]
        self._texts = {*texts}
        self._whole = {run for run in runs if run}
        self._passages = {passage for run in runs for passage in _passages(run)}
        self._short: dict[str, dict[int, set[_Run]]] = {}  # by first word and length
        for run in self._whole:
            if SHORTEST <= len(run) < PASSAGE:
                self._short.setdefault(run[0], {}).setdefault(len(run), set()).add(run)

    def shares(self, text: str) -> bool:
        """Say whether a document has a passage, or all of a short document, in common with them."""
        run = _words(text)
        return (
            text in self._texts
            or run in self._whole
            or not self._passages.isdisjoint(_passages(run))
            or self._holds_a_short_one(run)
        )

    def _holds_a_short_one(self, run: _Run) -> bool:
        return any(
            run[at : at + length] in found
            for at, word in enumerate(run)
            if word in self._short
            for length, found in self._short[word].items()
        )


@dataclass(frozen=True)
class _Unshared:
    """Documents, from one on, that have nothing in common with the validation text."""

    documents: Texts
    first: int
    seen: _Seen

    def __iter__(self) -> Iterator[str]:
        others = islice(self.documents, self.first, None)
        return (text for text in others if not self.seen.shares(text))


def _passages(run: _Run) -> Iterator[_Run]:
    return zip(*(run[at:] for at in range(PASSAGE)), strict=False)


def _words(text: str) -> _Run:
    return tuple(_WORD.findall(text.casefold()))


def reaching(sizes: Sequence[int], enough: int) -> int:
    """Return how many of the first sizes make `enough` together; if all do not, one more."""
    sums = accumulate(sizes)
    return next(
        (count for count, total in enumerate(sums, start=1) if total >= enough), len(sizes) + 1
    )


def _filled(division: Division, data: Data, sizes: Sequence[int]) -> Division:
    if not division.validation:
        raise _too_little(data, sizes)
    if next(iter(division.train), None) is None:
        what = "nothing is left to train on: every document repeats a part of the validation text"
        hint = (
            f"{division.others} documents share {PASSAGE} words in a row with the validation split"
        )
        raise UserError(Problem(what, "", "data.corpus", data.corpus, (hint,)))
    return division


def _too_little(data: Data, sizes: Sequence[int]) -> UserError:
    """Describe a corpus that is too small, or in too few documents, for the validation split."""
    what = "the text is too small to hold out so many tokens: at most half of it is held out"
    return UserError(
        Problem(
            "a single document cannot be divided" if len(sizes) == 1 else what,
            "",
            "data.validation_tokens",
            str(data.validation_tokens),
            (
                f"there are {sum(sizes)} bytes; documents, here {len(sizes)}, stay whole",
                "give more text, lower data.validation_tokens, or cut it into shorter documents:",
                f"data.documents is {data.documents}; line, paragraph and wikitext cut files",
            ),
        )
    )
