"""What of a cell does nothing in the model that is built of it, and what is left without that."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.memory import Memory
from components.options import Choice, shown
from components.registry import read_options
from pipelines.canonical import canonical, shortest
from pipelines.cell import Cell
from pipelines.fingerprint import digest

if TYPE_CHECKING:
    from components.decoder import Decoder
    from components.layer import Layer

NOTHING = "none"


def idle(cell: Cell, model: "Decoder") -> dict[str, str]:
    """Return what does nothing, `positions` or `memory.xl` -> why.

    Args:
        cell: what would be trained.
        model: built of it; on the meta device will do.
    """
    found: dict[str, str] = {}
    named = any(each.name != NOTHING for each in cell.parts["positions"])
    if named and not all(_keys(model)) and not model.embedded.acts_on_embeddings:
        found["positions"] = f"positions act on keys, and {_none_in(_keys(model))}"
    if not all(_activated(model)):
        found["activation"] = f"activations act in an MLP, and {_none_in(_activated(model))}"
    return found | {
        f"memory.{each.name}": f"{each.path} with {options} does nothing"
        for each in cell.parts["memory"]
        if (options := _switched_off_by(each, model))
    }


def acting(cell: Cell, model: "Decoder") -> str:
    """Return a digest of a cell's components without those that do nothing.

    Cells of one digest that are alike in all else are one function under two names.
    """
    chosen = canonical(cell).parts
    parts: dict[str, Any] = {
        kind: [each.as_json() for each in members] for kind, members in chosen.items()
    }
    if not model.embedded.acts_on_embeddings:
        parts["positions"] = _where(_keys(model), chosen["positions"])
    parts["activation"] = _where(_activated(model), chosen["activation"])
    parts["memory"] = [
        each.as_json()
        for each in chosen["memory"]
        if each.name != NOTHING and not _switched_off_by(each, model)
    ]
    return digest(parts)


def _none_in(acts: list[bool]) -> str:
    """Say which layers have none: `no layer has any`, `layers 0 and 2 have none`."""
    if not any(acts):
        return "no layer has any"
    *others, last = [str(layer) for layer, here in enumerate(acts) if not here]
    return (
        f"layers {', '.join(others)} and {last} have none" if others else f"layer {last} has none"
    )


def _where(acts: list[bool], members: tuple[Choice, ...]) -> list[Any]:
    """Return the shortest pattern of members, with null for layers where they do nothing."""
    each = [
        members[layer % len(members)].as_json() if here else None for layer, here in enumerate(acts)
    ]
    named = [None if one is None or one["name"] == NOTHING else one for one in each]
    return list(shortest(named, len(named)))


def _keys(model: "Decoder") -> list[bool]:
    return [model.sizes.has_keys(layer) for layer in range(model.sizes.layers)]


def _activated(model: "Decoder") -> list[bool]:
    layers: list[Layer] = [*model.layers]
    return [layer.mlp.adds for layer in layers]


def _switched_off_by(choice: Choice, model: "Decoder") -> str:
    """Return the options without which a memory would do something; empty where it does."""
    memory = dict(model.memory.named())[choice.name]
    ordinary = _with_defaults(memory)
    if ordinary is None or not _acts(ordinary, {}, model) or _acts(memory, choice.options, model):
        return ""
    usual = {each.name: each.default for each in read_options(choice.path, type(memory))}
    changed = {name: each for name, each in choice.options.items() if each != usual[name]}
    off = {name: each for name, each in changed.items() if not each or name == "layers"}
    return " and ".join(f"{name} = {shown(each)}" for name, each in (off or changed).items())


def _with_defaults(memory: Memory[Any]) -> Memory[Any] | None:
    try:
        return type(memory)(memory.sizes)
    except (TypeError, ValueError):  # an option has no default, or none for these sizes
        return None


def _acts(memory: Memory[Any], options: Mapping[str, Any], model: "Decoder") -> bool:
    """Say whether a memory says that it does anything, in any layer."""
    if not memory.acts_on_keys:
        return memory.added > 0 or memory.carries
    layers = options.get("layers")
    if not isinstance(layers, tuple) or not layers or {*map(type, layers)} != {bool}:
        layers = (True,)
    return any(layers[layer % len(layers)] and has for layer, has in enumerate(_keys(model)))
