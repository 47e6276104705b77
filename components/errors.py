"""Errors written for the person who reads them: what is wrong, where, what was expected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from typing_extensions import override


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what a user gave.

    Fields:
        what: the sentence after "error:".
        place: file and line, `ablations/grids/positions.yaml:5`; or "command line".
        key: the dotted key, `axes.positions[0]`.
        value: the value as it was written.
        hints: what was expected, the nearest name, the next step; one line each.
    """

    what: str
    place: str = ""
    key: str = ""
    value: str = ""
    hints: tuple[str, ...] = ()

    def under(self, prefix: str) -> "Problem":
        """Return the same problem with `prefix` in front of its key."""
        joint = "" if not self.key or self.key.startswith("[") or not prefix else "."
        return replace(self, key=f"{prefix}{joint}{self.key}")

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


ELSEWHERE: Mapping[str, str] = {
    "lr": "learning_rate",
    "wd": "weight_decay",
    "bs": "batch",
    "batch_size": "batch",
    "block_size": "context",
    "seq_len": "context",
    "max_steps": "steps",
    "d_model": "width",
    "hidden_size": "width",
    "n_layers": "layers",
    "num_layers": "layers",
    "n_heads": "heads",
    "num_heads": "heads",
    "rope": "rotary",
    "nope": "none",
}
"""What other projects call it -> what it is called here."""


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the line that names what was probably meant, or nothing."""
    names = list(known)
    if ELSEWHERE.get(name) in names:
        return (f"did you mean {ELSEWHERE[name]}?",)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return tuple(f"did you mean {match}?" for match in close)


def unknown(what: str, name: str, known: Iterable[str], listed: str) -> Problem:
    """Describe a name nobody knows, with the ones that exist and the nearest of them.

    Args:
        what: "component positions/rotery", the thing that does not exist.
        name: the part that may be misspelt.
        known: the names that would have been accepted.
        listed: what the known names are, "positions", for the line that lists them.
    """
    names = sorted(known)
    hints = (f"known {listed}: {', '.join(names)}", *nearest(name, names))
    return Problem(f"unknown {what}", hints=hints)
