"""Refilled rows: what BakaLLM's dynamic batches do, and what a slow reading of the rule does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.batching import IGNORED, Documents
from components.errors import UserError
from tests.builders import component, documents
from tests.known import COMPONENTS

END = 255
LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def refill(corpus, context=8, window=4, rows=3):
    return component("batching", "refill", corpus, context, window, rows)


def lettered(words):
    starts = np.cumsum([0, *(len(word) for word in words)])
    return Documents(np.array([ord(each) for each in "".join(words)], dtype=np.uint16), starts)


def in_order():
    """A seed by which the first epoch of three documents has them as they lie."""
    made = component("batching", "padded", lettered("ABC"), 1, 1, 3)
    return next(
        seed for seed in range(100) if words(made.batch(seed, 0).targets, 1) == [["A", "B", "C"]]
    )


def words(targets, window):
    """Targets [rows, context] as text, window after window, _ where there is none."""
    text = np.where(targets == IGNORED, ord("_"), targets)
    return [
        ["".join(map(chr, row)) for row in part]
        for part in np.hsplit(text, text.shape[1] // window)
    ]


KNOWN = COMPONENTS["refill_rows2_window4"]


def test_rows_are_those_of_the_known_answer():
    batch = refill(lettered(KNOWN["documents"]), context=16, rows=2).batch(in_order(), 0)
    found = words(batch.targets, 4)
    assert found[:3] == KNOWN["steps_refill"][:3]
    assert found[3][1] == KNOWN["steps_refill"][3][1]  # the other row begins the second epoch here


def test_rows_forget_as_in_the_known_answer():
    batch = refill(lettered(KNOWN["documents"]), context=16, rows=2).batch(in_order(), 0)
    assert batch.fresh.T.tolist()[:3] == KNOWN["reset_before_step"][:3]


def test_padded_rows_are_those_of_the_known_answer():
    made = component("batching", "padded", lettered(KNOWN["documents"]), 12, 4, 2)
    seed = in_order()
    found = words(made.batch(seed, 0).targets, 4) + words(made.batch(seed, 1).targets, 4)
    assert found[:3] == KNOWN["steps_padded"][:3]
    assert [first for first, _ in found[3:5]] == [first for first, _ in KNOWN["steps_padded"][3:5]]


def slowly(corpus, order, rows, window, windows):
    """Every row window by window: tokens, targets, whether it forgets; documents without end."""
    queue, now = iter(order), [None] * rows
    for _ in range(windows):
        line = []
        for row in range(rows):
            fresh = now[row] is None
            if fresh:
                number = next(queue)
                own = corpus.tokens[corpus.starts[number] : corpus.starts[number + 1]].tolist()
                now[row] = ([END, *own[:-1]], own)
            tokens, targets = now[row]
            padding = [END] * (window - len(tokens[:window]))
            ignored = [IGNORED] * len(padding)
            line.append((tokens[:window] + padding, targets[:window] + ignored, fresh))
            now[row] = (tokens[window:], targets[window:]) if len(tokens) > window else None
        yield line


@settings(deadline=None, max_examples=40)
@given(lengths=LENGTHS, seed=st.integers(0, 5), rows=st.integers(1, 4), each=st.integers(1, 3))
def test_rows_go_on_from_step_to_step_and_take_the_next_document(lengths, seed, rows, each):
    corpus, window, steps = documents(lengths), 4, 6
    made = refill(corpus, each * window, window, rows)
    order = [made._orders.nth(seed, place)[1] for place in range(rows * each * steps)]
    expected = list(slowly(corpus, order, rows, window, each * steps))
    for step in range(steps):
        batch = made.batch(seed, step)
        for index in range(each):
            here = slice(index * window, (index + 1) * window)
            for row in range(rows):
                tokens, targets, fresh = expected[step * each + index][row]
                assert batch.tokens[row, here].tolist() == tokens
                assert batch.targets[row, here].tolist() == targets
                assert batch.fresh[row, index] == (fresh or index == 0)


@pytest.mark.parametrize("lengths", [[5, 6, 8, 7, 8], [8] * 4])
def test_with_one_document_in_a_row_it_is_padded(lengths):
    corpus = documents(lengths)
    ours, padded = refill(corpus), component("batching", "padded", corpus, 8, 4, 3)
    for step in range(5):
        one, other = ours.batch(1, step), padded.batch(1, step)
        assert np.array_equal(one.tokens, other.tokens)
        assert np.array_equal(one.targets, other.targets)
        assert np.array_equal(one.fresh, other.fresh)


def test_more_is_predicted_than_in_padded_rows():
    corpus = documents([5, 3, 9, 2])
    counts = [
        np.count_nonzero(
            component("batching", name, corpus, 32, 4, 2).batch(0, 0).targets != IGNORED
        )
        for name in ("refill", "padded")
    ]
    assert counts[0] > 2 * counts[1]


def test_only_what_is_scored_is_predicted():
    corpus = documents([7, 9, 4, 30])
    scored = np.arange(50) % 3 == 0
    plain = refill(corpus).batch(0, 1)
    batch = refill(Documents(corpus.tokens, corpus.starts, scored)).batch(0, 1)
    kept = np.isin(plain.targets, corpus.tokens[scored & (corpus.tokens != END)])
    assert np.array_equal(batch.tokens, plain.tokens)
    assert (batch.targets[kept] == plain.targets[kept]).all()
    assert set(batch.targets[~kept].tolist()) <= {IGNORED, END}


def test_a_row_is_one_document_at_a_time():
    assert refill(documents([5, 6])).batch(0, 0).documents is None


def test_a_corpus_without_documents_is_refused():
    nothing = Documents(np.zeros(0, np.uint16), np.zeros(1, np.int64))
    with pytest.raises(UserError, match="batching/refill: there are no documents"):
        refill(nothing)
