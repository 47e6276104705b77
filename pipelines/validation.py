"""Whether losses on two prepared data are of the same text: else nothing may compare them."""

from filecmp import cmp
from pathlib import Path

TEXT = ("validation.tokens", "validation.starts.npy", "validation.scored")


def has_the_same_tokenizer(one: Path, other: Path) -> bool:
    """Say whether two folders of prepared data cut text into the same tokens."""
    return _alike("tokenizer.json", one, other)


def has_the_same_text(one: Path, other: Path) -> bool:
    """Say whether two folders of one tokenizer hold out the same documents, scored alike."""
    return all(_alike(name, one, other) for name in TEXT)


def _alike(name: str, one: Path, other: Path) -> bool:
    files = (one / name, other / name)
    there = [each.exists() for each in files]
    return cmp(*files, shallow=False) if all(there) else not any(there)
