"""Single numbers and words that a section of a grid holds beside its settings."""

from collections.abc import Sequence

from ablations.tree import Node
from components.errors import nearest

MOST_SEEDS = 100
MOST_TRIALS = 10_000


def read_count(section: Node, key: str, otherwise: int | None, most: int) -> int | None:
    """Read a number of seeds or trials.

    Raises:
        UserError: it is no whole number, or out of range.
    """
    node = section.items.get(key, Node(otherwise, "", ""))
    if key not in section.items:
        return otherwise
    if type(node.value) is not int or not 1 <= node.value <= most:
        raise node.refuse(f"{key} are a number", f"expected 1 to {most}")
    return node.value


def read_word(section: Node, key: str, words: Sequence[str]) -> str:
    """Read one of some words, the first where nothing is said.

    Raises:
        UserError: it is another word.
    """
    node = section.items.get(key, Node(None, "", ""))
    if node.value is None:
        return words[0]
    if node.value not in words:
        hints = (
            f"expected {', '.join(words[:-1])} or {words[-1]}",
            *nearest(str(node.value), words),
        )
        raise node.refuse(f"unknown {key}", *hints)
    return str(node.value)
