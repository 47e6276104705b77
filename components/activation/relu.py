"""The rectified linear unit."""

from torch import Tensor, nn
from torch.nn.functional import relu
from typing_extensions import override

from components.registry import component


@component("activation", "relu")
class Relu(nn.Module):
    """Cut off what is below 0.

    Formula:  max(x, 0).
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines.
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return relu(x)
