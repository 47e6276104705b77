"""The squared rectified linear unit."""

from torch import Tensor, nn
from torch.nn.functional import relu
from typing_extensions import override

from components.registry import component


@component("activation", "relu2")
class Relu2(nn.Module):
    """Cut off what is below 0 and square the rest.

    Formula:  max(x, 0)^2.
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   So et al. 2021 (Primer, arXiv 2109.08668), section 4.
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return relu(x).square()
