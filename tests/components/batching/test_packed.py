"""Packed rows against a stream that is laid out in full."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.batching import Documents
from components.errors import UserError
from tests.builders import component, documents
from tests.oracles.training import packed as oracle

END = 255
LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=8)


def packed(corpus, context=8, window=4, rows=3):
    return component("batching", "packed", corpus, context, window, rows)


def rows_of(made, seed, steps):
    batches = [made.batch(seed, step) for step in range(steps)]
    tokens = np.concatenate([batch.tokens for batch in batches])
    return tokens, np.concatenate([batch.targets for batch in batches])


def each_document(corpus):
    return [corpus.tokens[a:b].tolist() for a, b in pairwise(corpus.starts)]


@settings(deadline=None, max_examples=30)
@given(lengths=LENGTHS, seed=st.integers(0, 5))
def test_targets_are_whole_epochs_of_whole_documents(lengths, seed):
    corpus = documents(lengths)
    total = sum(lengths)
    steps = -(-3 * total // 24)
    _, targets = rows_of(packed(corpus), seed, steps)
    stream = targets.flatten().tolist()
    for epoch in range(3):
        read = stream[epoch * total : (epoch + 1) * total]
        left = each_document(corpus)
        while read:
            document = next(each for each in left if read[: len(each)] == each)
            left.remove(document)
            read = read[len(document) :]
        assert left == []


@settings(deadline=None, max_examples=30)
@given(lengths=LENGTHS, context=st.sampled_from([1, 4, 9]), step=st.integers(0, 20))
def test_rows_are_cut_from_one_stream(lengths, context, step):
    corpus = documents(lengths)
    made = packed(corpus, context, 1, 2)
    # The stream as single targets: a row of one token, so that nothing is cut.
    single = packed(corpus, 1, 1, 2 * context * (step + 1)).batch(4, 0)
    stream = [END, *single.targets.flatten().tolist()]
    batch = made.batch(4, step)
    for row in (0, 1):
        tokens, targets = oracle(stream, context, 2 * step + row)
        assert batch.tokens[row].tolist() == tokens
        assert batch.targets[row].tolist() == targets


def test_the_first_token_of_all_is_predicted_from_the_end_of_a_document():
    assert packed(documents([5, 6])).batch(0, 0).tokens[0, 0] == END


def test_a_row_is_fresh_in_its_first_window_only():
    assert packed(documents([50])).batch(0, 0).fresh.tolist() == [[True, False]] * 3


def test_epochs_are_shuffled_apart():
    corpus = documents([2] * 20)
    _, targets = rows_of(packed(corpus, context=8, rows=5), seed=0, steps=2)
    first, second = targets.reshape(2, -1)
    assert first.tolist() != second.tolist()
    assert sorted(first) == sorted(second)


def test_the_order_does_not_depend_on_batch_or_context():
    corpus = documents([5, 9, 4, 30, 2, 7])
    one = rows_of(packed(corpus, context=8, rows=3), seed=1, steps=4)[1]
    other = rows_of(packed(corpus, context=4, rows=2), seed=1, steps=12)[1]
    assert one.flatten().tolist() == other.flatten().tolist()


def test_a_batch_reads_only_its_own_part_of_a_large_corpus():
    class Counting(np.ndarray):
        read = 0

        def __getitem__(self, key):
            found = super().__getitem__(key)
            Counting.read += found.size
            return found

    corpus = documents([20] * 1000)
    counted = Documents(corpus.tokens.view(Counting), corpus.starts)
    made = packed(counted)
    made.batch(0, 500)
    assert Counting.read <= 3 * 9


def test_tokens_beyond_16_bits_stay_whole():
    corpus = documents([4])
    wide = Documents((corpus.tokens.astype(np.uint32) + 100_000), corpus.starts)
    assert packed(wide).batch(0, 0).tokens.min() > 100_000


def test_a_corpus_without_documents_is_refused():
    nothing = Documents(np.zeros(0, np.uint16), np.zeros(1, np.int64))
    with pytest.raises(UserError, match="batching/packed: there are no documents"):
        packed(nothing)
