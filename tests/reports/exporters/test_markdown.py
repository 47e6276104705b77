"""Markdown that shows any name, read back by another parser."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reports.exporters.markdown import escape, markdown
from reports.exporters.tables import Column, VariantsTable, variants_table
from tests.reports.exporters.tables import HOSTILE, LOSSES, TEXTS, material

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(token: Token) -> str:
    """The text of a cell or paragraph; anything but text is refused."""
    children = token.children or []
    assert {each.type for each in children} <= {"text", "text_special"}, token.content
    return "".join(each.content for each in children)


def read(source: str) -> tuple[str, list[list[str]]]:
    """Return the paragraph and the rows of the table, headings first."""
    tokens = PARSER.parse(source)
    outer = [each.type for each in tokens if each.level == 0 and each.nesting == 1]
    assert outer == ["paragraph_open", "table_open"]
    rows: list[list[str]] = []
    paragraph = ""
    for before, token in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif before.type in {"th_open", "td_open"}:
            rows[-1].append(shown(token))
        elif before.type == "paragraph_open":
            paragraph = shown(token)
    return paragraph, rows


def flat(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


@given(TEXTS, TEXTS, TEXTS)
@example("&lt;", "&#35;", "&amp;amp;")
def test_any_text_is_shown_as_it_is(one, other, caption):
    columns = (Column(one, "left", (other, one)), Column(other, "right", (one, other)))
    table = VariantsTable("grid", caption, (columns,))
    said, rows = read(markdown(table))
    assert said == flat(f"Table: {caption}")
    assert rows == [[flat(one), flat(other)], [flat(other), flat(one)], [flat(one), flat(other)]]


@given(TEXTS)
def test_what_is_escaped_has_no_tags_and_stays_on_its_line(text):
    assert len(escape(text).splitlines()) <= 1
    assert not {"<", ">"} & {*escape(text)}


@pytest.mark.parametrize("losses", [LOSSES, HOSTILE], ids=["plain", "hostile"])
def test_the_rows_are_those_of_the_table(tmp_path, losses):
    table = variants_table(material(tmp_path, losses))
    said, (headings, *rows) = read(markdown(table))
    assert said == f"Table: {flat(table.caption)}"
    assert headings == [each.heading for each in table.columns]
    cells = zip(*(each.cells for each in table.columns), strict=True)
    assert rows == [[flat(each) for each in row] for row in cells]
    assert len(rows) == len(losses)


def test_numbers_stand_on_the_right(tmp_path):
    table = variants_table(material(tmp_path))
    line = markdown(table).splitlines()[3]
    sides = ["right" if each.endswith(": ") else "left" for each in line.strip("|").split("|")]
    assert sides == [each.side for each in table.columns]
    assert {*sides} == {"left", "right"}
