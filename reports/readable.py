"""Text of others made safe to show: no character of it acts on a terminal or on its line."""

import unicodedata

UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories that no line of text has: controls, halves of characters, line ends."""

BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Marks that turn the direction of what follows, also of sentences around a name."""

INSTEAD = "\ufffd"


def readable(text: str) -> str:
    """Return a text with a replacement character for each that would act and not be seen."""
    return "".join(INSTEAD if _acts(each) else each for each in text)


def _acts(character: str) -> bool:
    return character in BIDIRECTIONAL or unicodedata.category(character) in UNSEEN
