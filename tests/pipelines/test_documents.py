import re
from io import StringIO
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.documents import Tally, cut, described

KINDS = ["file", "line", "paragraph", "wikitext"]
ARTICLE = re.compile(
    r"(?:\A\s*|(?<=\n\n)|(?<=\n \n)) ?= (?!=)[^\n]*(?<! =) = ?(?=\n[ \t]*\n|\n?\Z)"
)

lines = st.sampled_from(
    [
        *(
            "",
            " ",
            "\t",
            "  ",
            "\x0b",
            "one",
            " two ",
            "three = 3",
            " = Title = ",
            "= Short =",
            "\r",
        ),
        *(
            " = = Section = = ",
            " =  = ",
            " = a = b = ",
            " = Open ",
            "\t = Tab = ",
            "a\u2028b",
            " = A =",
        ),
    ]
)
texts = st.builds(
    str.__add__, st.builds("\n".join, st.lists(lines, max_size=9)), st.sampled_from(["", "\n"])
)


def whole(text: str, documents: str) -> list[str]:
    """What a text is cut into, by expressions over all of it."""
    if documents == "line":
        parts = text.splitlines()
    elif documents == "paragraph":
        parts = re.split(r"\n(?:[ \t]*\n)+", text)
    elif documents == "wikitext":
        starts = [0, *(found.start() for found in ARTICLE.finditer(text)), len(text)]
        parts = [text[a:b] for a, b in pairwise(starts)]
    else:
        parts = [text]
    return [part for part in parts if part.strip()]


@pytest.mark.parametrize("documents", KINDS)
@settings(deadline=None, max_examples=500)
@given(texts)
@example("\n\n = Title = \n\none")
@example("one\n\n = Title = ")
@example("one\n \n = Title = \n\t")
def test_cutting_line_by_line_is_cutting_the_whole(documents, text):
    assert list(cut([StringIO(text)], documents, Tally())) == whole(text, documents)


@pytest.mark.parametrize("documents", KINDS)
@given(texts)
def test_cutting_loses_no_word(documents, text):
    assert "\n".join(cut([StringIO(text)], documents, Tally())).split() == text.split()


@pytest.mark.parametrize("documents", ["line", "paragraph", "wikitext"])
def test_a_document_comes_before_the_rest_of_its_file_is_read(documents):
    read = []

    def long():
        for n in range(1000):
            for line in (f" = Title {n} = \n", "\n", "text\n", "\n"):
                read.append(line)
                yield line

    assert next(cut([long()], documents, Tally())).strip().startswith("= Title 0 =")
    assert len(read) < 8


@pytest.mark.parametrize(
    ("documents", "count"), [("file", 2), ("line", 4), ("paragraph", 2), ("wikitext", 2)]
)
def test_units_without_text_are_counted_and_lines_between_others(documents, count):
    tally = Tally()
    list(cut(map(StringIO, ["one\n\n \ntwo\n", "", " \n"]), documents, tally))
    assert tally.blank == count


def test_what_is_a_document_is_said():
    assert described("file", "row") == "every row a document"
    assert described("wikitext", "file") == "every Wikipedia article a document"
