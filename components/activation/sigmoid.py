"""The logistic function."""

from torch import Tensor, nn
from typing_extensions import override

from components.registry import component


@component("activation", "sigmoid")
class Sigmoid(nn.Module):
    """Squash each value into (0, 1); in `mlp/gated` this is the first gated linear unit, GLU.

    Formula:  1 / (1 + exp(-x)).
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   Shazeer 2020 (arXiv 2002.05202), section 2, GLU.
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return x.sigmoid()
