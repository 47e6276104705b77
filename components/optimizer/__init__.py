"""Optimizers: constructed with a model's named parameters, each makes a `torch` optimizer."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from torch import nn
from torch.optim import Optimizer

NamedParameters: TypeAlias = Sequence[tuple[str, nn.Parameter]]


class OptimizerComponent:
    """Makes the optimizer of a cell.

    Args:
        parameters: every trainable parameter with its name.
    """

    learning_rate: float
    """The peak learning rate; a schedule multiplies it."""

    def __init__(self, parameters: NamedParameters) -> None:
        self.parameters = parameters

    def make(self) -> Optimizer:
        """Return the optimizer; every group's `lr` is the peak, which the schedule then scales."""
        raise NotImplementedError


def decayed(name: str, parameter: nn.Parameter) -> bool:
    """Say whether weight decay applies: to the weights of layers and head, by which they multiply.

    That is every `weight` with two dimensions or more, so also the kernels of convolutions,
    depthwise ones included, as GPT-2's and Mamba's recipes have it. Never norms, biases, gates,
    embeddings, or whatever shape the parameters of a position encoder have. Nor a matrix that is no
    weight, where 0 is not the neutral value: tokens of a memory, logarithms of decay rates. A
    component that holds its weights itself has them decay by a name that ends with `weight`.
    """
    spared = name.startswith(("embedding.", "embedded.")) or ".positions." in name
    return parameter.ndim >= 2 and name.endswith("weight") and not spared  # noqa: PLR2004  # a matrix


def groups_by_decay(
    parameters: NamedParameters, weight_decay: float, decay: Literal["matrices", "all"]
) -> list[dict[str, Any]]:
    """Return the groups of parameters that decay and that do not; no empty ones.

    Args:
        parameters: with their names.
        weight_decay: of the group that decays.
        decay: which do; matrices: those of `decayed`; all: every one.
    """
    which = {name: decay == "all" or decayed(name, each) for name, each in parameters}
    groups = [
        {
            "params": [each for name, each in parameters if which[name] is decays],
            "weight_decay": weight_decay if decays else 0.0,
        }
        for decays in (True, False)
    ]
    return [group for group in groups if group["params"]]


def above_zero(name: str, value: float) -> float:
    """Return the value of an option that must be above 0.

    Raises:
        ValueError: it is not.
    """
    if value <= 0:
        raise ValueError(f"{name}: {value} is not above 0")
    return value


def at_least_zero(name: str, value: float) -> float:
    """Return the value of an option that must not be below 0.

    Raises:
        ValueError: it is.
    """
    if value < 0:
        raise ValueError(f"{name}: {value} is below 0")
    return value


def kept_share(name: str, value: float) -> float:
    """Return the share of an average that is kept in each step.

    Raises:
        ValueError: it is not in [0, 1).
    """
    if not 0 <= value < 1:
        raise ValueError(f"{name}: {value} is not in [0, 1)")
    return value
