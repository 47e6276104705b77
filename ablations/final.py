"""`final: tail`: verdicts about the mean of the last validations instead of the last one alone."""

from collections.abc import Iterator

from ablations.language import Declared
from ablations.left_open import Open
from ablations.terms import Terms
from ablations.tree import Node, Problems
from components.errors import Problem

ENOUGH = 11
"""Validations of a training, evenly spaced, of which so many lie in its end: 9 to 11 of 11."""


def refuse_final(
    terms: Terms, root: Node, declared: Declared, left_open: Open, problems: Problems
) -> None:
    """Add a problem for everything that `final: tail` does not go with."""
    if terms.final == "tail":
        problems.found += _problems(root.items["final"], terms, declared, left_open)


def warnings(terms: Terms, root: Node, declared: Declared) -> tuple[str, ...]:
    """Warn where the loss still falls while it is averaged, so that the mean is of the past."""
    if terms.final != "tail":
        return ()
    schedule = {**declared.preset, **declared.fixed}.get("schedule")
    if schedule is None or "constant" in (schedule.value, *schedule.items):
        return ()
    name = next(iter(schedule.items), schedule.value)
    warning = (
        f"final = tail: with schedule {name} the loss still falls in the last fifth, so its mean "
        f"is of the past; it is meant for schedule=constant ({root.items['final'].place})"
    )
    return (warning,)


def _problems(node: Node, terms: Terms, declared: Declared, left_open: Open) -> Iterator[Problem]:
    if len(terms.evaluate) > 1:
        hint = "other lengths are evaluated after the last step alone: take one of the two out"
        yield node.problem("final = tail does not go with evaluate.lengths", hint)
    if left_open.axes:
        hint = "what is chosen before is chosen by the last validation: take final out"
        yield node.problem("final = tail does not go with tune or search", hint)
    count = {**declared.preset, **declared.fixed}.get("training.validations")
    if count is not None and type(count.value) is int and count.value < ENOUGH:
        hint = f"set training.validations to {ENOUGH} or more"
        what = f"{count.value} validations have too few in the last fifth of the training"
        yield node.problem(what, hint)
