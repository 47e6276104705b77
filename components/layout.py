"""Which component stands in which layer: a list of a grid repeats over the layers."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.options import Choice

LAYER_KINDS = ("positions", "mixer", "mlp", "activation", "norm", "topology")


@dataclass(frozen=True)
class LayerPlan:
    """The components of one layer, by kind."""

    positions: Choice
    mixer: Choice
    mlp: Choice
    activation: Choice
    norm: Choice
    topology: Choice


def layer_plans(parts: Mapping[str, tuple[Choice, ...]], layers: int) -> tuple[LayerPlan, ...]:
    """Return the plan of each layer; the members of a kind repeat (`[rotary, none]` alternates)."""
    return tuple(
        LayerPlan(**{kind: parts[kind][layer % len(parts[kind])] for kind in LAYER_KINDS})
        for layer in range(layers)
    )
