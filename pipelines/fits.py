"""What only a built model shows: that its memory and its batches do not go together."""

from typing import TYPE_CHECKING

from components.batching import Batching
from components.errors import Problem, UserError
from components.registry import component_class
from pipelines.cell import Cell

if TYPE_CHECKING:
    from components.decoder import Decoder

_APART = "separates_documents"


def refuse_a_misfit(cell: Cell, batching: Batching, model: "Decoder") -> None:
    """Refuse a model that its training would not treat as it is meant.

    Args:
        cell: what would be trained.
        batching: built of it.
        model: built of it; on the meta device will do.

    Raises:
        UserError: documents of a row cannot be kept apart; there is no next window to hand to.
    """
    if batching.keeps_documents_apart and not model.separates_documents:
        raise UserError(_runs_documents_together(cell, model))
    if model.memory.carries and cell.training.context == model.sizes.window:
        raise UserError(_has_one_window(cell, model))


def _runs_documents_together(cell: Cell, model: "Decoder") -> Problem:
    """Say which components let a document see the one before it in its row."""
    blind = {type(each) for each in model.modules() if not getattr(each, _APART, True)}
    chosen = [each for kind in ("mixer", "memory") for each in cell.parts[kind]]
    names = dict.fromkeys(
        each.path for each in chosen if component_class(each.kind, each.name) in blind
    )
    batching = cell.parts["batching"][0]
    return Problem(
        f"{batching.path} keeps the documents of a row apart, and {', '.join(names)} cannot",
        key="batching",
        hints=("let each row have a document of its own: batching: padded, or refill",),
    )


def _has_one_window(cell: Cell, model: "Decoder") -> Problem:
    """Say which memories would hand something to a window that never comes."""
    names = [name for name, member in model.memory.named() if member.carries]
    window = model.sizes.window
    return Problem(
        f"{', '.join(f'memory/{name}' for name in names)} needs a context longer than one window",
        key="memory",
        hints=(
            f"training.context = {cell.training.context}, model.window = {window}",
            f"set training.context to a multiple of model.window that is at least {2 * window}",
        ),
    )
