"""What variants are given equally much of: `match: {parameters: mlp.width}` solves a free option.

`hold: flops` is the same with the steps of the training: every variant gets as many as its FLOPs
allow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from ablations.assignments import known_setting
from ablations.tree import Node, Problems
from components.catalogue import Catalogue
from components.errors import nearest

QUANTITIES = ("parameters", "flops")
TOLERANCE = 0.01
"""Relative difference from the baseline that counts as equal, where a grid does not say."""

EXAMPLE = "{parameters: mlp.width}"
FLOPS_STEPS = "training.steps"
LARGEST = 2**20
"""Of an option that is solved."""

Quantity = Literal["parameters", "flops"]
Measured = Callable[[int], float]
"""Value of the free option -> the quantity; raises UserError where no model has that value."""


@dataclass(frozen=True)
class Match:
    """What is made equal by which option.

    Fields:
        quantity: parameters of the model, or FLOPs per token.
        key: the option or size that is free, a whole number.
        tolerance: relative difference from the baseline that counts as equal.
        multiple: of which the value is a multiple.
        node: where the key stands.
    """

    quantity: Quantity
    key: str
    tolerance: float
    multiple: int
    node: Node


def read_match(node: Node, catalogue: Catalogue, problems: Problems) -> Match | None:
    """Read `match` of a grid; what is wrong is added to `problems`."""
    if not node.items:
        hint = f"write match: {EXAMPLE}"
        problems.found.append(node.problem("match says what is made equal, by which option", hint))
        return None
    known = (*QUANTITIES, "tolerance", "multiple")
    for key, each in node.items.items():
        if key not in known:
            hints = (f"expected {', '.join(known)}", *nearest(key, known))
            problems.found.append(each.problem(f"match has no key {key}", *hints))
    named = [key for key in node.items if key in QUANTITIES]
    tolerance = problems.attempt(TOLERANCE, _tolerance, node.items.get("tolerance"))
    multiple = problems.attempt(1, _multiple, node.items.get("multiple"))
    if len(named) != 1:
        what = "match makes one quantity equal"
        problems.found.append(node.problem(what, f"write match: {EXAMPLE}, or flops: ..."))
        return None
    free = node.items[named[0]]
    key = problems.attempt("", _free, free, catalogue)
    return Match(cast("Quantity", named[0]), key, tolerance, multiple, free) if key else None


def _tolerance(node: Node | None) -> float:
    if node is None:
        return TOLERANCE
    if type(node.value) not in (int, float) or not 0 < node.value < 1:
        raise node.refuse("the tolerance is a share", "expected above 0 and below 1, such as 0.01")
    return float(node.value)


def _multiple(node: Node | None) -> int:
    if node is None:
        return 1
    if type(node.value) is not int or not 1 <= node.value <= LARGEST:
        raise node.refuse("a multiple is a whole number", "expected 1 or more, such as 8")
    return node.value


def _free(node: Node, catalogue: Catalogue) -> str:
    """Return the key of a setting that holds a whole number."""
    if not isinstance(node.value, str):
        raise node.refuse("the free option is named by its key", f"write match: {EXAMPLE}")
    annotations = known_setting(node, node.value, catalogue)
    if not any(annotation in (int, int | None) for annotation in annotations):
        raise node.refuse(f"{node.value} is no whole number", f"write match: {EXAMPLE}")
    if node.value.partition(".")[0] in ("data", "training"):
        hint = "hold: flops gives every variant the steps that its FLOPs allow"
        raise node.refuse("a setting of the model is matched", hint)
    return node.value


def solve(match: Match, target: float, start: int, measured: Measured, variant: str) -> int:
    """Return the value with which a variant is nearest to the baseline.

    The quantity is taken to grow with the option. Bisection, from a value that is known to build.

    Args:
        match: what is made equal.
        target: the baseline's quantity.
        start: a value with which the variant can be built.
        measured: the quantity at a value.
        variant: its name, for the message.

    Raises:
        UserError: no value is within the tolerance; the message says by how much the nearest
            misses.
    """
    step = match.multiple

    def at(count: int) -> float:
        return measured(step * count)

    low, high = _bracket(target, max(1, round(start / step)), at)
    while high - low > 1:
        middle = (low + high) // 2
        if at(middle) <= target:
            low = middle
        else:
            high = middle
    found = step * min((low, high), key=lambda count: abs(at(count) - target))
    missed = measured(found) / target - 1
    if abs(missed) <= match.tolerance:
        return found
    what = f"{variant} cannot have as many {_words(match)} as the baseline"
    raise match.node.refuse(
        what,
        f"nearest is {match.key} = {found}: {_amount(measured(found))}, {_missed(missed)}",
        f"the baseline has {_amount(target)}, and {100 * match.tolerance:g} % is allowed;"
        " raise match.tolerance, or free another option",
    )


def _bracket(target: float, start: int, measured: Measured) -> tuple[int, int]:
    """Return two values with the target between their quantities, as far as there are such."""
    low = high = start
    while measured(high) < target and high < LARGEST:
        low, high = high, 2 * high
    while measured(low) > target and low > 1:
        low, high = max(1, low // 2), low
    return low, high


def _words(match: Match) -> str:
    return "parameters" if match.quantity == "parameters" else "FLOPs per token"


def _amount(value: float) -> str:
    return f"{value:,.0f}"


def _missed(share: float) -> str:
    return f"{abs(100 * share):.2g} % {'more' if share > 0 else 'fewer'}"


def steps_of(baseline_steps: int, baseline_flops: float, own_flops: float) -> int:
    """Return the steps with which a variant uses as many FLOPs as the baseline, at least one.

    Args:
        baseline_steps: of the baseline's training.
        baseline_flops: of one step of the baseline.
        own_flops: of one step of the variant.
    """
    return max(1, round(baseline_steps * baseline_flops / own_flops))
