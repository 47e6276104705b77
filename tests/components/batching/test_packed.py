"""Packed rows: what every epoch and every row must keep."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from components.batching import IGNORED, Documents
from components.errors import UserError
from pipelines.windows import parts, read
from tests.builders import VOCABULARY, component, documents, random_decoder

CPU = torch.device("cpu")
END = 255
LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=8)


def packed(corpus, context=8, window=4, rows=3, **options):
    return component("batching", "packed", corpus, context, window, rows, **options)


def rows_of(made, seed, steps):
    batches = [made.batch(seed, step) for step in range(steps)]
    tokens = np.concatenate([batch.tokens for batch in batches])
    return tokens, np.concatenate([batch.targets for batch in batches])


def numbered(lengths):
    """Documents in which every token is another number."""
    total = sum(lengths)
    return Documents(np.arange(total, dtype=np.uint16), np.cumsum([0, *lengths]))


@settings(deadline=None, max_examples=30)
@given(lengths=LENGTHS, seed=st.integers(0, 5), context=st.sampled_from([1, 3, 8]))
def test_every_token_is_predicted_once_in_an_epoch(lengths, seed, context):
    corpus = numbered(lengths)
    together = max(1, sum(lengths) // context)
    _, targets = rows_of(packed(corpus, context, 1, together), seed, steps=3)
    counts = np.bincount(targets.flatten(), minlength=sum(lengths))
    assert counts.max() - counts.min() <= 1


@settings(deadline=None, max_examples=30)
@given(lengths=LENGTHS, seed=st.integers(0, 5), step=st.integers(0, 20))
def test_a_row_runs_through_whole_documents_one_after_the_other(lengths, seed, step):
    corpus = numbered(lengths)
    begins, ends = set(corpus.starts[:-1].tolist()), set((corpus.starts[1:] - 1).tolist())
    batch = packed(corpus).batch(seed, step)
    for before, after in zip(batch.tokens.flatten(), batch.targets.flatten(), strict=True):
        if before in ends:
            assert after in begins
        else:
            assert after == before + 1


@settings(deadline=None, max_examples=30)
@given(lengths=LENGTHS, seed=st.integers(0, 5), step=st.integers(0, 20))
def test_what_is_predicted_is_read_next(lengths, seed, step):
    batch = packed(documents(lengths)).batch(seed, step)
    assert np.array_equal(batch.tokens[:, 1:], batch.targets[:, :-1])


def test_the_rows_of_an_epoch_are_one_stream_in_another_order():
    corpus = numbered([7, 9, 40, 8])
    tokens, targets = rows_of(packed(corpus, context=8, rows=8), seed=2, steps=1)
    begins = tokens[:, 0].tolist()
    followed = [begins.index(last) for last in targets[:, -1] if last in begins]
    assert len(followed) == 7  # all but the last row of the stream
    assert followed != sorted(followed)


def test_a_batch_comes_from_all_over_the_corpus():
    corpus = numbered([800])
    first = packed(corpus, context=8, window=8, rows=4).batch(0, 0).tokens[:, 0]
    assert np.abs(np.diff(np.sort(first))).max() > 8


def test_the_first_token_of_all_is_predicted_from_the_end_of_a_document():
    corpus = documents([5, 6])
    tokens, _ = rows_of(packed(corpus, context=11, window=11, rows=1), seed=0, steps=1)
    assert tokens[0, 0] == END


def test_a_row_is_fresh_in_its_first_window_only():
    assert packed(documents([50])).batch(0, 0).fresh.tolist() == [[True, False]] * 3


def test_epochs_are_shuffled_apart():
    corpus = documents([2] * 20)
    _, targets = rows_of(packed(corpus, context=8, rows=5), seed=0, steps=2)
    first, second = targets.reshape(2, -1)
    assert first.tolist() != second.tolist()
    assert sorted(first) == sorted(second)


def test_the_order_does_not_depend_on_the_size_of_a_batch():
    corpus = documents([5, 9, 4, 30, 2, 7])
    one = rows_of(packed(corpus, context=8, rows=3), seed=1, steps=4)[1]
    other = rows_of(packed(corpus, context=8, rows=2), seed=1, steps=6)[1]
    assert one.tolist() == other.tolist()


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
    assert Counting.read < 100  # of 20,000


def test_tokens_beyond_16_bits_stay_whole():
    corpus = documents([4])
    wide = Documents((corpus.tokens.astype(np.uint32) + 100_000), corpus.starts)
    assert packed(wide).batch(0, 0).tokens.min() > 100_000


def test_a_corpus_without_documents_is_refused():
    nothing = Documents(np.zeros(0, np.uint16), np.zeros(1, np.int64))
    with pytest.raises(UserError, match="batching/packed: there are no documents"):
        packed(nothing)


def test_only_what_is_scored_is_predicted():
    corpus = numbered([7, 9, 4, 30])
    scored = np.arange(50) % 3 == 0
    plain = packed(corpus).batch(0, 1)
    batch = packed(Documents(corpus.tokens, corpus.starts, scored)).batch(0, 1)
    assert np.array_equal(batch.tokens, plain.tokens)
    expected = np.where(plain.targets % 3 == 0, plain.targets, IGNORED)
    assert np.array_equal(batch.targets, expected)


def test_documents_are_counted_in_each_window_where_they_are_kept_apart():
    corpus = documents([3, 7, 6])
    batch = packed(corpus, context=16, window=4, rows=1, document_mask=True).batch(0, 0)
    begins = np.isin(batch.targets[0], corpus.tokens[corpus.starts[:-1]])
    expected = [np.cumsum(window) for window in begins.reshape(4, 4)]
    assert batch.documents.reshape(4, 4).tolist() == [each.tolist() for each in expected]
    assert batch.documents.max() > 0


def test_a_document_may_begin_at_every_place():
    batch = packed(documents([1] * 9), context=8, document_mask=True).batch(0, 0)
    assert batch.documents.reshape(3, 2, 4).tolist() == [[[1, 2, 3, 4]] * 2] * 3


def test_a_mask_changes_neither_tokens_nor_targets():
    corpus = documents([3, 7, 6])
    plain, masked = packed(corpus), packed(corpus, document_mask=True)
    assert plain.batch(0, 0).documents is None
    assert np.array_equal(plain.batch(0, 3).tokens, masked.batch(0, 3).tokens)
    assert np.array_equal(plain.batch(0, 3).targets, masked.batch(0, 3).targets)


def test_only_a_mask_asks_the_model_to_keep_documents_apart():
    corpus = documents([3])
    assert packed(corpus, document_mask=True).keeps_documents_apart
    assert not packed(corpus).keeps_documents_apart


def alone(model, tokens, targets, begins, window):
    """The losses of one row, each document read by itself, cut where the windows of the row are."""
    losses = []
    for begin, end in zip(begins, [*begins[1:], len(tokens)], strict=True):
        state, at = model.start(1), begin
        while at < end:
            stop = min(end, (at // window + 1) * window)
            logits, state, _ = model(tokens[None, at:stop], state)
            losses.append(torch.nn.functional.cross_entropy(logits[0], targets[at:stop]))
            losses[-1] = losses[-1] * (stop - at)
            at = stop
    return torch.stack(losses).sum()


@pytest.mark.parametrize("memory", ["none", "xl"])
@pytest.mark.parametrize("positions", ["none", "rotary", "learned", "alibi"])
def test_documents_kept_apart_are_as_if_each_was_read_alone(memory, positions):
    model = random_decoder(memory=memory, positions=positions)
    random = np.random.default_rng(4)
    starts = np.cumsum([0, 5, 9, 1, 3, 18, 2, 14])
    tokens = random.integers(0, VOCABULARY - 1, starts[-1])
    tokens[starts[1:] - 1] = VOCABULARY - 1
    corpus = Documents(tokens.astype(np.uint16), starts)
    batch = packed(corpus, context=18, window=6, rows=2, document_mask=True).batch(0, 0)
    together = sum(each.nats.double().sum() for each in read(model, parts(batch, CPU), "float32"))
    separately = torch.zeros((), dtype=torch.float64)
    for row in range(2):
        inputs, targets = torch.from_numpy(batch.tokens[row]), torch.from_numpy(batch.targets[row])
        begins = sorted({0, *np.flatnonzero(batch.tokens[row] == VOCABULARY - 1).tolist()})
        separately = separately + alone(model, inputs, targets, begins, window=6)
    gradients = [
        torch.autograd.grad(each, list(model.parameters()), allow_unused=True)
        for each in (together, separately)
    ]
    torch.testing.assert_close(together, separately, rtol=1e-6, atol=0)
    for one, other in zip(*gradients, strict=True):
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
