import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import UserError
from pipelines import tokens
from pipelines.tokens import BYTE, read_split, read_tokenizer, train_bpe, write_split

TEXT = [
    "The lobster may grow to a length of 60 cm, and bears a conspicuous pair of claws.\n" * 3,
    "In life, the lobsters are blue, only becoming 'lobster red' on cooking.\n\n  It's – really.",
    "def f(x):\n\treturn x ** 2  # a comment\n",
]
BPE = train_bpe(TEXT, 320)
texts = st.lists(st.text(), min_size=1, max_size=4)


def test_bytes_are_those_of_utf8_and_256_ends_a_document():
    assert [ids.tolist() for ids in BYTE.encode(["é", ""])] == [[195, 169, 256], [256]]
    assert BYTE.vocabulary == 257


@settings(deadline=None)
@given(texts)
def test_bytes_return_to_the_same_text(documents):
    assert [BYTE.decode(ids) for ids in BYTE.encode(documents)] == documents


@settings(deadline=None)
@given(texts)
def test_a_trained_tokenizer_returns_any_text_also_what_it_has_never_seen(documents):
    assert [BPE.decode(ids) for ids in BPE.encode(documents)] == documents


@pytest.mark.parametrize("tokenizer", [BYTE, BPE])
@settings(deadline=None)
@given(texts)
def test_the_end_of_a_document_stands_at_its_end_alone(tokenizer, documents):
    for ids in tokenizer.encode([*documents, "<|end|> <|endoftext|> </s>"]):
        assert np.flatnonzero(ids == tokenizer.end).tolist() == [len(ids) - 1]
        assert ids.max() == tokenizer.end == tokenizer.vocabulary - 1


def test_a_trained_tokenizer_is_shorter_than_bytes():
    ours, theirs = (sum(len(ids) for ids in each.encode(TEXT)) for each in (BPE, BYTE))
    assert ours < 0.6 * theirs


def test_the_vocabulary_is_the_one_asked_for_with_the_end_in_it():
    assert BPE.vocabulary == 320


def test_too_little_text_gives_a_smaller_vocabulary():
    assert train_bpe(["abcabc"], 300).vocabulary < 300


def test_the_same_text_trains_the_same_tokenizer(tmp_path):
    for name in "12":
        train_bpe(TEXT, 320).save(tmp_path / name)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("a'sZ .,\n\t1é\u2003"), max_size=60))
def test_a_long_document_cut_into_pieces_keeps_its_ids(text):
    whole = BPE.merges.encode(text).ids
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "PIECE", 1)
        assert next(BPE.encode([text])).tolist() == [*whole, BPE.end]


def test_pieces_that_fall_into_two_batches_are_one_document(monkeypatch):
    whole = [ids.tolist() for ids in BPE.encode(TEXT)]
    monkeypatch.setattr(tokens, "PIECE", 5)
    monkeypatch.setattr(tokens, "_BATCH", 7)
    assert [ids.tolist() for ids in BPE.encode(TEXT)] == whole


def test_encoding_holds_few_ids_as_python_integers():
    document = "\n".join(TEXT) * 6_000
    peaks = []
    for copies in (1, 2):
        tracemalloc.start()
        count = sum(len(ids) for ids in BPE.encode([document[: len(document) // 2]] * copies))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert count > 500_000
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("size", [65536, 100_000])
def test_a_vocabulary_beyond_16_bits_is_refused(size):
    with pytest.raises(UserError, match=rf"too large(?s:.)*data\.vocabulary = {size}"):
        train_bpe(TEXT, size)


def test_a_vocabulary_without_room_for_bytes_is_refused():
    with pytest.raises(UserError, match=r"too small(?s:.)*expected 257 .* to 65535"):
        train_bpe(TEXT, 256)


@pytest.mark.parametrize("size", [257, 65535])
def test_the_smallest_and_largest_vocabulary_are_accepted(size):
    tokens.refuse_vocabulary(size)


@pytest.mark.parametrize("tokenizer", [BYTE, BPE])
def test_a_saved_tokenizer_is_read_again(tmp_path, tokenizer):
    tokenizer.save(tmp_path / "tokenizer.json")
    again = read_tokenizer(tmp_path)
    assert again.vocabulary == tokenizer.vocabulary
    assert [i.tolist() for i in again.encode(TEXT)] == [i.tolist() for i in tokenizer.encode(TEXT)]


@pytest.mark.parametrize("tokenizer", [BYTE, BPE])
def test_a_written_split_holds_every_document_between_its_starts(tmp_path, tokenizer):
    write_split(tmp_path, "train", TEXT, tokenizer)
    found = read_split(tmp_path, "train")
    cut = [found.tokens[start:stop] for start, stop in pairwise(found.starts)]
    assert [tokenizer.decode(ids) for ids in cut] == TEXT
    assert all(ids[-1] == tokenizer.end for ids in cut)
    assert found.starts[-1] == len(found.tokens)


def test_a_split_is_mapped_not_read(tmp_path):
    write_split(tmp_path, "train", TEXT, BYTE)
    found = read_split(tmp_path, "train")
    assert isinstance(found.tokens.base, np.memmap)
    assert found.tokens.dtype == np.uint16
    assert found.starts.dtype == np.int64


def test_sizes_are_counted_in_documents_tokens_and_bytes(tmp_path):
    sizes = write_split(tmp_path, "validation", ["é", "ab"], BYTE)
    assert sizes == {"documents": 2, "tokens": 6, "bytes": 4}
    assert tokens.document_bytes(tmp_path).tolist() == [2, 2]


def test_of_much_text_the_first_documents_train_a_tokenizer(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "SAMPLE", len(TEXT[0]) + 1)
    asked = []
    texts = (asked.append(text) or text for text in (*TEXT, "never"))
    train_bpe(texts, 320).save(tmp_path / "1")
    train_bpe(TEXT[:2], 320).save(tmp_path / "2")
    assert asked == TEXT[:2]
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_writing_a_split_holds_a_document_and_where_each_begins(tmp_path):
    peaks = []
    for count in (20, 2000):
        tracemalloc.start()
        write_split(tmp_path, "train", ("text " * 500 for _ in range(count)), BYTE)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 200_000 < 2000 * 2500
