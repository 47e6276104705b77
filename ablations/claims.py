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
        warnings: what was left out because the command line took a variant away.
    """

    values: Mapping[str, Any] | None
    warnings: tuple[str, ...]


def read_claim(
    node: Node, names: Collection[str], baseline: str, changed: Collection[str]
) -> Claim:
    """Check a grid's claim against its variants.

    Args:
        node: the value of `claim`.
        names: of the variants.
        baseline: the name of the baseline.
        changed: the grid's keys that the command line changed; what the file claims about variants
            that are gone, or against another baseline, is left out with a warning.

    Raises:
        UserError: a name that is no variant, a shape that is no claim.
    """
    if node.value is None:
        return Claim(None, ())
    if not node.items:
        raise node.refuse("a claim is a mapping", "write {none: worse, source: who said so}")
    problems = Problems()
    kept: dict[str, Any] = {}
    warnings: list[str] = []
    for name, said in node.items.items():
        found = _wrong(name, said, names, baseline)
        elsewhere = "baseline" in changed and said.plain in WORDS
        if said.place != COMMAND_LINE and (elsewhere or (found and changed)):
            warnings.append(
                f"the claim about {name} is left out: the command line changed the grid"
            )
        elif found:
            problems.found += found
        else:
            kept[name] = said.plain
    losses = [name for name, said in kept.items() if isinstance(said, dict) and "loss" in said]
    if losses and baseline not in losses and not problems.found:
        if not changed:
            hint = f"add {baseline}: {{loss: ...}}; the claim is the sign of the difference"
            problems.found.append(node.problem("a loss needs the baseline's beside it", hint))
        kept = {name: said for name, said in kept.items() if name not in losses}
    problems.settle()
    return Claim(kept if set(kept) - {"source"} else None, tuple(warnings))


def _check_source(node: Node) -> None:
    if not isinstance(node.value, str) or not node.value.strip():
        raise node.refuse("the source of a claim is a text", "write who reported it, and where")


def _wrong(name: str, said: Node, names: Collection[str], baseline: str) -> list[Problem]:
    problems = Problems()
    if name == "source":
        problems.attempt(None, _check_source, said)
        return problems.found
    problems.attempt(None, _check_name, name, said, names)
    problems.attempt(None, _check_shape, name, said, names, baseline)
    return problems.found


def _check_name(name: str, node: Node, names: Collection[str]) -> None:
    if name not in names:
        hints = (f"known variants: {'; '.join(names)}", *nearest(name, names))
        raise node.refuse(f"no variant is called {name}", *hints)


def _check_shape(name: str, said: Node, names: Collection[str], baseline: str) -> None:
    if isinstance(said.value, str) and said.value in WORDS:
        if name == baseline:
            hint = "say it of the other variants"
            raise said.refuse("the baseline is what the others are compared with", hint)
        return
    keys = tuple(said.items)
    if keys == ("loss",):
        loss = said.items["loss"]
        if type(loss.value) not in (int, float) or loss.value <= 0:
            raise loss.refuse("a loss is a number above 0", "in nats per token")
    elif keys == ("between",):
        _check_between(name, said.items["between"], names)
    else:
        word = said.value if isinstance(said.value, str) else ""
        raise said.refuse("that is no claim", SHAPES, *nearest(word, WORDS))


def _check_between(name: str, node: Node, names: Collection[str]) -> None:
    ends = node.plain if isinstance(node.value, tuple) else []
    others = [end for end in ends if isinstance(end, str) and end != name]
    if len(ends) != 2 or len(set(others)) != len(ends):  # noqa: PLR2004  # a lower and an upper end
        raise node.refuse("between needs two other variants", "write between: [A, B]")
    problems = Problems()
    for end in node.value:
        problems.attempt(None, _check_name, end.value, end, names)
    problems.settle()
