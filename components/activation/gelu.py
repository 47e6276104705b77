"""The Gaussian error linear unit."""

from torch import Tensor, nn
from torch.nn.functional import gelu
from typing_extensions import override

from components.registry import component


@component("activation", "gelu")
class Gelu(nn.Module):
    """Weigh each value by the probability that a standard normal stays below it.

    Formula:  x Phi(x), with the exact error function and not its tanh approximation.
    Shapes:   any.
    Options:
    Errors:   none.
    Source:   Hendrycks & Gimpel 2016 (arXiv 1606.08415), section 2.
    """

    @override
    def forward(self, x: Tensor) -> Tensor:
        return gelu(x)
