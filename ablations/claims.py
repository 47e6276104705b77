"""What somebody reported about the variants of a grid: read, checked, never believed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ablations.tree import Node, Problems
from ablations.yaml_source import COMMAND_LINE
from components.errors import Problem, nearest

WORDS = ("better", "worse", "equal")
SHAPES = "expected better, worse, equal, {between: [A, B]} or {loss: 4.926}"


@dataclass(frozen=True)
class Claim:
    """A claim as far as this grid can hold it.

    Fields:
        values: variant -> word or shape, and `source`; None where nothing is left.
        unjudged: the variants of which the file claims what the changed grid cannot judge.
    """

    values: Mapping[str, Any] | None
    unjudged: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of it; nothing is wrong."""
        if not self.unjudged:
            return ()
        names = ", ".join(self.unjudged)
        return (f"what was claimed of {names} is not judged: the command line changed the grid",)


def read_claim(
    node: Node, names: Collection[str], baseline: str, changed: Collection[str]
) -> Claim:
    """Check a grid's claim against its variants.

    Args:
        node: the value of `claim`.
        names: of the variants.
        baseline: the name of the baseline.
        changed: the grid's keys that the command line changed; what the file claims about variants
            that are gone, or against another baseline, is left out and named.

    Raises:
        UserError: a name that is no variant, a claim about the baseline. `check_claim` told the
            rest.
    """
    if node.value is None:
        return Claim(None)
    problems = Problems()
    kept: dict[str, Any] = {}
    unjudged: list[str] = []
    for name, said in node.items.items():
        found = _wrong(name, said, names, baseline)
        elsewhere = "baseline" in changed and said.plain in WORDS
        if said.place != COMMAND_LINE and (elsewhere or (found and changed)):
            unjudged.append(name)
        elif found:
            problems.found += found
        else:
            kept[name] = said.plain
    losses = [name for name, said in kept.items() if isinstance(said, dict) and "loss" in said]
    if losses and baseline not in losses and not problems.found:
        if not changed:
            hint = f"add {baseline}: {{loss: ...}}; the claim is the sign of the difference"
            problems.found.append(node.problem("a loss needs the baseline's beside it", hint))
        unjudged += losses
        kept = {name: said for name, said in kept.items() if name not in losses}
    problems.settle()
    return Claim(kept if set(kept) - {"source"} else None, tuple(unjudged))


def check_claim(node: Node, problems: Problems) -> None:
    """Add to `problems` what is no claim, whatever the variants are called."""
    if node.value is None:
        return
    if not node.items:
        hint = "write {none: worse, source: who said so}"
        problems.found.append(node.problem("a claim is a mapping", hint))
    for name, said in node.items.items():
        if name == "source":
            problems.attempt(None, _check_source, said)
        else:
            problems.attempt(None, _check_shape, name, said)


def _check_source(node: Node) -> None:
    if not isinstance(node.value, str) or not node.value.strip():
        raise node.refuse("the source of a claim is a text", "write who reported it, and where")


def _wrong(name: str, said: Node, names: Collection[str], baseline: str) -> list[Problem]:
    problems = Problems()
    if name == "source":
        return []
    problems.attempt(None, _check_name, name, said, names)
    if name == baseline and said.value in WORDS:
        hint = "say it of the other variants"
        what = "the baseline is what the others are compared with"
        problems.found.append(said.problem(what, hint))
    for end in said.items["between"].value if "between" in said.items else ():
        problems.attempt(None, _check_name, end.value, end, names)
    return problems.found


def _check_name(name: str, node: Node, names: Collection[str]) -> None:
    if name not in names:
        hints = (f"known variants: {'; '.join(names)}", *nearest(name, names))
        raise node.refuse(f"no variant is called {name}", *hints)


def _check_shape(name: str, said: Node) -> None:
    if isinstance(said.value, str) and said.value in WORDS:
        return
    keys = tuple(said.items)
    if keys == ("loss",):
        loss = said.items["loss"]
        if type(loss.value) not in (int, float) or loss.value <= 0:
            raise loss.refuse("a loss is a number above 0", "in nats per token")
    elif keys == ("between",):
        _check_between(name, said.items["between"])
    else:
        word = said.value if isinstance(said.value, str) else ""
        raise said.refuse("that is no claim", SHAPES, *nearest(word, WORDS))


def _check_between(name: str, node: Node) -> None:
    ends = node.plain if isinstance(node.value, tuple) else []
    others = [end for end in ends if isinstance(end, str) and end != name]
    if len(ends) != 2 or len(set(others)) != len(ends):  # noqa: PLR2004  # a lower and an upper end
        raise node.refuse("between needs two other variants", "write between: [A, B]")
