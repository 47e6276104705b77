"""What a grid may say of a component, and what it is told when it says something else."""

from typing import Literal

import pytest

from components.errors import UserError
from components.options import (
    REQUIRED,
    Choice,
    Option,
    declare,
    describe,
    filled,
    fit,
    option_lines,
    plain,
    sections,
    shown,
)

DOCSTRING = """Do a thing.

Formula:  a:b = c.
Shapes:   any.
Options:
    edge: height of the ramp, in units
        of the key.
    span: window: or not.
Errors:   none.
Source:   a book.
"""


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (1, int, 1),
        (1, float, 1.0),
        (1.5, float, 1.5),
        (True, bool, True),
        ("a", str, "a"),
        (None, int | None, None),
        (3, int | None, 3),
        (3, float | None, 3.0),
        (3, int | float, 3),
        (3, float | int, 3),
        ("half", Literal["half", "whole"], "half"),
        ([1, 2], tuple[int, ...], (1, 2)),
        ([1, 2], tuple[float, ...], (1.0, 2.0)),
        ([[1], []], tuple[tuple[int, ...], ...], ((1,), ())),
        ("a", Literal["a"] | None, "a"),
    ],
)
def test_a_value_that_fits_has_the_declared_type(value, annotation, expected):
    fitted = fit(value, annotation)
    assert (fitted, type(fitted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1.0, int),
        (True, int),
        (True, float),
        ("1", int),
        ("1e-3", float),
        (1, bool),
        (None, int),
        (1, str),
        ("third", Literal["half", "whole"]),
        (1, Literal[True]),
        (3, tuple[int, ...]),
        ("ab", tuple[str, ...]),
        ([1, "a"], tuple[int, ...]),
        ("a", int | None),
        (float("nan"), float),
        (float("inf"), float),
        (10**400, float),
        (float("nan"), float | None),
    ],
)
def test_a_value_that_does_not_fit_is_refused(value, annotation):
    with pytest.raises(TypeError):
        fit(value, annotation)


OPTIONS = (
    Option("edge", float, 0.1, "height"),
    Option("layout", Literal["half", "interleaved"], "half", "which"),
    Option("count", int | None, None, "how many"),
)


def test_missing_options_have_their_defaults():
    assert filled("positions/p", OPTIONS, {"edge": 2}) == {
        "edge": 2.0,
        "layout": "half",
        "count": None,
    }


def test_all_problems_are_told_at_once():
    with pytest.raises(UserError) as refused:
        filled("positions/p", OPTIONS, {"egde": 1, "layout": "interleave", "count": 1.5})
    told = {problem.key: problem for problem in refused.value.problems}
    assert set(told) == {"egde", "layout", "count"}
    assert told["egde"].hints[-1] == "did you mean edge?"
    assert told["layout"].hints == (
        "expected one of half, interleaved",
        "did you mean interleaved?",
    )
    assert told["count"].hints == ("expected int or null",)
    assert told["count"].value == "1.5"


def test_a_number_that_is_not_finite_is_told_so():
    with pytest.raises(UserError) as refused:
        filled("positions/p", OPTIONS, {"edge": float("nan")})
    assert refused.value.problems[0].hints == ("expected float, a finite one",)


def test_an_option_without_a_default_must_be_given():
    needed = (Option("edge", float, REQUIRED, "height"),)
    with pytest.raises(UserError, match="positions/p needs its option edge"):
        filled("positions/p", needed, {})
    assert filled("positions/p", needed, {"edge": 1}) == {"edge": 1.0}


def test_an_unknown_option_is_told_the_known_ones():
    with pytest.raises(UserError) as refused:
        filled("positions/p", OPTIONS[:1], {"zzz": 1})
    assert refused.value.problems[0].hints == ("options: edge (float, default 0.1)",)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (int | None, "int or null"),
        (Literal["a", "b"] | None, "one of a, b or null"),
        (tuple[float, ...], "a list of float"),
    ],
)
def test_types_read_as_a_person_would_say_them(annotation, text):
    assert describe(annotation) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ((1, (None,)), "[1, [null]]"),
        ({"a": [True]}, "{a: [true]}"),
    ],
)
def test_values_read_as_yaml_writes_them(value, text):
    assert shown(value) == text


def test_plain_has_lists_for_tuples():
    assert plain({"a": (1, ("b",)), 2: None}) == {"a": [1, ["b"]], "2": None}


def test_a_choice_that_was_json_has_tuples_again():
    choice = Choice("memory", "xl", {"layers": (True, False), "windows": 1})
    assert Choice.from_json(choice.as_json()) == choice
    assert choice.as_json()["options"]["layers"] == [True, False]
    assert choice.path == "memory/xl"


def test_a_docstring_falls_into_its_sections():
    found = sections(DOCSTRING)
    assert list(found) == ["Summary", "Formula", "Shapes", "Options", "Errors", "Source"]
    assert found["Formula"] == "a:b = c."
    assert found["Source"] == "a book."


def test_the_lines_of_an_option_are_joined():
    assert option_lines(DOCSTRING) == {
        "edge": "height of the ramp, in units of the key.",
        "span": "window: or not.",
    }


def test_an_option_that_is_not_described_is_refused():
    with pytest.raises(UserError, match="positions/p: option offset is not described"):
        declare("positions/p", {"edge": (float, 0.1), "offset": (float, 0.0)}, DOCSTRING)
