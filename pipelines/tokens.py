"""Text to token files and back: two tokenizers, and files that are memory-mapped.

A split is two files: `NAME.tokens`, raw uint16, and `NAME.starts.npy`, where each document begins.
Where not all tokens are to be predicted, a third, `NAME.scored`, says so in a byte for each.
Every document ends with the end-of-document id, which no text can produce.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import override

from components.batching import Documents
from components.errors import Problem, UserError
from pipelines.files import read_json, write_json, write_whole

if TYPE_CHECKING:
    import tokenizers

LARGEST_VOCABULARY = 65535
"""A token is stored in 16 bits."""

PIECE = 1 << 18
"""Characters of a long document that are encoded at once."""

SAMPLE = 1 << 26
"""Characters of text from which a tokenizer is trained, where there are more.

Training needs memory for every different word, up to 9 bytes for a byte of text. Documents come in
the order of their digests, so the first are a sample of all.
"""

_BATCH = 1 << 20
_CUT = re.compile(r"(?<=[!-~])[ \n]")  # a printable ASCII character, then a space or line break

Split = Literal["train", "validation"]


@dataclass(frozen=True)
class Tokenizer:
    """Text to ids and back.

    Fields:
        end: the id that ends every document, and the last one.
    """

    end: int

    @property
    def vocabulary(self) -> int:
        """How many ids there are, the end of a document included."""
        return self.end + 1

    def encode(self, documents: Iterable[str]) -> Iterator[NDArray[np.uint16]]:
        """Yield the ids of each document, the end included."""
        raise NotImplementedError

    def decode(self, ids: Sequence[int] | NDArray[np.unsignedinteger]) -> str:
        """Return the text of ids; the end of a document is no text."""
        raise NotImplementedError

    def save(self, path: Path) -> None:
        """Write what `read_tokenizer` reads."""
        raise NotImplementedError


@dataclass(frozen=True)
class ByteTokenizer(Tokenizer):
    """UTF-8 bytes: ids 0 to 255, and 256 for the end of a document."""

    end: int = 256

    @override
    def encode(self, documents: Iterable[str]) -> Iterator[NDArray[np.uint16]]:
        for text in documents:
            content = np.frombuffer(text.encode(), dtype=np.uint8)
            yield np.append(content.astype(np.uint16), np.uint16(self.end))

    @override
    def decode(self, ids: Sequence[int] | NDArray[np.unsignedinteger]) -> str:
        return bytes(int(each) for each in ids if each != self.end).decode(errors="replace")

    @override
    def save(self, path: Path) -> None:
        about = {"type": "byte", "vocabulary": self.vocabulary, "end_of_document": self.end}
        write_json(path, about)


BYTE = ByteTokenizer()


@dataclass(frozen=True)
class BpeTokenizer(Tokenizer):
    """Byte-level byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909; bytes as in GPT-2).

    Fields:
        merges: the trained tokenizer. It does not know the end of a document, which is the id after
            its last one: so no text is mistaken for an end.
    """

    merges: "tokenizers.Tokenizer"

    @override
    def encode(self, documents: Iterable[str]) -> Iterator[NDArray[np.uint16]]:
        ids: list[NDArray[np.uint16]] = []
        for batch in _batches(documents):
            encoded = self.merges.encode_batch_fast([piece for piece, _ in batch])
            for (_, is_last), each in zip(batch, encoded, strict=True):
                ids.append(np.array(each.ids, dtype=np.uint16))
                if is_last:
                    yield np.append(np.concatenate(ids), np.uint16(self.end))
                    ids = []

    @override
    def decode(self, ids: Sequence[int] | NDArray[np.unsignedinteger]) -> str:
        return self.merges.decode([int(each) for each in ids if each != self.end])

    @override
    def save(self, path: Path) -> None:
        write_whole(path, lambda beside: self.merges.save(str(beside)))


def train_bpe(documents: Iterable[str], vocabulary: int) -> BpeTokenizer:
    """Train a byte-level BPE on `documents`; the same text gives the same tokenizer.

    Of more than `SAMPLE` characters the first documents are taken. Text that is too short for so
    many merges gives a smaller vocabulary.

    Raises:
        UserError: a vocabulary without room for all bytes, or too large for 16 bits.
    """
    import tokenizers  # noqa: PLC0415 (only what prepares text pays for it)

    refuse_vocabulary(vocabulary)
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    merges = tokenizers.Tokenizer(tokenizers.models.BPE())
    merges.pre_tokenizer = byte_level
    merges.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary - 1,
        initial_alphabet=sorted(byte_level.alphabet()),
        show_progress=False,
    )
    pieces = (piece for text in _sample(documents) for piece in _pieces(text))
    merges.train_from_iterator(pieces, trainer)
    return BpeTokenizer(merges.get_vocab_size(), merges)


def refuse_vocabulary(vocabulary: int) -> None:
    """Raise UserError for a size of a trained vocabulary that cannot be."""
    smallest = BYTE.vocabulary
    if smallest <= vocabulary <= LARGEST_VOCABULARY:
        return
    what = "too large: a token is stored in 16 bits" if vocabulary > smallest else "too small"
    expected = f"expected {smallest} (all bytes and the end of a document) to {LARGEST_VOCABULARY}"
    raise UserError(
        Problem(f"the vocabulary is {what}", "", "data.vocabulary", str(vocabulary), (expected,))
    )


def version(tokenizer: str) -> str:
    """Return the version of what trains a tokenizer: another one may train it differently."""
    return "" if tokenizer == "byte" else metadata.version("tokenizers")


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer of prepared data."""
    path = folder / "tokenizer.json"
    if read_json(path).get("type") == "byte":
        return BYTE
    import tokenizers  # noqa: PLC0415 (only what decodes text pays for it)

    merges = tokenizers.Tokenizer.from_file(str(path))
    return BpeTokenizer(merges.get_vocab_size(), merges)


def write_split(
    folder: Path, split: Split, documents: Iterable[str], tokenizer: Tokenizer
) -> dict[str, int]:
    """Write the token file of a split, and return its documents, tokens and bytes of text."""
    ends = array("q", [0])
    sizes = array("q")

    def counted() -> Iterator[str]:
        for text in documents:
            sizes.append(len(text.encode()))
            yield text

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            for ids in tokenizer.encode(counted()):
                file.write(ids.astype("<u2").tobytes())
                ends.append(ends[-1] + len(ids))

    write_whole(folder / f"{split}.tokens", write)
    write_array(folder / f"{split}.starts.npy", ends)
    if split == "validation":
        write_array(folder / "validation.bytes.npy", sizes)
    return {"documents": len(sizes), "tokens": ends[-1], "bytes": sum(sizes)}


def read_split(folder: Path, split: Split) -> Documents:
    """Map a split of prepared data into memory; nothing is read until it is used."""
    tokens = np.memmap(folder / f"{split}.tokens", dtype="<u2", mode="r")
    scored = folder / f"{split}.scored"
    return Documents(
        np.asarray(tokens),
        np.load(folder / f"{split}.starts.npy"),
        np.asarray(np.memmap(scored, dtype=np.bool_, mode="r")) if scored.exists() else None,
    )


def document_bytes(folder: Path) -> NDArray[np.int64]:
    """Return the bytes of text of each validation document: [documents]."""
    sizes: NDArray[np.int64] = np.load(folder / "validation.bytes.npy")
    return sizes


def _sample(documents: Iterable[str]) -> Iterator[str]:
    """Yield the first documents, until there are `SAMPLE` characters."""
    size = 0
    for text in documents:
        yield text
        size += len(text)
        if size >= SAMPLE:
            return


def write_array(path: Path, values: ArrayLike) -> None:
    """Write whole numbers as an array of int64."""

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.save(file, np.array(values, dtype=np.int64))

    write_whole(path, write)


def _batches(documents: Iterable[str]) -> Iterator[list[tuple[str, bool]]]:
    """Gather pieces up to a million characters: few ids live as Python integers at once.

    Yields:
        piece, and whether its document ends with it.
    """
    batch: list[tuple[str, bool]] = []
    size = 0
    for text in documents:
        pieces = _pieces(text)
        for index, piece in enumerate(pieces, start=1):
            batch.append((piece, index == len(pieces)))
            size += len(piece)
            if size >= _BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _pieces(text: str) -> list[str]:
    """Cut a long text only where the pre-tokenizer cuts too, so that the ids stay the same."""
    cuts = [0]
    while len(text) - cuts[-1] > PIECE:
        found = _CUT.search(text, cuts[-1] + PIECE)
        if found is None:
            break
        cuts.append(found.start())
    return [text[start:stop] for start, stop in pairwise([*cuts, len(text)])]
