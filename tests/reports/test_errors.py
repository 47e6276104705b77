"""Both copies of the error type say the same."""

import pytest

import components.errors
import reports.errors

COPIES = [components.errors, reports.errors]


@pytest.mark.parametrize("errors", COPIES)
def test_a_problem_names_place_key_value_and_hints(errors):
    problem = errors.Problem("a column is missing", "a.parquet", "loss", "7", ("columns: step",))
    assert str(problem).splitlines() == [
        "error: a column is missing",
        "  a.parquet   loss = 7",
        "  columns: step",
    ]


@pytest.mark.parametrize("errors", COPIES)
def test_an_error_lists_all_its_problems(errors):
    error = errors.UserError("one", errors.Problem("two", "there"))
    assert str(error) == "error: one\nerror: two\n  there"


@pytest.mark.parametrize("errors", COPIES)
def test_the_nearest_name_is_offered(errors):
    assert errors.nearest("positons", ["memory", "positions"]) == ("did you mean positions?",)
    assert errors.nearest("zzz", ["memory", "positions"]) == ()
