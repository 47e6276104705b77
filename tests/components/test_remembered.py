"""Which layers act, and whose kept keys are whose."""

import pytest
import torch

from components.memory import Window
from components.remembered import (
    acting,
    before_window,
    beside,
    last_document,
    own_among,
    tokens_behind,
)
from tests.builders import sizes


def window(documents=None, rows=2, length=4):
    own = None if documents is None else torch.tensor(documents)
    return Window.of(torch.zeros(rows, length, 1), own)


def test_a_list_of_layers_repeats():
    assert acting(sizes(layers=5), (True, False)) == (True, False, True, False, True)


def test_layers_without_keys_never_act():
    assert acting(sizes(layers=3, attends=(True, False, True)), (True,)) == (True, False, True)


def test_a_list_of_layers_has_a_member():
    with pytest.raises(ValueError, match="layers: the list has no member"):
        acting(sizes(), ())


def test_a_row_without_documents_is_one():
    own, goes_on = last_document(window())
    assert own.all()
    assert goes_on.all()


def test_the_last_document_of_a_row_goes_on_only_if_none_began():
    own, goes_on = last_document(window([[0, 0, 0, 0], [0, 1, 2, 2]]))
    assert own.int().tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]
    assert goes_on.tolist() == [True, False]


def test_tokens_are_those_of_the_last_document():
    gone = torch.tensor([7, 7])
    assert tokens_behind(window(), gone).tolist() == [11, 11]
    assert tokens_behind(window([[0, 0, 0, 0], [0, 1, 2, 2]]), gone).tolist() == [11, 2]


def test_a_query_of_a_new_document_has_none_before_the_window():
    gone = torch.tensor([7, 3])
    goes_on = torch.tensor([[True, False], [True, True]])
    assert before_window(gone, None).tolist() == [[7], [3]]
    assert before_window(gone, goes_on).tolist() == [[7, 0], [3, 3]]


def test_the_last_keys_of_a_row_are_its_own():
    goes_on = torch.tensor([[True, False]])
    assert own_among(3, torch.tensor([2, 9]), None).int().tolist() == [[[0, 1, 1]], [[1, 1, 1]]]
    assert own_among(3, torch.tensor([2]), goes_on).int().tolist() == [[[0, 1, 1], [0, 0, 0]]]
    assert own_among(0, torch.tensor([2]), None).shape == (1, 1, 0)


def test_what_is_joined_has_the_rows_and_queries_of_the_largest():
    left, right = torch.zeros(1, 1, 2), torch.ones(3, 4, 1)
    assert beside(left, right).shape == (3, 4, 3)
    assert beside(left, right, left)[2, 3].tolist() == [0, 0, 1, 0, 0]
