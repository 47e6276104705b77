"""Synthetic tasks: each is answered by a few lines that read no further than the question."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from components.errors import UserError
from pipelines.cell import Data
from pipelines.probes import TASKS, draw, shape_of
from tests.training import cell


def data(task, **changed):
    return replace(Data(corpus=task, probe_length=24, probe_items=4, probe_symbols=10), **changed)


def first(own, split="train"):
    return next(draw(own, split))


def recalled(prefix, shape):
    """The value that stood behind the last symbol when it came for the first time."""
    assert prefix[-1] < shape.symbols // 2
    return prefix[prefix.index(prefix[-1]) + 1]


def copied(prefix, shape):
    """The symbol as far behind the start as this one is behind the marker."""
    return prefix[len(prefix) - prefix.index(shape.marker) - 1]


def induced(prefix, shape):
    """What stood behind the marker when it came for the first time."""
    assert prefix[-1] == shape.marker
    return prefix[prefix.index(shape.marker) + 1]


def selected(prefix, shape):
    """The next of the symbols that are no blanks."""
    asked = prefix.index(shape.marker)
    kept = [symbol for symbol in prefix[:asked] if symbol != shape.blank]
    return kept[len(prefix) - asked - 1]


def counted(prefix, shape):
    """Whether the ones are odd in number, of the bits and not of the answers among them."""
    assert prefix[-1] == shape.marker
    group = shape.items + 2
    return sum(bit for at, bit in enumerate(prefix) if at % group < shape.items) % 2


SOLVERS = {
    "recall": recalled,
    "copy": copied,
    "induction": induced,
    "selective_copy": selected,
    "parity": counted,
}

SHAPES = [{}, {"probe_length": 25}, {"probe_items": 1}, {"probe_length": 70, "probe_symbols": 64}]


@pytest.mark.parametrize("changed", SHAPES)
@pytest.mark.parametrize("task", TASKS)
def test_every_answer_follows_from_what_stands_before_it(task, changed):
    own = data(task, **changed)
    shape, made = shape_of(own), first(own)
    answers = 0
    for tokens, scored in zip(made.tokens[:50].tolist(), made.scored[:50], strict=True):
        for place in np.flatnonzero(scored):
            answer = SOLVERS[task](tokens[:place], shape)
            assert answer == tokens[place]
            answers += 1
    assert answers >= 50


@pytest.mark.parametrize(
    ("task", "answers"),
    [("recall", 4), ("copy", 11), ("induction", 1), ("selective_copy", 4), ("parity", 3)],
)
def test_every_document_has_as_many_answers(task, answers):
    assert first(data(task)).scored.sum(axis=1).tolist() == [answers] * 1024


@pytest.mark.parametrize("task", TASKS)
def test_a_document_ends_with_the_end_and_nothing_else_does(task):
    shape, made = shape_of(data(task)), first(data(task))
    assert (made.tokens[:, -1] == shape.end).all()
    assert made.tokens[:, :-1].max() < shape.end
    assert not made.scored[:, -1].any()
    assert made.tokens.min() == 0


@pytest.mark.parametrize("task", TASKS)
def test_answers_are_spread_evenly_over_the_symbols(task):
    made = first(data(task))
    answers = made.tokens[made.scored]
    low = 5 if task == "recall" else 0
    expected = 2 if task == "parity" else 10 - low
    counts = np.bincount(answers)[low:]
    assert len(counts) == expected
    assert np.bincount(answers)[:low].sum() == 0
    assert counts.max() / counts.sum() < 1.3 / expected


def test_a_recall_asks_for_each_key_once():
    made = first(data("recall"))
    keys = made.tokens[:, 0:8:2]
    asked = made.tokens[:, :-1][made.scored[:, 1:]].reshape(-1, 4)
    assert (np.sort(keys) == np.sort(asked)).all()
    assert all(len(set(row)) == 4 for row in keys.tolist())
    assert not (keys == asked).all(axis=1).mean() > 0.2


def test_an_induction_has_its_first_marker_anywhere():
    made = first(data("induction"))
    firsts = (made.tokens == shape_of(data("induction")).marker).argmax(axis=1)
    assert set(firsts.tolist()) == set(range(20))


def test_the_places_of_a_selective_copy_vary():
    made = first(data("selective_copy"))
    patterns = {tuple(row) for row in (made.tokens[:, :18] < 10).tolist()}
    assert len(patterns) > 500


@pytest.mark.parametrize("task", TASKS)
def test_documents_are_decided_by_the_settings_alone(task):
    np.random.seed(0)  # noqa: NPY002  # the global state must not matter
    one = list(islice(draw(data(task), "train"), 2))
    np.random.seed(1)  # noqa: NPY002
    more = list(islice(draw(data(task, probe_documents=7, validation_tokens=9), "train"), 2))
    for made, again in zip(one, more, strict=True):
        assert np.array_equal(made.tokens, again.tokens)
    assert not np.array_equal(one[0].tokens, one[1].tokens)


@pytest.mark.parametrize("task", TASKS)
def test_splits_and_other_settings_have_other_documents(task):
    tokens = first(data(task)).tokens
    assert not np.array_equal(tokens, first(data(task), "validation").tokens)
    assert not np.array_equal(tokens[:, :8], first(data(task, probe_length=26)).tokens[:, :8])


@pytest.mark.parametrize(
    ("task", "changed", "key", "hint"),
    [
        ("recall", {"probe_length": 16}, "data.probe_length", "at least 17"),
        ("copy", {"probe_length": 3}, "data.probe_length", "at least 4"),
        ("induction", {"probe_length": 4}, "data.probe_length", "at least 5"),
        ("selective_copy", {"probe_length": 9}, "data.probe_length", "at least 10"),
        ("parity", {"probe_length": 6}, "data.probe_length", "at least 7"),
        ("parity", {"probe_items": 0}, "data.probe_items", "at least 1"),
        ("recall", {"probe_symbols": 7}, "data.probe_symbols", "at least 8"),
        ("copy", {"probe_symbols": 1}, "data.probe_symbols", "at least 2"),
        ("copy", {"probe_symbols": 65534}, "data.probe_symbols", "at most 65533"),
        ("copy", {"probe_documents": 0}, "data.probe_documents", "at least 1"),
        ("copy", {"validation_tokens": 0}, "data.validation_tokens", "at least 1"),
    ],
)
def test_there_is_no_task_of_an_impossible_shape(task, changed, key, hint):
    with pytest.raises(UserError) as caught:
        shape_of(data(task, **changed))
    (problem,) = caught.value.problems
    assert (problem.key, problem.hints) == (key, (f"expected {hint}",))


@pytest.mark.parametrize("task", TASKS)
def test_the_shortest_length_is_long_enough(task):
    own = data(task)
    shortest = TASKS[task].shortest(shape_of(own))
    made = first(replace(own, probe_length=shortest))
    assert made.scored.any(axis=1).all()


def test_the_defaults_are_tasks():
    assert all(first(Data(corpus=task)).scored.any() for task in TASKS)


def test_a_cell_of_a_task_is_read_back_as_it_was():
    own = replace(cell(), data=data("recall"))
    assert type(own).from_json(own.as_json()) == own
