"""No MLP."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from components.mlp import Mlp
from components.registry import component
from components.sizes import Sizes


@component("mlp", "none")
class NoMlp(Mlp):
    """Add nothing to the stream: a layer of its mixer alone, without a norm for the MLP.

    Formula:  0.
    Shapes:   x [batch, length, model width].
    Options:
    Errors:   none.
    Source:   attention-only transformers, as in Elhage et al. 2021, A mathematical framework for
              transformer circuits.
    """

    adds = False

    def __init__(self, sizes: Sizes, activation: nn.Module) -> None:  # noqa: ARG002  # nothing to apply it to
        super().__init__(sizes, nn.Identity())

    @override
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)
