"""What a document is: files and rows, cut line by line, so that a file may be larger than memory.

A unit of text is a file (.txt) or a row (JSONL, Parquet, hub), given as its lines; `Data.documents`
says whether it is a document as it stands or is cut further. One document at a time is in memory.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

Lines = Iterable[str]
"""Text in parts that end with a line break, the last one perhaps without."""

TITLE = re.compile(r" ?= (?!=)[^\n]*(?<! =) = ?")
"""A line ` = Title = ` without its line break; ` = = Section = = ` is none."""


@dataclass
class Tally:
    """What has been counted while documents were read.

    Fields:
        blank: how many were left out because there is no text in them.
    """

    blank: int = 0


def cut(units: Iterable[Lines], documents: str, tally: Tally) -> Iterator[str]:
    """Cut each unit into documents, leaving out and counting those without text.

    Counted are units without text, and lines between others. What stands around paragraphs and
    before the first article is no document.

    Args:
        units: whole files or rows.
        documents: file, line, paragraph or wikitext, as `Data.documents`.
        tally: gets the number of what is left out.
    """
    for unit in units:
        kept = blank = 0
        for part in _CUTS[documents](unit):
            if part.strip():
                kept += 1
                yield part
            else:
                blank += 1
        if documents == "line" and blank:
            tally.blank += blank
        elif not kept:
            tally.blank += 1


def described(documents: str, whole: str) -> str:
    """Return what is a document, in words; `whole` is the word for a unit."""
    words = {"line": "line", "paragraph": "paragraph", "wikitext": "Wikipedia article"}
    return f"every {words.get(documents, whole)} a document"


def _whole(lines: Lines) -> Iterator[str]:
    yield "".join(lines)


def _lines(lines: Lines) -> Iterator[str]:
    for line in lines:
        yield from line.splitlines()


def _paragraphs(lines: Lines) -> Iterator[str]:
    """Cut where one or more empty lines stand between others."""
    paragraph: list[str] = []
    is_between = False
    for line in lines:
        is_empty = line.endswith("\n") and not line.strip(" \t\n")
        if is_empty and paragraph:
            yield "".join(paragraph)[:-1]
            paragraph, is_between = [], True
        elif not (is_empty and is_between):
            paragraph.append(line)
            is_between = False
    yield "".join(paragraph)


def _articles(lines: Lines) -> Iterator[str]:
    """Cut before every ` = Title = ` between empty lines."""
    article: list[str] = []
    has_text = False
    before = ""
    for line, after in pairwise(chain(lines, [""])):
        if has_text and before in {"\n", " \n"} and _is_title(line, after):
            yield "".join(article)
            article = []
        article.append(line)
        has_text = has_text or bool(line.strip())
        before = line
    yield "".join(article)


def _is_title(line: str, after: str) -> bool:
    """Say whether a line is an article's title; after it come an empty line or the end, ""."""
    is_alone = after == "" or (after.endswith("\n") and not after.strip(" \t\n"))
    return is_alone and TITLE.fullmatch(line.removesuffix("\n")) is not None


_CUTS: dict[str, Callable[[Lines], Iterator[str]]] = {
    "file": _whole,
    "line": _lines,
    "paragraph": _paragraphs,
    "wikitext": _articles,
}
