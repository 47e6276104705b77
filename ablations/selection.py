"""Which cells a command line names with `only=`."""

from collections.abc import Sequence

from ablations.planning import Plan, Planned
from components.errors import Problem, UserError, nearest


def selected(planned: Plan, only: Sequence[str]) -> tuple[Planned, ...]:
    """Return the cells to do, restricted to those that `only` names: `none/3` or a variant.

    Raises:
        UserError: a name that is neither.
    """
    refuse_unknown(planned, only)
    return tuple(
        each for each in planned.to_do if not only or each.name in only or each.variant in only
    )


def refuse_unknown(planned: Plan, only: Sequence[str]) -> None:
    """Refuse names that are neither cells nor variants of a plan.

    Raises:
        UserError: there is such a name.
    """
    known = [each.name for each in planned.cells] + [each.name for each in planned.variants]
    unknown = [name for name in only if name not in known]
    if unknown:
        listed = ", ".join(variant.name for variant in planned.variants)
        seeds = ", ".join(str(seed) for seed in planned.grid.seeds)
        hints = (f"variants: {listed}; seeds: {seeds}", *nearest(unknown[0], known))
        what = f"the grid {planned.grid.name} has no cell {unknown[0]}"
        raise UserError(Problem(what, "command line", "only", unknown[0], hints))
