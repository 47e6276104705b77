"""Optimizers: constructed with a model's named parameters, each makes a `torch` optimizer."""

from collections.abc import Sequence
from typing import TypeAlias

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
    """Say whether weight decay applies: to matrices of layers and head.

    Never to norms, biases, embeddings, or whatever shape the parameters of a position encoder have.
    """
    spared = name.startswith(("embedding.", "embedded.")) or ".positions." in name
    return parameter.ndim >= 2 and not spared  # noqa: PLR2004  # a matrix
