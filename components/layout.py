"""What stands in which layer: lists of a grid repeat over the layers; widths and sharing differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.errors import Problem, UserError
from components.options import Choice
from components.registry import component_class

LAYER_KINDS = ("positions", "mixer", "mlp", "activation", "norm", "topology")


@dataclass(frozen=True)
class LayerPlan:
    """The components of one layer, by kind, and what else is its own.

    Fields:
        beside: a mixer that stands beside the attention that the layer keeps; or None.
        mlp_factor: what the inner width of the MLP is multiplied by.
        mlp_of: the first layer with the same MLP: its own number, or an earlier one.
        width: channels of the residual stream in this layer.
    """

    positions: Choice
    mixer: Choice
    mlp: Choice
    activation: Choice
    norm: Choice
    topology: Choice
    beside: Choice | None
    mlp_factor: float
    mlp_of: int
    width: int

    @property
    def has_keys(self) -> bool:
        """Whether position encoders and memories have something to act on in this layer."""
        return bool(component_class("mixer", self.mixer.name).has_keys)


@dataclass(frozen=True)
class Shape:
    """How layers differ in size.

    Fields:
        layers: how many there are.
        width: channels of the first.
        fan_out: channels that each has more than the one below.
        mlp_widths: factors of the MLPs' inner widths, repeating; or None.
        mlp_sharing: a letter for each layer, equal letters have one MLP; or None.
    """

    layers: int
    width: int
    fan_out: int = 0
    mlp_widths: tuple[float, ...] | None = None
    mlp_sharing: str | None = None


def layer_plans(parts: Mapping[str, tuple[Choice, ...]], shape: Shape) -> tuple[LayerPlan, ...]:
    """Return the plan of each layer; the members of a kind repeat (`[rotary, none]` alternates).

    Raises:
        ValueError: the sizes of the layers do not go together.
        UserError: a mixer that stands beside attention has none in its pattern.
    """
    plans = tuple(_plan(parts, shape, layer) for layer in range(shape.layers))
    for number, plan in enumerate(plans):
        _refuse_another_mlp(number, plan, plans[plan.mlp_of])
    return plans


def _plan(parts: Mapping[str, tuple[Choice, ...]], shape: Shape, layer: int) -> LayerPlan:
    own = {kind: parts[kind][layer % len(parts[kind])] for kind in LAYER_KINDS}
    mixer = own.pop("mixer")
    beside = mixer if _is_beside(mixer) else None
    return LayerPlan(
        **own,
        mixer=mixer if beside is None else _attention(parts["mixer"], mixer),
        beside=beside,
        mlp_factor=_factor(shape, layer),
        mlp_of=_first_alike(shape, layer),
        width=shape.width + layer * shape.fan_out,
    )


def _is_beside(mixer: Choice) -> bool:
    return mixer.options.get("placement", "instead") != "instead"


def _attention(members: Sequence[Choice], beside: Choice) -> Choice:
    """Return the first member of a pattern that has keys."""
    with_keys = (
        each
        for each in members
        if not _is_beside(each) and component_class("mixer", each.name).has_keys
    )
    found = next(with_keys, None)
    if found is None:
        placement = beside.options["placement"]
        what = f"mixer/{beside.name} beside attention: no member of the pattern is an attention"
        hint = f"write mixer: [attention, {{{beside.name}: {{placement: {placement}}}}}]"
        raise UserError(Problem(what, key="mixer", hints=(hint,)))
    return found


def _factor(shape: Shape, layer: int) -> float:
    if shape.mlp_widths is None:
        return 1.0
    if not shape.mlp_widths or min(shape.mlp_widths) <= 0:
        raise ValueError(f"mlp_widths: {list(shape.mlp_widths)} is not a list of factors above 0")
    return shape.mlp_widths[layer % len(shape.mlp_widths)]


def _first_alike(shape: Shape, layer: int) -> int:
    if shape.mlp_sharing is None:
        return layer
    if len(shape.mlp_sharing) != shape.layers:
        raise ValueError(
            f"mlp_sharing: {shape.mlp_sharing} has {len(shape.mlp_sharing)} letters, "
            f"there are {shape.layers} layers"
        )
    return shape.mlp_sharing.index(shape.mlp_sharing[layer])


def _refuse_another_mlp(number: int, plan: LayerPlan, first: LayerPlan) -> None:
    def of(each: LayerPlan) -> tuple[Choice, Choice, float, int]:
        return each.mlp, each.activation, each.mlp_factor, each.width

    if of(plan) != of(first):
        raise ValueError(
            f"mlp_sharing: layers {plan.mlp_of} and {number} share an MLP and are not alike in "
            "mlp, activation, mlp_widths and width"
        )
