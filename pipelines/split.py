"""Which documents are trained on and which are held out: functions of their text alone.

The order is that of a digest of the text, so it depends neither on files nor on their order. A
training document that has a passage in common with a validation document is left out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate

from components.errors import Problem, UserError
from pipelines.cell import Data
from pipelines.tokens import BYTE, Tokenizer, train_bpe

PASSAGE = 60
"""Characters, words and single spaces, from which a line or paragraph counts as a passage.

Measured on the embedded corpus with 65 kB held out: of the validation text's strings of 100
characters 1.4 % are still found in training at 60, and 4.9 % at 100; 7.5 % and 4 % of the training
text are left out.
"""

BYTES_PER_TOKEN = 8
"""More than a trained tokenizer makes of ordinary text."""

_WORD = re.compile(r"\w+")
_PARAGRAPHS = re.compile(r"\n(?:\s*\n)+")


@dataclass(frozen=True)
class Division:
    """Training and validation text.

    Fields:
        train: documents that have no passage in common with the validation documents.
        validation: the documents held out.
        shared: how many documents were left out because they have one.
    """

    train: Sequence[str]
    validation: Sequence[str]
    shared: int


def hold_out(
    data: Data, documents: Sequence[str], held_out: Sequence[str] | None
) -> tuple[Division, Tokenizer]:
    """Hold out documents until they have `validation_tokens`, and make the tokenizer.

    A trained tokenizer decides how many documents that is, but must not be trained on them. So it
    is trained without the first documents of `BYTES_PER_TOKEN` times as many bytes; those of them
    that turn out not to be needed go back to the training text.

    Args:
        data: the tokenizer and how much is held out.
        documents: in the order of `unique`.
        held_out: a validation split of its own, in that order; None: the first of `documents`.

    Raises:
        UserError: more than half of the text would be held out, or nothing is left to train on.
    """
    if data.validation_tokens < 1:
        what, hint = "there is nothing to validate on", "expected at least 1"
        value = str(data.validation_tokens)
        raise UserError(Problem(what, "", "data.validation_tokens", value, (hint,)))
    candidates = documents if held_out is None else held_out
    sizes = [len(text.encode()) for text in candidates]
    most = len(sizes) if held_out is not None else reaching(sizes, sum(sizes) // 2 + 1) - 1
    if data.tokenizer == "byte":
        pool = min(most, reaching(sizes, data.validation_tokens))
        tokenizer: Tokenizer = BYTE
    else:
        pool = min(most, reaching(sizes, BYTES_PER_TOKEN * data.validation_tokens))
        unseen = _filled(divide(documents, held_out, pool), data, sizes)
        tokenizer = train_bpe(unseen.train, data.vocabulary)
    tokens = [len(ids) for ids in tokenizer.encode(candidates[:pool])]
    count = min(pool, reaching(tokens, data.validation_tokens))
    if held_out is None and pool == most and sum(tokens) < data.validation_tokens:
        raise _too_little(data, sizes)
    return _filled(divide(documents, held_out, count), data, sizes), tokenizer


def unique(documents: Iterable[str]) -> list[str]:
    """Return every different document once, in the order of the digests of their text."""
    by_digest = {_digest(text): text for text in documents}
    return [by_digest[digest] for digest in sorted(by_digest)]


def divide(documents: Sequence[str], held_out: Sequence[str] | None, validation: int) -> Division:
    """Hold out the first documents, and train on those that share no passage with them.

    Args:
        documents: in the order of `unique`.
        held_out: a validation split of its own, in that order; None: the first of `documents`.
        validation: how many documents are held out.
    """
    chosen = (documents if held_out is None else held_out)[:validation]
    others = documents[validation:] if held_out is None else documents
    texts = set(chosen)
    seen = {passage for text in chosen for passage in passages(text)}
    train = [text for text in others if text not in texts and seen.isdisjoint(passages(text))]
    return Division(train, chosen, len(others) - len(train))


def passages(text: str) -> Iterator[bytes]:
    """Yield the digest of each passage: long lines, long paragraphs, and the text as a whole.

    Compared are words alone, without case, so that other spacing, line breaks or punctuation do not
    make a passage another one. Shorter pieces are common property: headings, signatures.
    """
    for paragraph in _PARAGRAPHS.split(text):
        for piece in {paragraph, *paragraph.splitlines()}:
            words = _words(piece)
            if len(words) >= PASSAGE:
                yield _digest(words)
    whole = _words(text)
    if whole:
        yield _digest(whole)


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def reaching(sizes: Sequence[int], enough: int) -> int:
    """Return how many of the first sizes make `enough` together; if all do not, one more."""
    sums = accumulate(sizes)
    return next(
        (count for count, total in enumerate(sums, start=1) if total >= enough), len(sizes) + 1
    )


def _filled(division: Division, data: Data, sizes: Sequence[int]) -> Division:
    if not division.validation:
        raise _too_little(data, sizes)
    if not division.train:
        what = "nothing is left to train on: every document repeats a part of the validation text"
        hint = f"{division.shared} documents share a line or paragraph with the validation split"
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
