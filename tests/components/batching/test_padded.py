"""Padded rows: a document each, nothing predicted behind its end."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.batching import IGNORED, Documents
from components.errors import UserError
from tests.builders import component, documents

END = 255
LENGTHS = st.lists(st.integers(1, 25), min_size=1, max_size=8)


def padded(corpus, context=8, window=4, rows=3):
    return component("batching", "padded", corpus, context, window, rows)


def lines(made, seed, steps):
    batches = [made.batch(seed, step) for step in range(steps)]
    tokens = [line for batch in batches for line in batch.tokens.tolist()]
    targets = [line for batch in batches for line in batch.targets.tolist()]
    return list(zip(tokens, targets, strict=True))


def pieces(corpus, context):
    """Input and target of every row that an epoch must have, one token after the other."""
    found = []
    for first, last in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        own = [int(each) for each in corpus.tokens[first:last]]
        before = END
        for begin in range(0, len(own), context):
            part = own[begin : begin + context]
            padding = context - len(part)
            found.append(([before, *part[:-1], *[END] * padding], [*part, *[IGNORED] * padding]))
            before = part[-1]
    return found


@settings(deadline=None, max_examples=30)
@given(lengths=LENGTHS, seed=st.integers(0, 5), context=st.sampled_from([4, 8]))
def test_an_epoch_has_every_document_once_cut_into_rows_of_the_context(lengths, seed, context):
    corpus = documents(lengths)
    expected = pieces(corpus, context)
    found = lines(padded(corpus, context, 4, rows=len(expected)), seed, steps=1)
    assert sorted(found) == sorted(expected)


def test_epochs_are_shuffled_apart():
    found = lines(padded(documents([3] * 20), rows=20), seed=0, steps=2)
    assert found[:20] != found[20:]
    assert sorted(found[:20]) == sorted(found[20:])


def test_the_order_does_not_depend_on_the_size_of_a_batch():
    corpus = documents([5, 9, 4, 30, 2, 7])
    assert lines(padded(corpus, rows=3), 1, 4) == lines(padded(corpus, rows=2), 1, 6)


def test_a_row_is_fresh_in_its_first_window_only():
    assert padded(documents([50])).batch(0, 0).fresh.tolist() == [[True, False]] * 3


def test_a_row_is_one_document():
    assert padded(documents([5, 6])).batch(0, 0).documents is None


def test_only_what_is_scored_is_predicted():
    corpus = documents([7, 9, 4, 30])
    scored = np.arange(50) % 3 == 0
    plain = padded(corpus).batch(0, 1)
    batch = padded(Documents(corpus.tokens, corpus.starts, scored)).batch(0, 1)
    kept = np.isin(plain.targets, corpus.tokens[scored & (corpus.tokens != END)])
    assert np.array_equal(batch.tokens, plain.tokens)
    assert (batch.targets[kept] == plain.targets[kept]).all()
    assert set(batch.targets[~kept].tolist()) <= {IGNORED, END}


def test_a_corpus_without_documents_is_refused():
    nothing = Documents(np.zeros(0, np.uint16), np.zeros(1, np.int64))
    with pytest.raises(UserError, match="batching/padded: there are no documents"):
        padded(nothing)
