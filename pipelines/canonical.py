"""Two spellings of one model -> one form, for its identity; what is built is as it was written."""

from collections.abc import Sequence
from dataclasses import replace
from string import ascii_letters
from typing import TypeVar

from components.layout import LAYER_KINDS
from components.options import Choice, Value
from pipelines.cell import Cell

T = TypeVar("T")


def canonical(cell: Cell) -> Cell:
    """Return the cell with the sizes that null leaves to others and its patterns at their shortest.

    `[layer, layer]` is `[layer]`, `bbaa` is `aabb`; MLPs that no layers share and factors of 1 are
    null. An option `layers` of a memory is a list of booleans that repeats over the layers, whoever
    wrote the memory.
    """
    layers = cell.model.options.get("layers")
    if type(layers) is not int or layers < 1:
        return replace(cell, model=with_sizes(cell.model))
    parts = {
        kind: shortest(members, layers) if kind in LAYER_KINDS and members else members
        for kind, members in cell.parts.items()
    }
    memories = tuple(_memory(each, layers) for each in cell.parts.get("memory", ()))
    if memories:
        parts["memory"] = memories
    return replace(cell, model=_mlps(with_sizes(cell.model), layers), parts=parts)


def shortest(members: Sequence[T], layers: int) -> tuple[T, ...]:
    """Return the shortest list that repeats to the same member in every layer."""
    every = [members[layer % len(members)] for layer in range(layers)]
    return next(
        tuple(every[:length])
        for length in range(1, layers + 1)
        if all(every[layer] == every[layer % length] for layer in range(layers))
    )


def with_sizes(model: Choice) -> Choice:
    """Write out the sizes that null leaves to the other sizes."""
    options = dict(model.options)
    width, heads = options.get("width"), options.get("heads")
    if options.get("kv_heads", heads) is None:
        options["kv_heads"] = heads
    if options.get("head_width", width) is None and isinstance(width, int):
        options["head_width"] = width // heads if isinstance(heads, int) and heads else None
    return replace(model, options=options)


def _mlps(model: Choice, layers: int) -> Choice:
    changed: dict[str, Value] = {}
    sharing, widths = model.options.get("mlp_sharing"), model.options.get("mlp_widths")
    if isinstance(sharing, str):
        changed["mlp_sharing"] = _sharing(sharing, layers)
    if isinstance(widths, tuple) and widths:
        own = shortest(widths, layers)
        changed["mlp_widths"] = None if own == (1.0,) else own
    return replace(model, options={**model.options, **changed})


def _sharing(letters: str, layers: int) -> str | None:
    """Call the groups a, b, c in the order of their first layers; null where each is of one."""
    groups = dict.fromkeys(letters)
    if len(letters) != layers or len(groups) > len(ascii_letters):
        return letters  # refused when it is built; or left as it is
    if len(groups) == layers:
        return None
    names = dict(zip(groups, ascii_letters, strict=False))
    return "".join(names[letter] for letter in letters)


def _memory(memory: Choice, layers: int) -> Choice:
    acting = memory.options.get("layers")
    if not isinstance(acting, tuple) or not acting or {*map(type, acting)} != {bool}:
        return memory
    return replace(memory, options={**memory.options, "layers": shortest(acting, layers)})
