"""What a reader is told before anything is trained: of the grid as written, and as planned."""

from typing import cast

from ablations.grid import Grid
from ablations.planning import Plan
from ablations.progress import say


def tell(grid: Grid) -> None:
    """Say what a grid warns of, and what is only worth a note."""
    for warning in grid.warnings:
        say(f"warning: {warning}")
    for note in grid.notes:
        say(f"note: {note}")


def tell_of_models(planned: Plan) -> None:
    """Say what only the models themselves show."""
    for warning in longer_windows(planned):
        say(f"warning: {warning}")


def longer_windows(planned: Plan) -> tuple[str, ...]:
    """Warn of lengths that are read in longer windows than any that was trained on.

    A model that carries nothing from window to window reads each sample in one window. Where it was
    trained on windows shorter than the context, the context already is beyond what it knows.
    """
    longest = max((each.length or 0 for each in planned.grid.evaluate), default=0)
    windows: dict[str, int] = {}
    for each in planned.cells:
        window = cast("int", each.cell.model.options["window"])
        if window < min(each.cell.training.context, longest) and not each.cost.carries:
            windows[each.variant] = window
    if not windows:
        return ()
    sizes = " or ".join(str(window) for window in sorted(set(windows.values())))
    warning = (
        f"evaluate.lengths: trained on windows of {sizes} tokens, and reading each length in one "
        f"window: {'; '.join(windows)}. For lengths beyond the trained context set model.window to "
        "training.context"
    )
    return (warning,)
