"""Errors for people; a copy of what components/errors.py has, since reports share no code."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from typing_extensions import override


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what a user gave.

    Fields:
        what: the sentence after "error:".
        place: the file, `results/positions/steps.parquet`; or "command line".
        key: the column, field or argument.
        value: the value as it was written.
        hints: what was expected, the nearest name, the next step; one line each.
    """

    what: str
    place: str = ""
    key: str = ""
    value: str = ""
    hints: tuple[str, ...] = ()

    @override
    def __str__(self) -> str:
        where = f"{self.place}   " if self.place and self.key else self.place
        setting = f"{self.key} = {self.value}" if self.value else self.key
        line = f"{where}{setting}"
        return "\n".join(
            [f"error: {self.what}", *(f"  {part}" for part in (line, *self.hints) if part)]
        )


class UserError(Exception):
    """Bad input. Commands print its problems, all at once, and exit with 2.

    Args:
        problems: what is wrong; a plain string is a problem without a place.
    """

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(Problem(each) if isinstance(each, str) else each for each in problems)
        super().__init__("\n".join(str(each) for each in self.problems))


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the line that names what was probably meant, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return tuple(f"did you mean {match}?" for match in close)
