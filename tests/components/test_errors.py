"""Messages as their readers see them."""

import pytest

from components.errors import Problem, UserError, nearest, unknown


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("it is broken"), "error: it is broken"),
        (Problem("no", key="a.b", value="3"), "error: no\n  a.b = 3"),
        (Problem("no", "grid.yaml:5", "a"), "error: no\n  grid.yaml:5   a"),
        (Problem("no", "grid.yaml:5"), "error: no\n  grid.yaml:5"),
        (
            Problem("no", "grid.yaml:5", "a", "3", ("expected int", "try 4")),
            "error: no\n  grid.yaml:5   a = 3\n  expected int\n  try 4",
        ),
    ],
)
def test_a_problem_reads_from_what_over_where_to_what_next(problem, text):
    assert str(problem) == text


@pytest.mark.parametrize(
    ("key", "prefix", "expected"),
    [
        ("b", "a", "a.b"),
        ("[0].b", "a", "a[0].b"),
        ("", "a", "a"),
        ("b", "", "b"),
    ],
)
def test_a_prefix_stands_before_the_key(key, prefix, expected):
    assert Problem("no", key=key).under(prefix).key == expected


def test_an_error_has_all_its_problems():
    error = UserError(Problem("one"), "two")
    assert [problem.what for problem in error.problems] == ["one", "two"]
    assert str(error) == "error: one\nerror: two"


def test_the_nearest_name_is_offered_and_a_far_one_is_not():
    assert nearest("rotery", ["rotary", "none"]) == ("did you mean rotary?",)
    assert nearest("xyz", ["rotary", "none"]) == ()


def test_an_unknown_name_is_told_the_known_ones():
    problem = unknown("component positions/rotery", "rotery", ["rotary", "none"], "positions")
    assert problem.what == "unknown component positions/rotery"
    assert problem.hints == ("known positions: none, rotary", "did you mean rotary?")
